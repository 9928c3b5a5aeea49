//! The figures: printed as they are measured, each beside what it must reach.

use std::fmt::Display;

/// What is measured, and how it came out.
pub struct Figures<'a> {
    filter: &'a [String],
    judged: usize,
    over: Vec<String>,
}

/// One figure.
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// How much it is.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// How much it may be.
    pub most: Option<f64>,
    /// What else is to be said.
    pub note: String,
}

impl Figure {
    /// A figure without a target, and without a note.
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            most: None,
            note: String::new(),
        }
    }

    /// It may be at most this.
    pub fn at_most(mut self, most: impl Into<Option<f64>>) -> Self {
        self.most = most.into();
        self
    }

    /// With something to be said.
    pub fn note(mut self, note: impl Display) -> Self {
        self.note = note.to_string();
        self
    }
}

impl<'a> Figures<'a> {
    /// No figure yet; only those are wanted whose name has all words of the filter.
    pub fn new(filter: &'a [String]) -> Self {
        Self {
            filter,
            judged: 0,
            over: Vec::new(),
        }
    }

    /// Whether what has this name is to be measured.
    pub fn wants(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.filter.iter().all(|word| name.contains(&word.to_lowercase()))
    }

    /// Begins a part of the table.
    pub fn heading(heading: &str) {
        println!("\n{heading}");
    }

    /// Takes a figure, and prints it.
    pub fn take(&mut self, figure: Figure) {
        let Figure {
            name,
            value,
            unit,
            most,
            note,
        } = figure;
        let (target, verdict) = match most {
            Some(most) if value <= most => (format!("<= {most}"), "ok"),
            Some(most) => (format!("<= {most}"), "OVER"),
            None => (String::new(), ""),
        };
        println!("  {name:<58} {value:>9.2} {unit:<5} {target:>8}  {verdict:<4}  {note}");
        self.judged += usize::from(most.is_some());
        if verdict == "OVER" {
            self.over.push(name);
        }
    }

    /// How many figures are over their targets.
    pub fn over(&self) -> usize {
        self.over.len()
    }

    /// Prints how it came out.
    pub fn sum_up(&self) {
        let Self { judged, over, .. } = self;
        println!(
            "\n{} of {judged} figures are within their targets",
            judged - over.len()
        );
        for name in over {
            println!("  OVER: {name}");
        }
    }
}
