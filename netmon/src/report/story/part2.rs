//! Part 2: the analysis of the data and the likely cause, for those who must confirm and fix it.

use super::context::Context;
use super::facts::Facts;
use super::numbers::{count, number};
use super::rich::{Block, Step, Text};
use super::{appendix, found, heading, packets};
use crate::model::{Cause, Incident, Kind, Likelihood, SourceKind, WarningKind};
use crate::report::knowledge::{self, CauseText};

pub(super) fn write(context: &Context<'_>, blocks: &mut Vec<Block>) {
    blocks.push(heading(
        2,
        "part-2",
        "Part 2: Analysis of the data and likely cause",
    ));
    appendix::timeline(context, blocks);
    let single = context.incidents().len() == 1;
    if !single {
        blocks.push(heading(3, "aware", "How the team became aware"));
        blocks.push(Block::Paragraph(aware(context)));
    }
    for (index, incident) in context.described().iter().enumerate() {
        let section = Section {
            context,
            facts: context.facts(incident),
            number: index + 1,
            single,
        };
        section.write(blocks);
    }
    appendix::limits(context, blocks);
}

/// How the team became aware: only somebody of the team knows.
fn aware(context: &Context<'_>) -> Text {
    match (&context.report().cover.noticed, context.document().source.kind) {
        (Some(noticed), _) => noticed.clone().into(),
        (None, SourceKind::Capture) => Text::blank(
            "To be filled in: who noticed the problem, when and how. --noticed TEXT puts it here.",
        ),
        (None, SourceKind::History) => Text::from("netmon watched the traffic and reported it. ").then(
            Text::blank("To be filled in: who else noticed it. --noticed TEXT puts it here."),
        ),
    }
}

/// An incident's analysis, and where it stands in the report.
struct Section<'a, 'b> {
    context: &'b Context<'a>,
    facts: Facts<'a>,
    number: usize,
    single: bool,
}

impl Section<'_, '_> {
    fn heading(&self, anchor: &str, title: &str) -> Block {
        let level = if self.single { 3 } else { 4 };
        heading(level, format!("{anchor}-{}", self.number), title)
    }

    fn write(&self, blocks: &mut Vec<Block>) {
        let (context, facts) = (self.context, &self.facts);
        let incident = facts.incident;
        if !self.single {
            let title = Text::from(format!("Incident {}: ", self.number)).then(facts.name());
            blocks.push(heading(3, format!("analysis-{}", self.number), title));
        }
        blocks.push(self.heading("when", "When it happened"));
        blocks.push(Block::Paragraph(when(context, facts)));
        if self.single {
            blocks.push(self.heading("aware", "How the team became aware"));
            blocks.push(Block::Paragraph(aware(context)));
        }
        blocks.push(self.heading("done", "What was done to look into it"));
        blocks.push(Block::Paragraph(done(context, facts)));
        blocks.push(self.heading("found", "What was found"));
        blocks.push(Block::Bullets(found::points(context, facts)));
        if !incident.causes.is_empty() {
            let likely = |likelihood| incident.causes.iter().any(|cause| cause.likelihood == likelihood);
            blocks.push(self.heading(
                "causes",
                match (incident.causes.len(), likely(Likelihood::Likely)) {
                    (1, true) => "Likely cause",
                    (1, false) => "Possible cause",
                    (_, false) => "Possible causes",
                    (_, true) => "Likely causes, most likely first",
                },
            ));
            blocks.push(causes(facts));
        }
        blocks.push(self.heading("alternatives", "What else it may be"));
        blocks.push(Block::Bullets(alternatives(context, facts)));
        for (anchor, title, steps) in [
            (
                "confirm",
                "Next steps to confirm",
                steps(facts, |cause| cause.confirm),
            ),
            ("fix", "Next steps to fix", steps(facts, |cause| cause.fix)),
        ] {
            if !steps.is_empty() {
                blocks.push(self.heading(anchor, title));
                blocks.push(Block::Steps(steps));
            }
        }
    }
}

/// The first failure, the detection, the last failure, and whether it was there before the log.
fn when(context: &Context<'_>, facts: &Facts<'_>) -> Text {
    let incident = facts.incident;
    if !facts.has_times {
        return "The log has no times, so it does not show when the problem began, how long it lasted and whether it has ended."
            .into();
    }
    let text = facts.say(match incident.kind {
        _ if facts.queries_unseen() => {
            "The first error came at {began_exactly}. netmon saw no {asks}, so when the first one failed is not known."
        }
        Kind::Unreachable if incident.opened == incident.began => {
            "The {failed_first} at {began_exactly}, and the first error came at once."
        }
        Kind::Unreachable => {
            "The {failed_first} at {began_exactly}. The first error about such a query followed \
            {took} later, at {opened_exactly}, and opened the incident."
        }
        Kind::Unanswered => {
            "The first query that remained unanswered was sent at {began_exactly}. By {opened_exactly}, {took} \
            later, the silence had lasted long enough to count as an incident."
        }
        Kind::Failing => {
            "The {failed_first} at {began_exactly}. By {opened_exactly}, {took} later, the share \
            of failures was large enough to count as an incident."
        }
    });
    let text = if incident.last_seen > incident.opened {
        text.then(facts.say(" The last failure was at {last_exactly}."))
    } else {
        text
    };
    text.then(" ")
        .then(facts.end(context.until()))
        .then(" ")
        .then(before(context, incident))
}

/// What the log shows of the time before.
fn before(context: &Context<'_>, incident: &Incident) -> Text {
    let (before, at_other_times) = (
        context.answers_before(incident),
        context.answers_at_other_times(incident),
    );
    let log = context.log();
    let of_service = match context.answers_elsewhere(incident) {
        0 => String::new(),
        _ => format!(
            "'s {} port {}",
            incident.transport.name().to_ascii_uppercase(),
            incident.port
        ),
    };
    if before > 0 {
        format!(
            "Until then the server{of_service} had given at least {} in this {log}, so the problem began within it.",
            count(before, "answer", "answers")
        )
        .into()
    } else if at_other_times > 0 {
        format!(
            "Apart from the incident, the {log} holds {} from this server{of_service}.",
            count(at_other_times, "answer", "answers")
        )
        .into()
    } else if context.facts(incident).queries_unseen() {
        format!(
            "netmon saw no answer from this server{of_service} either, so the problem may have begun before the {log}."
        )
        .into()
    } else {
        let first = if context.began_with_the_log(incident) {
            format!("The first query that failed is the first packet of the {log}, and the ")
        } else {
            "The ".into()
        };
        let (no_answer, at_all) = if incident.answers == 0 {
            ("no answer", " at all")
        } else {
            ("no earlier answer", "")
        };
        format!(
            "{first}{log} holds {no_answer} from this server{of_service}{at_all}, so the problem may have begun before it."
        )
        .into()
    }
}

/// What was read, by which rule the incident was found, and how far the errors are proven.
fn done(context: &Context<'_>, facts: &Facts<'_>) -> Text {
    let source = &context.document().source;
    let files = Text::list(source.files.iter().map(Text::code).collect());
    let text = match source.kind {
        SourceKind::Capture if context.report().from_text => {
            let form = if context.is_warned(WarningKind::SummaryText) {
                "in columns, as tshark and Wireshark print them"
            } else {
                "in the form that tcpdump prints"
            };
            Text::from(format!("The traffic was captured as text, {form} ("))
                .then(files)
                .then("), and analysed with ")
        }
        SourceKind::Capture => Text::from("The traffic was captured (")
            .then(files)
            .then("), and analysed with "),
        SourceKind::History => Text::from("The traffic was watched all the time, and its history kept (")
            .then(files)
            .then("), by "),
    };
    text.then(context.report().generated_by)
        .then(". ")
        .then(facts.say(knowledge::kind(facts.incident.kind).rule))
        .then(proof(facts, context.report().from_text))
}

/// How far the errors are proven.
fn proof(facts: &Facts<'_>, from_text: bool) -> String {
    let (errors, verified) = (facts.errors(), facts.incident.verified);
    let all = number(errors);
    let matched = if from_text {
        "matched with a query in this way"
    } else {
        "verified in this way"
    };
    let proof = match (errors, verified) {
        (0, _) => return String::new(),
        (1, 0) => " The error here could not be checked in this way.".into(),
        (_, 0) => " None of the errors here could be checked in this way.".into(),
        (1, _) => format!(" The one error here was {matched}."),
        (2, 2) => format!(" Both errors here were {matched}."),
        _ if verified >= errors => format!(" All {all} errors here were {matched}."),
        (_, 1) => format!(
            " Of the {all} errors here, one was {matched}. The others are about the same server but could not be matched \
            with a query of their own."
        ),
        _ => format!(
            " Of the {all} errors here, {} were {matched}. The rest are about the same server but could not be matched \
            with a query of their own.",
            number(verified)
        ),
    };
    let worth = match (verified, from_text) {
        (0, _) => "",
        (_, false) => " A verified error is the network's reaction to a real query, and not blindly forged.",
        (_, true) => {
            " Text shows less than a capture: unless it prints the quoted packet, an error is matched with the last query of \
            the same client to the same server, and neither ports nor ids are compared."
        }
    };
    proof + worth
}

/// Each cause with its evidence and its meaning.
fn causes(facts: &Facts<'_>) -> Block {
    let causes = facts.incident.causes.iter().map(|found| {
        let head = facts
            .clause(found.cause)
            .capitalised()
            .emphasised()
            .then(" (")
            .then(Text::code(found.cause))
            .then(format!(", {}). ", found.likelihood));
        let evidence = head.then("Evidence: ").then(sentence(&found.evidence));
        facts
            .hold(knowledge::cause(found.cause).meaning)
            .into_iter()
            .fold(evidence, |text, sentence| text.then(" ").then(sentence))
    });
    let mut causes: Vec<Text> = causes.collect();
    match causes.pop() {
        Some(only) if causes.is_empty() => Block::Paragraph(only),
        last => {
            let all = causes.into_iter().chain(last);
            Block::Steps(all.map(|what| Step { what, command: None }).collect())
        }
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

/// What else would look the same, by cause; and what no log of this extent can show.
fn alternatives(context: &Context<'_>, facts: &Facts<'_>) -> Vec<Text> {
    let (incident, log) = (facts.incident, context.log());
    let mut points = Vec::new();
    for found in &incident.causes {
        points.extend(facts.hold(knowledge::cause(found.cause).alternatives));
    }
    if incident.causes.iter().all(|found| found.cause != Cause::Overload) {
        points.extend(facts.hold(knowledge::DENIAL_OF_SERVICE));
    }
    if facts.clients() == 1 {
        // Of others nothing is known only where every query is of this one.
        points.push(if packets::all_failed(context, incident) {
            "All of this concerns one client. The data does not show whether others were served meanwhile."
                .into()
        } else {
            "All failures are those of one client.".into()
        });
    }
    if incident.closed.is_none() && facts.has_times {
        points.push(
            format!(
                "The data does not show whether and when the server recovered, because the {log} ends first."
            )
            .into(),
        );
    }
    if facts.errors() > 0 && incident.verified == 0 {
        points.push(format!("The errors may be forged: no query in the {log} proves them genuine.").into());
    }
    points
}

/// The steps of all causes, each command once.
fn steps(facts: &Facts<'_>, of: impl Fn(&CauseText) -> &'static [knowledge::Step]) -> Vec<Step> {
    let mut all: Vec<Step> = Vec::new();
    for found in &facts.incident.causes {
        for step in facts.steps(of(knowledge::cause(found.cause))) {
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
