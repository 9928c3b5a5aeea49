//! Draws lines, as SVG that is read on a light page and on a dark one.

use std::path::Path;

use anyhow::{Result, anyhow, bail, ensure};
use plotters::prelude::*;

const SIZE: (u32, u32) = (900, 480);
/// How wide the legend is, where there are several lines.
const LEGEND: u32 = 250;
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
    let (plot, legend) = if lines.len() > 1 {
        let (plot, legend) = root.split_horizontally(SIZE.0 - LEGEND);
        (plot, Some(legend))
    } else {
        (root.clone(), None)
    };
    if let Some(legend) = legend {
        for ((line, color), y) in lines.iter().zip(colors()).zip((24..).step_by(26)) {
            let stroke = PathElement::new([(4, y + 7), (26, y + 7)], color.stroke_width(3));
            let name = Text::new(line.name.as_str(), (34, y), FONT);
            legend.draw(&stroke).map_err(|error| failed(&error))?;
            legend.draw(&name).map_err(|error| failed(&error))?;
        }
    }
    let mut builder = ChartBuilder::on(&plot);
    // To the right the last number needs room for its half.
    builder
        .margin(14)
        .margin_right(40)
        .x_label_area_size(44)
        .y_label_area_size(72);
    let of_scale = |scale| move |value: &f64| label(*value, scale);
    let (below, beside) = (of_scale(axes.x_scale), of_scale(axes.y_scale));
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
                .x_label_formatter(&below)
                .y_label_formatter(&beside)
                .draw()
                .map_err(|error| failed(&error))?;
            for (line, color) in lines.iter().zip(colors()) {
                let drawn = line
                    .points
                    .iter()
                    .filter(|point| axes.y_scale == Scale::Linear || point.1 > 0.0);
                let series = LineSeries::new(drawn.copied(), color.stroke_width(2));
                chart
                    .draw_series(series.point_size(3))
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

/// A color for each line.
fn colors() -> impl Iterator<Item = RGBAColor> {
    (0..).map(|number| Palette99::pick(number).to_rgba())
}

/// The number at a line of the grid. Where these come closer from one to the next, only 1, 2 and 5 have room.
fn label(value: f64, scale: Scale) -> String {
    let first = value.abs() / 10_f64.powf(value.abs().log10().floor());
    let has_room = [1.0, 2.0, 5.0].iter().any(|wanted| (first - wanted).abs() < 1e-6);
    if scale == Scale::Linear || has_room {
        grouped(value)
    } else {
        String::new()
    }
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
