//! Time zones, as people write them.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// A time zone: a name of the IANA database, or an offset from UTC.
///
/// Not what POSIX has besides: `UTC+2` is two hours west of it there, and hardly anybody means that.
pub fn zone(text: &str) -> Result<TimeZone, String> {
    // Also where there is no database, as in a container that holds nothing but netmon.
    if text == "UTC" {
        return Ok(TimeZone::UTC);
    }
    if let Ok(zone) = TimeZone::get(text) {
        return Ok(zone);
    }
    let parser = jiff::fmt::temporal::DateTimeParser::new();
    if text.starts_with(['+', '-'])
        && let Ok(zone) = parser.parse_time_zone(text)
    {
        return Ok(zone);
    }
    let letters = letters(text);
    if let "UTC" | "GMT" | "Z" = letters {
        return Err(offset(text, text.trim_start_matches(letters)));
    }
    let Some(place) = place(letters) else {
        return Err(nearest_place(text));
    };
    Err(format!(
        "`{text}` is not a time zone; write the place, such as {place}, or the offset from UTC alone, such as +05:00"
    ))
}

/// What to write where `TZ` is a zone that POSIX takes and hardly anybody means: `CET5` is five hours *west* of UTC. It is taken
/// all the same, because whatever else ran here with that `TZ` (`tcpdump`, `date`) took it so.
pub fn unlikely(text: &str) -> Option<String> {
    let letters = letters(text);
    let utc = matches!(letters, "UTC" | "GMT");
    if TimeZone::get(text).is_ok() || letters.len() == text.len() {
        return None;
    }
    let taken = TimeZone::posix(text).ok()?.to_offset(Timestamp::UNIX_EPOCH);
    let place = if utc { "UTC" } else { place(letters)? };
    let is_right = |month| {
        let noon = jiff::civil::date(2026, month, 1).at(12, 0, 0, 0);
        let at = TimeZone::get(place).and_then(|zone| noon.to_zoned(zone));
        at.is_ok_and(|at| at.offset() == taken)
    };
    if is_right(1) || is_right(7) {
        return None;
    }
    Some(format!(
        "TZ={text} means {} to POSIX, and netmon takes it so, as tcpdump and date do; write the place instead, such as \
         TZ={place} or --timezone {place}",
        spelled(taken)
    ))
}

/// `UTC-05:00`.
fn spelled(offset: Offset) -> String {
    let (sign, minutes) = (
        if offset.is_negative() { '-' } else { '+' },
        offset.seconds().abs() / 60,
    );
    format!("UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The letters that a zone's name begins with.
fn letters(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_ascii_digit() || "+-:".contains(c))
}

/// A place where people call their zone so.
fn place(letters: &str) -> Option<&'static str> {
    Some(match letters.to_ascii_uppercase().as_str() {
        "CET" | "CEST" | "MEZ" | "MESZ" => "Europe/Berlin",
        "BST" => "Europe/London",
        "EEST" => "Europe/Helsinki",
        "EST" | "EDT" => "America/New_York",
        "CST" | "CDT" => "America/Chicago",
        "MST" | "MDT" => "America/Denver",
        "PST" | "PDT" => "America/Los_Angeles",
        "IST" => "Asia/Kolkata",
        "JST" => "Asia/Tokyo",
        "AEST" | "AEDT" => "Australia/Sydney",
        _ => return None,
    })
}

/// `UTC+2`: in the other direction where POSIX is meant, so that nothing is guessed.
fn offset(text: &str, number: &str) -> String {
    let hours = number.trim_start_matches(['+', '-']);
    let sign = if number.starts_with('-') { '-' } else { '+' };
    match hours.parse::<u8>() {
        Ok(hours) if hours <= 14 => {
            format!("`{text}` is not a time zone; write the offset from UTC alone: {sign}{hours:02}:00")
        }
        _ => format!("`{text}` is not a time zone; write UTC, or the offset from it alone, such as +02:00"),
    }
}

/// `Berlin`: the zone with that city.
fn nearest_place(text: &str) -> String {
    let wanted = format!("/{}", text.trim().replace(' ', "_")).to_ascii_lowercase();
    let zones = jiff::tz::db();
    let mut found = zones
        .available()
        .map(|name| name.to_string())
        .filter(|name| name.to_ascii_lowercase().ends_with(&wanted));
    let right = found
        .next()
        .unwrap_or_else(|| "one such as UTC, Europe/Berlin or +02:00".to_owned());
    format!("`{text}` is not a time zone; write {right}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_names_or_offsets() {
        for good in ["UTC", "Europe/Berlin", "+02:00", "-0530", "CET", "EST5EDT"] {
            assert!(zone(good).is_ok(), "{good}");
        }
        for wrong in ["", "Mars/Olympus", "+99:00", "2 o'clock", "UTC+2", "GMT2"] {
            assert!(zone(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_zone_that_is_an_abbreviation_with_a_number_is_refused_with_the_right_spelling() {
        for (wrong, place) in [
            ("CET5", "Europe/Berlin"),
            ("PST8", "America/Los_Angeles"),
            ("EST-5", "America/New_York"),
        ] {
            let message = zone(wrong).unwrap_err();
            assert!(message.contains(place) && message.contains("+05:00"), "{message}");
        }
    }

    #[test]
    fn an_offset_behind_a_name_and_a_city_alone_are_refused_with_the_right_spelling() {
        for (wrong, right) in [
            ("UTC+2", "alone: +02:00"),
            ("GMT-11", "alone: -11:00"),
            ("UTC+25", "such as +02:00"),
            ("berlin", "write Europe/Berlin"),
            ("New York", "write America/New_York"),
            ("Atlantis", "such as UTC, Europe/Berlin or +02:00"),
        ] {
            let message = zone(wrong).unwrap_err();
            assert!(message.contains(right), "{wrong}: {message}");
        }
    }

    #[test]
    fn a_tz_that_posix_takes_for_another_zone_than_people_do_gets_the_right_spelling() {
        for (wrong, taken, right) in [
            ("CET5", "UTC-05:00", "TZ=Europe/Berlin"),
            ("CET+1", "UTC-01:00", "TZ=Europe/Berlin"),
            ("EST-5", "UTC+05:00", "TZ=America/New_York"),
            ("UTC+2", "UTC-02:00", "TZ=UTC"),
        ] {
            let message = unlikely(wrong).unwrap();
            assert!(message.contains(taken) && message.contains(right), "{message}");
        }
        for fine in [
            "CET-1",
            "EST5",
            "JST-9",
            "UTC0",
            "CET",
            "EST5EDT",
            "Europe/Berlin",
            "CET-1CEST,M3.5.0,M10.5.0/3",
            ":x",
            "",
        ] {
            assert_eq!(unlikely(fine), None, "{fine}");
        }
    }
}
