//! A line as it was printed, out of what terminals, pagers, log collectors and web pages make of it.
//!
//! It knows nothing of packets: it takes off what cannot be part of one.

use std::borrow::Cow;

use serde_json::Value;

use super::other_tools::as_tcpdump;

/// Characters that editors put inside words and nobody sees: they are not there.
const INVISIBLE: &[char] = &[
    '\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2060}', '\u{feff}',
];

/// The lines that a line of input stands for: one, unless a log collector's JSON holds several, or line ends were printed as `\n`.
/// `printed`: they may be. Else only the last one is, for what a packet holds may look so too.
pub fn lines_of(raw: &str, printed: bool) -> Vec<Cow<'_, str>> {
    let line = clean(soft_break(raw));
    let line = match from_json(&line) {
        Some(text) => Cow::Owned(clean(&text).into_owned()),
        None => line,
    };
    let line = indented_like(raw, line);
    if !line.contains(['\\', '\n']) {
        return vec![line];
    }
    let line = line
        .replace("\\r\\n", "\n")
        .replace("\\t", " ")
        .replace("\\u003e", ">");
    let mut lines = Vec::new();
    let mut rest = line.as_str();
    let mut from = 0;
    while let Some(found) = rest.get(from..).and_then(|text| text.find(['\\', '\n'])) {
        let at = from + found;
        let end = if rest.get(at..).is_some_and(|text| text.starts_with('\n')) {
            Some(at + 1)
        } else {
            // In a name, a backslash is one.
            rest.get(at..)
                .and_then(|text| text.strip_prefix("\\n"))
                .filter(|next| {
                    next.is_empty() || printed && next.starts_with(|c: char| !c.is_ascii_lowercase())
                })
                .map(|_| at + 2)
        };
        match end {
            Some(end) => {
                lines.push(Cow::Owned(rest.get(..at).unwrap_or_default().to_owned()));
                rest = rest.get(end..).unwrap_or_default();
                from = 0;
            }
            None => from = at + 1,
        }
    }
    if !rest.is_empty() || lines.is_empty() {
        lines.push(Cow::Owned(rest.to_owned()));
    }
    lines
}

/// The line behind as much white space as it had before it was cleaned: what a packet holds is indented.
fn indented_like<'a>(raw: &str, line: Cow<'a, str>) -> Cow<'a, str> {
    let space = raw.get(..raw.len() - raw.trim_start().len()).unwrap_or_default();
    if space.is_empty() || line.starts_with(char::is_whitespace) {
        return line;
    }
    Cow::Owned(format!("{space}{line}"))
}

/// Without what is invisible: escape sequences, control characters, soft hyphens; with entities as characters.
fn clean(line: &str) -> Cow<'_, str> {
    let mut line = Cow::Borrowed(line);
    if line.contains(['\u{1b}', '\u{9b}', '\u{8}'])
        || line.contains("[m")
        || line.contains("[K")
        || line.contains("^[")
    {
        line = Cow::Owned(without_escapes(&line));
    }
    if line.contains(|c: char| c.is_control() && c != '\t' && c != '\n')
        || (!line.is_ascii() && line.contains(INVISIBLE))
    {
        let visible = |c: char| !INVISIBLE.contains(&c) && (!c.is_control() || c.is_ascii_whitespace());
        line = Cow::Owned(line.replace('\r', " ").chars().filter(|c| visible(*c)).collect());
    }
    // What escaped text once may have escaped it twice.
    for _ in 0..2 {
        if line.contains('&') {
            line = Cow::Owned(without_entities(&line));
        }
    }
    if line.contains("â†’") {
        line = Cow::Owned(line.replace("â†’", "→"));
    }
    if line.contains(['“', '”', '„']) {
        line = Cow::Owned(line.replace(['“', '”', '„'], ""));
    }
    // Emphasis; but not an address that was painted over.
    if line.contains("**") && !line.contains(".**") && !line.contains("**.") && !line.contains("***") {
        line = Cow::Owned(line.replace("**", ""));
    }
    // Columns, each in quotes.
    let trimmed = line.trim().trim_end_matches(',');
    if trimmed.len() > 2 && trimmed.starts_with('"') && trimmed.ends_with('"') && trimmed.contains("\",\"") {
        line = Cow::Owned(trimmed.replace("\",\"", " ").trim_matches('"').to_owned());
    }
    // A web page's own marks.
    for tag in [
        "<pre>", "</pre>", "<code>", "</code>", "<br>", "<br/>", "<br />", "<p>", "</p>",
    ] {
        if line.contains(tag) {
            line = Cow::Owned(line.replace(tag, " "));
        }
    }
    // What a terminal shows of the keys that ended the command.
    let start = line.trim_start();
    if start.starts_with('^') {
        let mut rest = start;
        while let Some(next) = rest
            .strip_prefix(['^'])
            .and_then(|rest| rest.strip_prefix(['C', 'Z', 'D', '\\']))
        {
            rest = next.trim_start();
        }
        if !rest.is_empty() && rest.len() < start.len() {
            line = Cow::Owned(rest.to_owned());
        }
    }
    as_tcpdump(line)
}

/// Without ECMA-48's escape sequences, as bytes and as `less`, `cat -v` or a paste leave them.
fn without_escapes(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or_default();
        let sequence = match first {
            '\u{1b}' => Some(after),
            '\u{9b}' => Some(rest),
            '^' if after.starts_with("[[") => after.strip_prefix('['),
            'E' if after.starts_with("SC[") => after.strip_prefix("SC"),
            '[' => Some(rest).filter(|_| bare_sequence(after).is_some()),
            _ => None,
        };
        rest = match (first, sequence) {
            ('\u{8}', _) => {
                kept.pop();
                after
            }
            (_, Some(sequence)) => end_of_escape(sequence).unwrap_or_else(|| {
                kept.push(first);
                after
            }),
            (_, None) => {
                kept.push(first);
                after
            }
        };
    }
    kept
}

/// What follows `[01;31m`, `[m` or `[K` whose escape character got lost.
fn bare_sequence(text: &str) -> Option<&str> {
    text.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';')
        .strip_prefix(['m', 'K'])
}

/// What follows an escape sequence, from behind its escape character.
fn end_of_escape(text: &str) -> Option<&str> {
    if let Some(parameters) = text.strip_prefix(['[', '\u{9b}']) {
        let end = parameters.find(|c: char| ('@'..='~').contains(&c))?;
        return parameters.get(end + 1..);
    }
    if let Some(command) = text.strip_prefix(']') {
        let end = command.find(['\u{7}', '\u{1b}'])?;
        let rest = command.get(end + 1..)?;
        return Some(rest.strip_prefix('\\').unwrap_or(rest));
    }
    let designates = text.starts_with(['(', ')']);
    let mut chars = text.chars();
    chars.next();
    if designates {
        chars.next();
    }
    Some(chars.as_str())
}

/// With HTML's entities as the characters that they stand for; those that stand in no log stay.
fn without_entities(line: &str) -> String {
    const LONGEST: usize = 8;
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('&') {
        let (before, entity) = rest.split_at(at);
        kept.push_str(before);
        let end = entity.find(';').filter(|end| *end <= LONGEST);
        let meant = end.and_then(|end| entity.get(1..end)).and_then(entity_of);
        if let (Some(end), Some(meant)) = (end, meant) {
            kept.push(meant);
            rest = entity.get(end + 1..).unwrap_or_default();
        } else {
            kept.push('&');
            rest = entity.get(1..).unwrap_or_default();
        }
    }
    kept.push_str(rest);
    kept
}

fn entity_of(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return code.ok().and_then(char::from_u32).filter(|c| !c.is_control());
    }
    Some(match name {
        "gt" | "GT" => '>',
        "quest" => '?',
        "comma" => ',',
        "plus" => '+',
        "vert" | "verbar" => '|',
        "ast" | "midast" => '*',
        "lowbar" | "UnderBar" => '_',
        "sol" => '/',
        "lt" | "LT" => '<',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "rarr" => '→',
        "lbrack" | "lsqb" => '[',
        "rbrack" | "rsqb" => ']',
        "lpar" => '(',
        "rpar" => ')',
        "colon" => ':',
        "period" => '.',
        _ => return None,
    })
}

/// A line of a mail in quoted-printable goes on in the next one where it ends with `=` (RFC 2045, section 6.7); it has at most
/// 76 characters.
fn soft_break(line: &str) -> &str {
    const LINES: std::ops::RangeInclusive<usize> = 60..=76;
    let line = line.trim_end_matches(['\r', '\n']);
    match line.strip_suffix('=') {
        Some(rest) if LINES.contains(&line.len()) => rest,
        _ => line,
    }
}

/// The text inside a log collector's JSON: the longest string in it that has an arrow, else the longest with a space.
fn from_json(line: &str) -> Option<String> {
    let text = line.trim();
    if !text.starts_with('{') || !text.ends_with('}') {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let mut strings = Vec::new();
    collect(&value, 0, &mut strings);
    strings
        .into_iter()
        .max_by_key(|text| (text.contains([' ']), text.contains(['>', '→']), text.len()))
        .map(str::to_owned)
}

fn collect<'v>(value: &'v Value, depth: usize, strings: &mut Vec<&'v str>) {
    const DEEPEST: usize = 4;
    match value {
        Value::String(text) => strings.push(text),
        Value::Object(members) if depth < DEEPEST => {
            members
                .values()
                .for_each(|member| collect(member, depth + 1, strings));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_out_of_what_was_made_of_it() {
        let cases: &[(&str, &[&str])] = &[
            ("a > b: c", &["a > b: c"]),
            ("203.\u{200b}0.113.\u{ad}2\u{feff}", &["203.0.113.2"]),
            ("\u{1b}[01;31m\u{1b}[KICMP\u{1b}[m\u{1b}[K a", &["ICMP a"]),
            ("\u{1b}]0;title\u{7}a\u{1b}(B", &["a"]),
            ("^[[01;31m^[[KICMP^[[m^[[K a", &["ICMP a"]),
            ("ESC[01;31mICMPESC[m a", &["ICMP a"]),
            (
                "[01;31m[KICMP[m[K a [|domain] [S.] [1au]",
                &["ICMP a [|domain] [S.] [1au]"],
            ),
            ("abx\u{8}c", &["abc"]),
            (
                "a &gt; b &#62; c &#x3E; d &amp;gt; e &copy; & f",
                &["a > b > c > d > e &copy; & f"],
            ),
            ("^C23:21:14.1 IP", &["23:21:14.1 IP"]),
            ("^C^C 23:21:14.1 IP", &["23:21:14.1 IP"]),
            ("^C", &["^C"]),
            ("a (33)\\n13:24 IP\\n", &["a (33)", "13:24 IP"]),
            ("a\\r\\n\\tb", &["a", " b"]),
            ("A? back\\nslash. (24)", &["A? back\\nslash. (24)"]),
            (
                r#"{"log":"13:24:32 IP a \u003e b: c\n","stream":"stdout","time":"2026-11-28T13:24:32Z"}"#,
                &["13:24:32 IP a > b: c"],
            ),
            (
                r#"{"MESSAGE":"a > b","_HOST":{"x":"no arrow here at all"}}"#,
                &["a > b"],
            ),
            ("{not json}", &["{not json}"]),
            ("**13:24** a **unreachable**, b", &["13:24 a unreachable, b"]),
            ("***.***.***.***.53 > a", &["***.***.***.***.53 > a"]),
            ("“13:24 a”", &["13:24 a"]),
            ("\"1\",\"0.1\",\"a b\"", &["1 0.1 a b"]),
            ("", &[""]),
        ];
        for (raw, lines) in cases {
            assert_eq!(lines_of(raw, true), *lines, "{raw:?}");
        }
    }

    #[test]
    fn what_a_packet_holds_makes_no_line_and_stays_indented() {
        let cases: &[(&str, &[&str])] = &[
            (r#"TXT "x\n13:24:32 IP" (9)"#, &[r#"TXT "x\n13:24:32 IP" (9)"#]),
            ("a (33)\\n", &["a (33)"]),
            ("\t{\"log\":\"13:24:32 IP a > b\"}", &["\t13:24:32 IP a > b"]),
            (
                r#"{"log":"13:24:32 IP a > b\nc d"}"#,
                &["13:24:32 IP a > b", "c d"],
            ),
            ("\t\"13:24\",\"IP\",\"a\"", &["\t13:24 IP a"]),
            ("\t^C13:24 IP", &["\t13:24 IP"]),
        ];
        for (raw, lines) in cases {
            assert_eq!(lines_of(raw, false), *lines, "{raw:?}");
        }
    }
}
