//! The figures: printed as they are measured, each beside what it must reach.

use std::fmt::Display;

/// What is measured, and how it came out.
pub struct Figures<'a> {
    filter: &'a [String],
    judged: usize,
    missed: Vec<String>,
}

/// What a figure must reach.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
    /// Nothing: it is told for comparison.
    None,
}

impl Target {
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
            Self::None => true,
        }
    }
}

impl Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sign, value) = match self {
            Self::AtMost(value) => ("<=", value),
            Self::AtLeast(value) => (">=", value),
            Self::None => return f.pad(""),
        };
        f.pad(&format!("{sign} {value}"))
    }
}

impl<'a> Figures<'a> {
    /// No figure yet; only those are wanted whose name has all words of the filter.
    pub fn new(filter: &'a [String]) -> Self {
        Self {
            filter,
            judged: 0,
            missed: Vec::new(),
        }
    }

    /// Whether what has this name is to be measured.
    pub fn wants(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.filter.iter().all(|word| name.contains(&word.to_lowercase()))
    }

    /// Takes a figure, and prints it.
    pub fn take(&mut self, name: &str, value: f64, unit: &str, target: Target, note: impl Display) {
        let verdict = match target {
            Target::None => "",
            _ if target.is_met(value) => "ok",
            _ => "MISSED",
        };
        println!("  {name:<62} {value:>8.2} {unit:<4} {target:>8}  {verdict:<6}  {note}");
        self.judged += usize::from(!matches!(target, Target::None));
        if !target.is_met(value) {
            self.missed.push(name.to_owned());
        }
    }

    /// Prints how it came out; returns how many figures missed their targets.
    pub fn sum_up(&self) -> usize {
        let Self { judged, missed, .. } = self;
        println!(
            "\n{} of {judged} figures reach their targets",
            judged - missed.len()
        );
        for name in missed {
            println!("  MISSED: {name}");
        }
        missed.len()
    }
}
