//! Reads the text of a configuration file (TOML 1.1). Finds all that is wrong, not only the first.
//!
//! It refuses keys that it does not know: else their author would believe that they have an effect.

use std::ffi::OsString;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::keys::{KEYS, Key, THRESHOLDS};
use super::layer::{Layer, Value};
use super::nearest::nearest;
use super::problem::{Place, Problem};
use super::schema::{Kind, Schema};
use super::servers;
use crate::detect::{THRESHOLD_NAMES, ThresholdValue, Thresholds};

/// What the text says, and all that is wrong with it; what is wrong is not in the layer.
pub fn read(text: &str, schema: &Schema) -> (Layer, Vec<Problem>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        text,
        schema,
        layer: Layer::default(),
        problems: Vec::new(),
    };
    for error in errors {
        let span = error.span().unwrap_or_default();
        reader.refuse(&span, error.message());
    }
    // What could not be read as TOML may be missing, or be something else: no more is said of it. One error often
    // brings others in its line.
    reader
        .problems
        .dedup_by_key(|problem| problem.place.map(|place| place.line));
    if reader.problems.is_empty() {
        reader.table("", table.get_ref());
        reader.exclusions();
    }
    (reader.layer, reader.problems)
}

struct Reader<'a> {
    text: &'a str,
    schema: &'a Schema,
    layer: Layer,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let path = if prefix.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{prefix}.{}", name.get_ref())
            };
            let inside = format!("{path}.");
            if path == THRESHOLDS.path {
                self.thresholds(value);
            } else if let Some(key) = Key::of(&path) {
                self.key(key, value);
            } else if KEYS.iter().any(|key| key.path.starts_with(&inside)) {
                match value.get_ref() {
                    DeValue::Table(table) => self.table(&path, table),
                    _ => self.refuse(&value.span(), format!("{path} is a table: write [{path}]")),
                }
            } else {
                self.unknown(prefix, &path, &name.span());
            }
        }
    }

    fn unknown(&mut self, prefix: &str, path: &str, span: &Range<usize>) {
        let thresholds: Vec<String> = THRESHOLD_NAMES
            .iter()
            .map(|name| format!("{}.{name}", THRESHOLDS.path))
            .collect();
        // Those of the same table first: of equally near names they are meant.
        let (near, far): (Vec<&str>, Vec<&str>) = KEYS
            .iter()
            .flat_map(|key| [key.path, key.split().0])
            .chain(thresholds.iter().map(String::as_str))
            .filter(|known| !known.is_empty())
            .partition(|known| known.rsplit_once('.').map_or("", |(table, _)| table) == prefix);
        let help = match nearest(path, near.iter().chain(&far).copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("there are: {}", names_in(prefix).join(", ")),
        };
        self.refuse(span, format!("there is no key `{path}`; {help}"));
    }

    fn key(&mut self, key: &Key, value: &Spanned<DeValue<'_>>) {
        let shape = self.schema.shape(key);
        let mut values = Vec::new();
        match value.get_ref() {
            DeValue::Array(array) if shape.many => {
                for value in array {
                    values.extend(match value.get_ref() {
                        DeValue::Table(table) if key.path == servers::SERVER => {
                            self.server(table, &value.span())
                        }
                        _ => self.value(key, shape.kind, value),
                    });
                }
                if array.is_empty() && !self.schema.default(key).is_empty() {
                    self.refuse(&value.span(), format!("{} cannot be an empty list", key.path));
                }
            }
            _ => values.extend(self.value(key, shape.kind, value)),
        }
        if key.path == servers::SERVER {
            self.problems.extend(servers::twice(&values));
        }
        self.layer.set(key, values);
    }

    /// A server may be a table.
    fn server(&mut self, table: &DeTable<'_>, span: &Range<usize>) -> Option<Value> {
        match servers::text(table, span) {
            Ok(text) => Some(Value {
                text: text.into(),
                place: Some(Place::of(self.text, span.start)),
            }),
            Err(wrong) => {
                for (span, what) in wrong {
                    self.refuse(&span, what);
                }
                None
            }
        }
    }

    /// One value that its flag takes.
    fn value(&mut self, key: &Key, kind: Kind, value: &Spanned<DeValue<'_>>) -> Option<Value> {
        let span = value.span();
        let Some(text) = text_of(kind, value.get_ref()) else {
            let wrong = described(value.get_ref());
            let remedy = match value.get_ref() {
                DeValue::Table(_) if key.path == servers::SERVER => ": write [[server]], once for each",
                _ => "",
            };
            self.refuse(&span, format!("{} must be {kind}, not {wrong}{remedy}", key.path));
            return None;
        };
        if let Err(why) = self.schema.check(key, &text) {
            self.refuse(&span, format!("{}: {why}", key.path));
            return None;
        }
        let place = Some(Place::of(self.text, span.start));
        Some(Value { text, place })
    }

    fn thresholds(&mut self, value: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = value.get_ref() else {
            self.refuse(&value.span(), "thresholds is a table: write [thresholds]");
            return;
        };
        let mut values = Vec::new();
        for (name, value) in table {
            values.extend(self.threshold(name, value));
        }
        self.layer.set(&THRESHOLDS, values);
    }

    fn threshold(&mut self, name: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) -> Option<Value> {
        let path = format!("{}.{}", THRESHOLDS.path, name.get_ref());
        let span = value.span();
        let mut thresholds = Thresholds::default();
        let kind = match thresholds.value(name.get_ref()) {
            Some(ThresholdValue::Duration(_)) => Kind::Text,
            Some(ThresholdValue::Number(_)) => Kind::Integer,
            None => {
                self.unknown(THRESHOLDS.path, &path, &name.span());
                return None;
            }
        };
        let Some(text) = text_of(kind, value.get_ref()) else {
            let wrong = described(value.get_ref());
            self.refuse(&span, format!("{path} must be {kind}, not {wrong}"));
            return None;
        };
        let text = text.to_string_lossy();
        if let Err(error) = thresholds.set(name.get_ref(), &text) {
            self.refuse(&span, format!("{}.{error}", THRESHOLDS.path));
            return None;
        }
        Some(Value {
            text: format!("{}={text}", name.get_ref()).into(),
            place: Some(Place::of(self.text, span.start)),
        })
    }

    /// Keys that cannot be set together: the later one is refused.
    fn exclusions(&mut self) {
        let is_on = |values: &[Value]| values.iter().any(|value| value.text != "false");
        let mut on: Vec<(&Key, Option<Place>)> = self
            .layer
            .iter()
            .filter(|(_, values)| is_on(values))
            .map(|(key, values)| (key, values.first().and_then(|value| value.place)))
            .collect();
        on.sort_by_key(|(_, place)| *place);
        for (index, (key, place)) in on.iter().enumerate() {
            let conflicts = self.schema.conflicts(key);
            let mut earlier = on.iter().take(index);
            if let Some((other, at)) = earlier.find(|(other, _)| conflicts.contains(other)) {
                let line = at.map_or(0, |at| at.line);
                let what = format!(
                    "{} cannot be set together with {} (line {line})",
                    key.path, other.path
                );
                self.problems.push(Problem { place: *place, what });
                self.layer.unset(key);
            }
        }
    }

    fn refuse(&mut self, span: &Range<usize>, what: impl Into<String>) {
        let place = Place::of(self.text, span.start);
        self.problems.push(Problem::at(place, what));
    }
}

/// The value as a flag takes it, if it is of that kind.
fn text_of(kind: Kind, value: &DeValue<'_>) -> Option<OsString> {
    Some(match (kind, value) {
        (Kind::Boolean, DeValue::Boolean(value)) => value.to_string().into(),
        (Kind::Integer, DeValue::Integer(value)) => {
            let number = i64::from_str_radix(value.as_str(), value.radix()).ok()?;
            number.to_string().into()
        }
        (Kind::Text, DeValue::String(value)) => value.to_string().into(),
        _ => return None,
    })
}

fn described(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The names that a table may have.
fn names_in(prefix: &str) -> Vec<String> {
    if prefix == THRESHOLDS.path {
        return THRESHOLD_NAMES.map(str::to_owned).to_vec();
    }
    let mut names: Vec<String> = KEYS
        .iter()
        .filter_map(|key| match prefix {
            "" => Some(key.path),
            _ => key.path.strip_prefix(prefix)?.strip_prefix('.'),
        })
        .map(|rest| match rest.split_once('.') {
            Some((table, _)) => format!("[{table}]"),
            None if rest == THRESHOLDS.path => "[thresholds]".to_owned(),
            None => rest.to_owned(),
        })
        .collect();
    names.dedup();
    names
}
