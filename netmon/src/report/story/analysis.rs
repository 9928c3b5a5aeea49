//! Part 2: the analysis of the data and the likely cause, for those who must confirm and mend it.

use super::context::Context;
use super::observations::{began, found, seen};
use super::summary::clause;
use super::{appendix, heading, name_of};
use crate::model::{Incident, Likelihood};
use crate::report::explain::{self, Sentence};
use crate::report::facts::Facts;
use crate::report::rich::{Block, Step, Text};

pub(super) fn tell(context: &Context<'_>, blocks: &mut Vec<Block>) {
    blocks.push(heading(
        2,
        "part-2",
        "Part 2: Analysis of the data and likely cause",
    ));
    appendix::timeline(context, blocks);
    let single = context.incidents().len() == 1;
    for (index, incident) in context.told().iter().enumerate() {
        let section = Section {
            number: index + 1,
            level: if single { 3 } else { 4 },
        };
        if !single {
            let title = Text::from(format!("Incident {}: ", section.number)).then(name_of(incident));
            blocks.push(heading(3, format!("analysis-{}", section.number), title));
        }
        section.tell(context, incident, blocks);
    }
    appendix::limits(context, blocks);
}

/// Where an incident's analysis stands in the report.
struct Section {
    number: usize,
    level: u8,
}

impl Section {
    fn heading(&self, anchor: &str, title: &str) -> Block {
        heading(self.level, format!("{anchor}-{}", self.number), title)
    }

    fn tell(&self, context: &Context<'_>, incident: &Incident, blocks: &mut Vec<Block>) {
        let facts = Facts::new(incident);
        let likely = incident
            .causes
            .iter()
            .filter(|cause| cause.likelihood == Likelihood::Likely)
            .count();
        blocks.push(self.heading("began", "When it began"));
        blocks.push(Block::Paragraph(began(context, incident)));
        blocks.push(self.heading("found", "How it was found"));
        blocks.push(Block::Paragraph(found(&facts)));
        blocks.push(self.heading("seen", "What was seen"));
        blocks.push(Block::Bullets(seen(context, incident)));
        if !incident.causes.is_empty() {
            blocks.push(self.heading(
                "causes",
                match (incident.causes.len(), likely) {
                    (1, 1) => "Likely cause",
                    (1, _) => "Possible cause",
                    (_, 0) => "Possible causes",
                    _ => "Likely causes, most likely first",
                },
            ));
            blocks.push(causes(&facts));
        }
        blocks.push(self.heading("alternatives", "What the data cannot exclude"));
        blocks.push(Block::Bullets(alternatives(&facts)));
        let (confirm, mend) = (
            steps(&facts, |cause| cause.confirm),
            steps(&facts, |cause| cause.mend),
        );
        if !confirm.is_empty() {
            blocks.push(self.heading("confirm", "Next steps to confirm"));
            blocks.push(Block::Steps(confirm));
        }
        if !mend.is_empty() {
            blocks.push(self.heading("mend", "Next steps to mend"));
            blocks.push(Block::Steps(mend));
        }
    }
}

/// Each cause with its evidence and its meaning.
fn causes(facts: &Facts<'_>) -> Block {
    let causes = facts.incident.causes.iter().map(|cause| {
        let head = clause(facts.incident, cause.cause)
            .capitalised()
            .emphasised()
            .then(" (")
            .then(Text::code(cause.cause))
            .then(format!(", {}). ", cause.likelihood));
        let meaning = explain::cause(cause.cause).meaning;
        let evidence = head.then("Evidence: ").then(sentence(&cause.evidence));
        hold(facts, meaning)
            .into_iter()
            .fold(evidence, |text, sentence| text.then(" ").then(sentence))
    });
    let mut causes: Vec<Text> = causes.collect();
    match causes.pop() {
        Some(only) if causes.is_empty() => Block::Paragraph(only),
        last => Block::Steps(
            causes
                .into_iter()
                .chain(last)
                .map(|what| Step { what, command: None })
                .collect(),
        ),
    }
}

/// Evidence as a sentence: it may come without its stop.
fn sentence(evidence: &str) -> Text {
    let stop = if evidence.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{evidence}{stop}").into()
}

/// The sentences that hold for the incident.
fn hold(facts: &Facts<'_>, sentences: &[Sentence]) -> Vec<Text> {
    sentences
        .iter()
        .filter(|sentence| (sentence.when)(facts.incident))
        .map(|sentence| facts.say(sentence.text))
        .collect()
}

/// What else would look the same, by cause; and what no log of this extent can tell.
fn alternatives(facts: &Facts<'_>) -> Vec<Text> {
    let incident = facts.incident;
    let mut points = Vec::new();
    for cause in &incident.causes {
        points.extend(hold(facts, explain::cause(cause.cause).alternatives));
    }
    if facts.clients() == 1 {
        points.push(
            "All of this concerns one client. The data does not show whether others were served meanwhile."
                .into(),
        );
    }
    if incident.closed.is_none() {
        points.push(
            "The data does not show whether and when the server recovered, because the log ends first."
                .into(),
        );
    }
    if facts.errors() > 0 && incident.verified == 0 {
        points.push("The errors may be forged: no query in the log proves them genuine.".into());
    }
    points
}

/// The steps of all causes, each command once.
fn steps(facts: &Facts<'_>, of: impl Fn(&explain::CauseText) -> &'static [explain::Step]) -> Vec<Step> {
    let mut all: Vec<Step> = Vec::new();
    for cause in facts
        .incident
        .causes
        .iter()
        .map(|cause| explain::cause(cause.cause))
    {
        for step in facts.steps(of(cause)) {
            let is_new = |known: &Step| match &step.command {
                Some(_) => known.command != step.command,
                None => known.what != step.what,
            };
            if all.iter().all(is_new) {
                all.push(step);
            }
        }
    }
    all
}
