use std::fs;

use super::super::aside::{beside, put_aside};
use super::super::error::StoreError;
use super::super::limits::PUT_ASIDE;
use super::{Place, moment};

#[test]
fn the_file_and_its_log_are_put_aside_together_and_nothing_is_deleted() {
    let place = Place::new();
    fs::create_dir_all(place.file.parent().unwrap()).unwrap();
    for number in 1..=2 {
        fs::write(&place.file, format!("file {number}")).unwrap();
        fs::write(beside(&place.file, "-wal"), format!("log {number}")).unwrap();
        let aside = put_aside(&place.file, moment(0)).unwrap();
        let name = if number == 1 {
            "history.db.corrupt-20261124T130000Z"
        } else {
            "history.db.corrupt-20261124T130000Z-2"
        };
        assert_eq!(aside.file_name().unwrap(), name);
        assert_eq!(fs::read_to_string(&aside).unwrap(), format!("file {number}"));
        assert_eq!(
            fs::read_to_string(beside(&aside, "-wal")).unwrap(),
            format!("log {number}")
        );
        assert!(!place.file.exists() && !beside(&place.file, "-wal").exists());
    }
}

#[test]
fn a_disk_that_corrupts_every_file_is_not_filled_with_them() {
    let place = Place::new();
    fs::create_dir_all(place.file.parent().unwrap()).unwrap();
    for number in 0..=PUT_ASIDE {
        fs::write(&place.file, "no database").unwrap();
        fs::write(beside(&place.file, "-wal"), "no log").unwrap();
        let result = put_aside(&place.file, moment(i64::try_from(number).unwrap()));
        assert_eq!(result.is_ok(), number < PUT_ASIDE, "{number}: {result:?}");
        if let Err(error) = result {
            assert!(matches!(error, StoreError::TooManyPutAside(PUT_ASIDE)));
            assert!(place.file.exists());
        }
    }
}
