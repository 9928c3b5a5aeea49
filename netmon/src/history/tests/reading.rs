use super::super::read::{ReadError, Reader, Wanted};
use super::{Place, address, incident, mail, moment};
use crate::history::Trouble;

fn servers(reader: &Reader, wanted: &Wanted) -> Vec<String> {
    let incidents = reader.incidents(wanted).unwrap();
    incidents
        .iter()
        .map(|incident| incident.server.to_string())
        .collect()
}

#[test]
fn incidents_are_chosen_by_time_server_and_state() {
    let place = Place::new();
    let mut store = place.store();
    let incidents = [
        incident("203.0.113.1", 0, Some(100)),
        incident("203.0.113.2", 10, None),
        incident("2001:db8::1", 300, Some(400)),
    ];
    store.write(&mail(incidents, [])).unwrap();
    // Read while it is open for writing.
    let reader = Reader::open(&place.file).unwrap();
    let all = ["203.0.113.1", "203.0.113.2", "2001:db8::1"];
    let cases = [
        ("all", Wanted::default(), vec![all[0], all[1], all[2]]),
        (
            "open",
            Wanted {
                open: true,
                ..Wanted::default()
            },
            vec![all[1]],
        ),
        (
            "open at 100 s",
            Wanted {
                since: Some(moment(100)),
                ..Wanted::default()
            },
            vec![all[0], all[1], all[2]],
        ),
        (
            "open after 100 s",
            Wanted {
                since: Some(moment(101)),
                ..Wanted::default()
            },
            vec![all[1], all[2]],
        ),
        (
            "a server",
            Wanted {
                server: Some(address("2001:DB8:0::1")),
                ..Wanted::default()
            },
            vec![all[2]],
        ),
        (
            "none",
            Wanted {
                server: Some(address(all[0])),
                open: true,
                since: None,
            },
            vec![],
        ),
    ];
    for (case, wanted, expected) in cases {
        assert_eq!(servers(&reader, &wanted), expected, "{case}");
    }
}

#[test]
fn the_beginning_of_an_id_is_enough_if_it_is_the_only_one() {
    let place = Place::new();
    let mut store = place.store();
    let (first, second) = (
        incident("203.0.113.2", 0, None),
        incident("203.0.113.22", 0, None),
    );
    store.write(&mail([first.clone(), second.clone()], [])).unwrap();
    let reader = Reader::open(&place.file).unwrap();
    assert_eq!(reader.incident(&first.id).unwrap(), first, "the whole id");
    let beginning = second.id.strip_suffix("-53-udp").unwrap();
    assert_eq!(reader.incident(beginning).unwrap(), second);
    assert!(matches!(
        reader.incident("2026-11-24T13:00"),
        Err(ReadError::Ambiguous(_))
    ));
    for unknown in ["2027", "%", "2026-11-24_"] {
        let error = reader.incident(unknown).unwrap_err();
        assert!(matches!(error, ReadError::Unknown { .. }), "{unknown}: {error}");
        assert!(error.is_usage());
    }
}

#[test]
fn the_last_incident_is_the_one_that_opened_last() {
    let place = Place::new();
    let mut store = place.store();
    store.write(&mail([], [])).unwrap();
    let reader = Reader::open(&place.file).unwrap();
    assert!(matches!(reader.last(), Err(ReadError::Empty { .. })));
    let (late, early) = (incident("10.0.0.1", 100, None), incident("203.0.113.2", 0, None));
    store.write(&mail([late.clone(), early], [])).unwrap();
    assert_eq!(reader.last().unwrap(), late);
}

#[test]
fn what_cannot_be_read_is_said_with_what_to_do() {
    let place = Place::new();
    let error = Reader::open(&place.file).unwrap_err();
    assert!(error.is_usage());
    assert!(error.to_string().contains("there is no history at"), "{error}");
    assert!(error.to_string().contains("netmon run --history"), "{error}");

    drop(place.store());
    std::fs::write(
        &place.file,
        "this is no database, but long enough to be taken for one",
    )
    .unwrap();
    let error = Reader::open(&place.file).unwrap_err();
    assert!(!error.is_usage());
    let ReadError::Unreadable { why, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(why.trouble(), Trouble::Corrupt);
    assert!(
        error
            .to_string()
            .contains("will put it aside and begin a new one"),
        "{error}"
    );
}

#[test]
fn a_lock_is_waited_for_only_a_moment() {
    let place = Place::new();
    drop(place.store());
    let lock = rusqlite::Connection::open(&place.file).unwrap();
    lock.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .unwrap();
    let error = Reader::open(&place.file).unwrap_err();
    assert!(
        error.to_string().contains("end the program that holds the lock"),
        "{error}"
    );
}
