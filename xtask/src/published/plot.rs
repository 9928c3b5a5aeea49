//! Draws lines, as SVG that is read on a light page and on a dark one.

use std::path::Path;

use anyhow::{Result, anyhow, bail, ensure};
use plotters::prelude::*;

const SIZE: (u32, u32) = (900, 480);
const FONT: (&str, u32) = ("sans-serif", 15);

/// What the axes say, and how far apart their numbers are.
pub struct Axes {
    /// Below.
    pub x: &'static str,
    pub x_scale: Scale,
    /// To the left.
    pub y: &'static str,
    pub y_scale: Scale,
}

/// How an axis counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// From zero on.
    Linear,
    /// By powers of ten.
    Log,
}

/// A line of a plot.
pub struct Line {
    /// What the legend calls it.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// Draws them into this file.
pub fn draw(path: &Path, axes: &Axes, lines: &[Line]) -> Result<()> {
    let all = || lines.iter().flat_map(|line| line.points.iter().copied());
    let range = |of: fn((f64, f64)) -> f64| {
        all()
            .map(of)
            .fold((f64::INFINITY, 0.0_f64), |(least, most), one| {
                (least.min(one), most.max(one))
            })
    };
    let ((left, right), (low, high)) = (range(|point| point.0), range(|point| point.1));
    ensure!(
        left < right && (left > 0.0 || axes.x_scale == Scale::Linear),
        "a plot needs two points, and a logarithmic one right of zero"
    );
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    let failed = |error: &dyn std::fmt::Display| anyhow!("cannot draw {}: {error}", path.display());
    root.fill(&WHITE).map_err(|error| failed(&error))?;
    let mut builder = ChartBuilder::on(&root);
    builder.margin(14).x_label_area_size(44).y_label_area_size(64);
    let numbers = |value: &f64| grouped(*value);
    macro_rules! fill {
        ($chart:expr) => {{
            let mut chart = $chart.map_err(|error| failed(&error))?;
            chart
                .configure_mesh()
                .x_desc(axes.x)
                .y_desc(axes.y)
                .axis_desc_style(FONT)
                .label_style(FONT)
                .light_line_style(TRANSPARENT)
                .x_label_formatter(&numbers)
                .y_label_formatter(&numbers)
                .draw()
                .map_err(|error| failed(&error))?;
            for (number, line) in lines.iter().enumerate() {
                let color = Palette99::pick(number).to_rgba();
                let drawn = line
                    .points
                    .iter()
                    .filter(|point| axes.y_scale == Scale::Linear || point.1 > 0.0);
                let series = LineSeries::new(drawn.copied(), color.stroke_width(2));
                chart
                    .draw_series(series.point_size(3))
                    .map_err(|error| failed(&error))?
                    .label(line.name.as_str())
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], color.stroke_width(2)));
            }
            if lines.len() > 1 {
                chart
                    .configure_series_labels()
                    .position(SeriesLabelPosition::UpperLeft)
                    .background_style(WHITE.mix(0.85))
                    .border_style(BLACK.mix(0.3))
                    .label_font(FONT)
                    .draw()
                    .map_err(|error| failed(&error))?;
            }
        }};
    }
    let (x, y) = (left.min(0.0)..right, low.min(0.0)..high * 1.05);
    match (axes.x_scale, axes.y_scale) {
        (Scale::Log, Scale::Log) => {
            let bottom = all()
                .map(|point| point.1)
                .filter(|value| *value > 0.0)
                .fold(high, f64::min);
            let y = (bottom.max(1.0)..high).log_scale();
            fill!(builder.build_cartesian_2d((left..right).log_scale(), y));
        }
        (Scale::Log, Scale::Linear) => fill!(builder.build_cartesian_2d((left..right).log_scale(), y)),
        (Scale::Linear, Scale::Linear) => fill!(builder.build_cartesian_2d(x, y)),
        (Scale::Linear, Scale::Log) => bail!("no plot has a logarithmic axis to the left alone"),
    }
    root.present().map_err(|error| failed(&error))
}

/// A number as docs write large ones.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if value < 0.0 {
        format!("-{grouped}")
    } else {
        grouped
    }
}
