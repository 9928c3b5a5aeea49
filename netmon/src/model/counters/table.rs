//! What a line of the table of counters says, and what JSON, history and metrics make of all lines together.

use std::ops::Range;

use netmon_common::records::Counters;
use serde::ser::{Serialize, SerializeMap as _, Serializer};

/// A name and its value in the labels of a metric.
pub type Label = (&'static str, &'static str);

/// A line of the table: one counter, or one for each word of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    json: &'static str,
    column: &'static str,
    place: usize,
    /// How many counters are one to everybody.
    count: usize,
    words: Option<&'static Words>,
    shown: Option<(&'static Metric, &'static [Label])>,
}

/// What one line counts apart, in the order of its places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    /// The label in metrics.
    pub label: &'static str,
    /// Each word as JSON and metrics have it, and as it stands in the name of a column.
    pub words: &'static [(&'static str, &'static str)],
}

/// A family of metrics that counters are shown in.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name, without `_total`.
    pub name: &'static str,
    /// Who has samples of it.
    pub of: Subject,
    /// What it counts.
    pub help: &'static str,
}

/// Who has samples of a family of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Nobody in particular.
    Everything,
    /// Each DNS server, with its address as `server`.
    Server,
    /// Each destination of which anything of the family was counted, with its address as `destination`.
    Destination,
}

impl Line {
    /// A counter at this place, in no metric. Its name in JSON has a dot after each object that it stands in.
    pub const fn new(json: &'static str, column: &'static str, place: usize) -> Self {
        Self {
            json,
            column,
            place,
            count: 1,
            words: None,
            shown: None,
        }
    }

    /// One counter for each word, from this place on. The names of their columns begin with that of the line.
    pub const fn each(mut self, words: &'static Words) -> Self {
        self.words = Some(words);
        self
    }

    /// So many counters from this place on are one to everybody.
    pub const fn sum(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// In this metric too, with these labels; what has the same labels is added up.
    pub const fn metric(mut self, metric: &'static Metric, labels: &'static [Label]) -> Self {
        self.shown = Some((metric, labels));
        self
    }
}

/// What all lines of a record come to.
#[derive(Debug, Default)]
pub struct Table {
    columns: Vec<Column>,
    json: Vec<Field>,
    families: Vec<Family>,
}

/// A column of the history.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    place: usize,
    count: usize,
}

impl Column {
    /// The places of its counters.
    pub const fn places(&self) -> Range<usize> {
        self.place..self.place + self.count
    }

    /// What stands in it of this record.
    pub fn of(&self, record: &impl Counters) -> u64 {
        self.places().filter_map(|place| record.words().get(place)).sum()
    }
}

/// A family of metrics, and what it shows.
#[derive(Debug)]
pub struct Family {
    /// Which.
    pub metric: &'static Metric,
    /// What it shows of each subject.
    pub samples: Vec<Sample>,
}

/// One count in a family of metrics.
#[derive(Debug)]
pub struct Sample {
    /// Its labels, that of the subject apart.
    pub labels: Vec<Label>,
    places: Vec<usize>,
}

/// A field of a JSON object: the sum of the counters at some places, or an object with fields.
#[derive(Debug)]
struct Field {
    name: &'static str,
    places: Vec<usize>,
    fields: Vec<Field>,
}

impl Table {
    /// Of these lines.
    pub(super) fn new(lines: &[Line]) -> Self {
        let mut table = Self::default();
        for line in lines {
            let Some(Words { label, words }) = line.words else {
                let places = line.place..line.place + line.count;
                table.add(line, &places, None, "");
                continue;
            };
            for (place, (word, column)) in (line.place..).zip(*words) {
                table.add(line, &(place..place + 1), Some((label, word)), column);
            }
        }
        table
    }

    fn add(&mut self, line: &Line, places: &Range<usize>, word: Option<Label>, column: &str) {
        self.columns.push(Column {
            name: format!("{}{column}", line.column),
            place: places.start,
            count: places.len(),
        });
        let path = line.json.split('.').chain(word.map(|(_, word)| word));
        add_field(&mut self.json, path, places.clone());
        let Some((metric, labels)) = line.shown else {
            return;
        };
        let family = of_these(
            &mut self.families,
            |family| family.metric.name == metric.name,
            || Family {
                metric,
                samples: Vec::new(),
            },
        );
        let labels: Vec<Label> = labels.iter().copied().chain(word).collect();
        let sample = of_these(
            &mut family.samples,
            |sample| sample.labels == labels,
            || Sample {
                labels: labels.clone(),
                places: Vec::new(),
            },
        );
        sample.places.extend(places.clone());
    }

    /// The columns of the history, in the order of the lines.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The families of metrics, in the order in which the lines name them.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// The counters of a record as an object of JSON.
    pub(super) fn serialize<S: Serializer>(
        &self,
        record: &impl Counters,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Object(&self.json, record.words()).serialize(serializer)
    }
}

impl Sample {
    /// What it is in this record.
    pub fn of(&self, record: &impl Counters) -> u64 {
        sum(&self.places, record.words())
    }
}

/// The one that is meant, which is made if it is not there.
#[expect(clippy::indexing_slicing, reason = "it was found there, or put there")]
fn of_these<T>(all: &mut Vec<T>, is_meant: impl FnMut(&T) -> bool, new: impl FnOnce() -> T) -> &mut T {
    let place = all.iter().position(is_meant).unwrap_or_else(|| {
        all.push(new());
        all.len() - 1
    });
    &mut all[place]
}

fn add_field(fields: &mut Vec<Field>, mut path: impl Iterator<Item = &'static str>, places: Range<usize>) {
    let Some(name) = path.next() else { return };
    let field = of_these(
        fields,
        |field| field.name == name,
        || Field {
            name,
            places: Vec::new(),
            fields: Vec::new(),
        },
    );
    let mut path = path.peekable();
    if path.peek().is_none() {
        field.places.extend(places);
    } else {
        add_field(
            &mut field.fields,
            &mut path as &mut dyn Iterator<Item = _>,
            places,
        );
    }
}

/// Fields, and the counters that they are of.
struct Object<'a>(&'a [Field], &'a [u64]);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(fields, counters) = self;
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        for field in *fields {
            if field.fields.is_empty() {
                map.serialize_entry(field.name, &sum(&field.places, counters))?;
            } else {
                map.serialize_entry(field.name, &Object(&field.fields, counters))?;
            }
        }
        map.end()
    }
}

fn sum(places: &[usize], counters: &[u64]) -> u64 {
    places.iter().filter_map(|place| counters.get(*place)).sum()
}
