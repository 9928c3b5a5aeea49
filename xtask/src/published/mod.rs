//! Pages of docs/ that publish what one run has measured, and their plots.

mod plot;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use netmon_testkit::figures::{Record, Target};

use crate::workspace;
pub use plot::{Axes, Scale};

/// A page.
pub struct Page {
    /// What its file in docs/ is called, and what its plots begin with.
    pub name: &'static str,
    /// `@table BEGINNING@` stands for the figures whose headings begin so, `@paths@` for those of the kernel programs, hook by hook,
    /// `@machine@` for where they were measured.
    pub text: &'static str,
    /// The plots, by the name that figures call them; the page shows each by its file.
    pub plots: &'static [(&'static str, Axes)],
}

/// The hooks, as figures of the kernel programs begin.
const HOOKS: [&str; 3] = ["xdp", "ingress", "egress"];

impl Page {
    /// Where the figures for it are to be written, of which there are none yet.
    pub fn figures(&self) -> Result<PathBuf> {
        let directory = workspace::target().join("xtask");
        fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let figures = directory.join(format!("{}.jsonl", self.name));
        if figures.exists() {
            fs::remove_file(&figures).with_context(|| format!("cannot remove {}", figures.display()))?;
        }
        Ok(figures)
    }

    /// Reads the figures, and writes the page and its plots.
    pub fn write(&self, figures: &Path) -> Result<()> {
        let text =
            fs::read_to_string(figures).with_context(|| format!("cannot read {}", figures.display()))?;
        let records: Vec<Record> = text
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()
            .with_context(|| format!("{} holds no figures", figures.display()))?;
        let docs = workspace::root().join("docs");
        for (name, axes) in self.plots {
            let path = docs.join(format!("images/{}-{}.svg", self.name, name.replace(' ', "-")));
            plot::draw(&path, axes, &points(&records, name)?)?;
        }
        let path = docs.join(format!("{}.md", self.name));
        fs::write(&path, self.filled(&records)?).with_context(|| format!("cannot write {}", path.display()))
    }

    fn filled(&self, records: &[Record]) -> Result<String> {
        let mut page = String::new();
        for line in self.text.lines() {
            let Some(wanted) = line.strip_prefix('@').and_then(|line| line.strip_suffix('@')) else {
                page += line;
                page.push('\n');
                continue;
            };
            page += &match wanted.split_once(' ') {
                Some(("table", beginning)) => table(records, beginning)?,
                None if wanted == "paths" => paths(records)?,
                None if wanted == "machine" => machine()?,
                _ => anyhow::bail!("the text of {} asks for {wanted}, which nobody knows", self.name),
            };
        }
        Ok(page)
    }
}

/// The points of a plot, line by line, each in the order of x.
fn points(records: &[Record], plot: &str) -> Result<Vec<plot::Line>> {
    let mut lines: Vec<plot::Line> = Vec::new();
    for record in records {
        let Some(point) = record.point.as_ref().filter(|point| point.plot == plot) else {
            continue;
        };
        let at = (point.x, record.value);
        match lines.iter_mut().find(|line| line.name == point.line) {
            Some(line) => line.points.push(at),
            None => lines.push(plot::Line {
                name: point.line.clone(),
                points: vec![at],
            }),
        }
    }
    ensure!(!lines.is_empty(), "there is no figure for the plot {plot}");
    for line in &mut lines {
        line.points.sort_by(|one, other| one.0.total_cmp(&other.0));
    }
    Ok(lines)
}

/// The figures whose heading begins so, as they are.
fn table(records: &[Record], beginning: &str) -> Result<String> {
    let mut table = "| what | measured | goal | |\n| --- | --- | --- | --- |\n".to_owned();
    let mut rows = 0;
    for record in records
        .iter()
        .filter(|record| record.heading.starts_with(beginning))
    {
        let goal = match record.target {
            Some(Target::AtMost(most)) => format!("at most {}", rounded(most)),
            Some(Target::AtLeast(least)) => format!("at least {}", rounded(least)),
            None => String::new(),
        };
        let Record { name, note, .. } = record;
        writeln!(table, "| {name} | {} | {goal} | {note} |", measured(record))?;
        rows += 1;
    }
    ensure!(rows > 0, "there is no figure under {beginning}");
    Ok(table)
}

/// What is bold misses its goal.
fn measured(record: &Record) -> String {
    let value = rounded(record.value);
    let shown = format!("{value} {}", record.unit);
    if record.is_met() {
        shown.trim_end().to_owned()
    } else {
        format!("**{}**", shown.trim_end())
    }
}

/// With as many places as say something.
fn rounded(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// The figures of the kernel programs: a row for each packet, and the hooks beside each other.
fn paths(records: &[Record]) -> Result<String> {
    /// Figures of a packet, by hook and by what was measured.
    type Cells<'a> = BTreeMap<(&'a str, &'a str), &'a Record>;
    let mut rows: Vec<(&str, Cells<'_>)> = Vec::new();
    for record in records {
        let Some((hook, rest)) = record.name.split_once(' ') else {
            continue;
        };
        let Some(hook) = HOOKS.into_iter().find(|known| *known == hook) else {
            continue;
        };
        let Some((packet, kind)) = rest.rsplit_once(", ") else {
            continue;
        };
        if let Some((_, cells)) = rows.iter_mut().find(|(known, _)| *known == packet) {
            cells.insert((hook, kind), record);
        } else {
            rows.push((packet, BTreeMap::from([((hook, kind), record)])));
        }
    }
    ensure!(!rows.is_empty(), "there is no figure of the kernel programs");
    let mut table = "| packet |".to_owned();
    let titles = [
        ("added", "adds"),
        ("to C", "of C"),
        ("added to LRU's", "of LRU's"),
    ];
    for (_, title) in titles {
        for hook in HOOKS {
            write!(table, " {hook} {title} |")?;
        }
    }
    writeln!(table, "\n|{}", " --- |".repeat(1 + titles.len() * HOOKS.len()))?;
    for (packet, cells) in rows {
        write!(table, "| {packet} |")?;
        for (kind, _) in titles {
            for hook in HOOKS {
                let cell = cells.get(&(hook, kind)).map(|record| measured(record));
                write!(table, " {} |", cell.unwrap_or_default())?;
            }
        }
        table.push('\n');
    }
    Ok(table)
}

/// Where and of what it was measured.
fn machine() -> Result<String> {
    let kernel =
        fs::read_to_string("/proc/sys/kernel/osrelease").context("cannot read the kernel's release")?;
    let cpus = fs::read_to_string("/proc/cpuinfo").context("cannot read /proc/cpuinfo")?;
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("", |model| model.trim_start_matches([' ', '\t', ':']));
    let virtual_machine = if cpus.contains(" hypervisor") {
        ", a virtual machine"
    } else {
        ""
    };
    Ok(format!(
        "{} CPUs ({model}){virtual_machine}, Linux {}; netmon at {}.\n",
        std::thread::available_parallelism()?,
        kernel.trim(),
        workspace::revision()?,
    ))
}

#[cfg(test)]
mod tests {
    use netmon_testkit::figures::Point;

    use super::*;

    fn record(heading: &str, name: &str, value: f64, target: Option<Target>) -> Record {
        Record {
            heading: heading.to_owned(),
            name: name.to_owned(),
            value,
            unit: "ns".to_owned(),
            target,
            note: String::new(),
            point: None,
        }
    }

    #[test]
    fn a_packet_is_a_row_and_what_misses_its_goal_is_bold() {
        let records = [
            record("xdp", "xdp plain: DNS query, IPv4, hot, to C", 0.914, None),
            record(
                "xdp",
                "xdp plain: DNS query, IPv4, hot, added",
                25.04,
                Some(Target::AtMost(30.0)),
            ),
            record(
                "egress",
                "egress plain: DNS query, IPv4, hot, added",
                31.0,
                Some(Target::AtMost(30.0)),
            ),
            record("start", "start: from exec to attached", 374.0, None),
        ];
        let table = paths(&records).unwrap();
        let row = table.lines().last().unwrap();
        assert_eq!(
            row,
            "| plain: DNS query, IPv4, hot | 25.0 ns |  | **31 ns** | 0.91 ns |  |  |  |  |  |"
        );
        assert_eq!(table.lines().count(), 3);
    }

    #[test]
    fn a_table_has_the_figures_of_its_part_and_a_part_without_any_is_an_error() {
        let records = [
            record(
                "promptness",
                "prompt: nothing else",
                101.0,
                Some(Target::AtMost(110.0)),
            ),
            record("start", "start: from exec to attached", 374.4, None),
        ];
        assert_eq!(
            table(&records, "start").unwrap(),
            "| what | measured | goal | |\n| --- | --- | --- | --- |\n| start: from exec to attached | 374 ns |  |  |\n"
        );
        assert!(table(&records, "growth").is_err());
    }

    #[test]
    fn a_plot_has_a_line_for_each_name() {
        let point = |line: &str, x: f64, value: f64| Record {
            point: Some(Point {
                plot: "missed".to_owned(),
                line: line.to_owned(),
                x,
            }),
            ..record("live", "", value, None)
        };
        let records = [
            point("tshark", 200_000.0, 40.0),
            point("tshark", 10_000.0, 0.0),
            point("netmon", 10_000.0, 0.0),
            point("netmon", 200_000.0, 0.0),
        ];
        let lines = points(&records, "missed").unwrap();
        assert_eq!(lines[0].points, [(10_000.0, 0.0), (200_000.0, 40.0)]);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("missed.svg");
        for [x_scale, y_scale] in [
            [Scale::Log, Scale::Log],
            [Scale::Log, Scale::Linear],
            [Scale::Linear, Scale::Linear],
        ] {
            let axes = Axes {
                x: "queries a second",
                x_scale,
                y: "% missed",
                y_scale,
            };
            plot::draw(&path, &axes, &lines).unwrap();
            let drawn = fs::read_to_string(&path).unwrap();
            assert!(drawn.starts_with("<svg") && drawn.contains("tshark") && drawn.contains("netmon"));
        }
        assert!(points(&records, "growth").is_err());
    }
}
