//! The date of a text that says none.

use std::fs;
use std::path::Path;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use netmon_common::DnsPorts;

use super::{Hosts, Options, TextFile};
use crate::capture::{Opened, Progress, open};
use crate::clock;

/// The clock of the host that captured may be ahead of that which wrote the file.
const AHEAD: SignedDuration = SignedDuration::from_secs(60);

/// The date of a text's first packet, if the text says no date: the latest with which no packet is from after the file's last change.
/// Standard input has no such time, and is read while it grows: today.
pub fn date_of(path: &Path, zone: &TimeZone) -> Date {
    let metadata = fs::metadata(path).ok();
    let changed = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
    let changed = changed.and_then(|time| Timestamp::try_from(time).ok());
    let changed = zone.to_datetime(changed.unwrap_or_else(clock::wall_now));
    let mut date = changed.date();
    if !metadata.is_some_and(|metadata| metadata.is_file()) {
        return date;
    }
    let Some(mut last) = last_moment(path, date, zone) else {
        return date;
    };
    while last > changed.saturating_add(AHEAD)
        && let (Ok(day_before), Ok(moment)) = (date.yesterday(), last.yesterday())
    {
        (date, last) = (day_before, moment);
    }
    date
}

/// The last moment of a text whose first packet is of this date; `None` if the text says dates.
fn last_moment(path: &Path, date: Date, zone: &TimeZone) -> Option<DateTime> {
    let Ok(Opened::Text(lines)) = open(path, &Progress::default()) else {
        return None;
    };
    let options = Options {
        date,
        zone: zone.clone(),
        ports: DnsPorts::DEFAULT,
    };
    let mut file = TextFile::new(String::new(), lines, options, &Hosts::default());
    let mut last = None;
    while let Some(packet) = file.take() {
        if !file.assumed().date {
            return None;
        }
        last = last.max(Some(packet.time));
    }
    let last = Timestamp::from_nanosecond(last?.nanos().into()).ok()?;
    Some(zone.to_datetime(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn no_packet_is_from_after_the_files_last_change() {
        // (case, the first and the last stamp, seconds since 2024-11-24T00:00:00Z at the last change, day of November)
        let cases = [
            ("before it", "13:24:32.1", "13:28:50.0", 50_000, 24),
            ("at the same time", "13:24:32.1", "13:28:50.0", 48_530, 24),
            ("by a clock that is ahead", "13:24:32.1", "13:28:50.0", 48_500, 24),
            ("the evening before", "20:00:00.1", "20:01:00.0", 32_400, 23),
            ("over midnight", "23:59:40.0", "00:02:58.0", 200, 23),
            (
                "over midnight, the day after",
                "23:59:40.0",
                "00:02:58.0",
                90_000,
                24,
            ),
            ("at night", "00:00:40.0", "00:02:58.0", 200, 24),
            (
                "with their dates",
                "2024-11-20 13:24:32.1",
                "2024-11-26 13:28:50.0",
                50_000,
                24,
            ),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        for (case, first, last, seconds, day) in cases {
            let packet = "IP 192.0.2.15.40000 > 203.0.113.2.53: 1+ A? a.example. (27)";
            fs::write(&path, format!("{first} {packet}\n{last} {packet}\n")).unwrap();
            let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_732_406_400 + seconds);
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(changed).unwrap();
            let found = date_of(&path, &TimeZone::UTC);
            assert_eq!(found, jiff::civil::date(2024, 11, day), "{case}");
        }
    }
}
