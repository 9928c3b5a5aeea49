//! Which of the two formats a scraper wants, by its `Accept` header (RFC 9110 section 12.5.1).

use std::fmt;

use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;

/// A format of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text, version 0.0.4: what everybody reads, also people with curl.
    Text,
    /// OpenMetrics, version 1.0.0.
    OpenMetrics,
}

impl Format {
    /// What the headers prefer; text where they say nothing that we have.
    pub fn preferred<'a>(accept: impl Iterator<Item = &'a str>) -> Self {
        let mut best = (0, Self::Text);
        for range in accept.flat_map(|header| header.split(',')) {
            let (format, quality) = Self::of(range);
            if let Some(format) = format
                && quality > best.0
            {
                best = (quality, format);
            }
        }
        best.1
    }

    /// The format that a media range stands for, and its quality in thousandths.
    fn of(range: &str) -> (Option<Self>, u32) {
        let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
        let kind = parts.next().unwrap_or_default();
        let (mut quality, mut version) = (1_000, None);
        for parameter in parts {
            match parameter
                .split_once('=')
                .map(|(name, value)| (name.trim(), value.trim()))
            {
                Some(("q", value)) => quality = thousandths(value),
                Some(("version", value)) => version = Some(value.trim_matches('"').to_owned()),
                _ => {}
            }
        }
        let format = match (kind.as_str(), version.as_deref()) {
            ("application/openmetrics-text", None | Some("1.0.0")) => Some(Self::OpenMetrics),
            ("text/plain", None | Some("0.0.4")) | ("text/*" | "*/*", _) => Some(Self::Text),
            _ => None,
        };
        (format, quality)
    }

    /// The media type of an answer.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => prometheus_text::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// Writes metrics in it.
    pub fn encode(self, registry: &Registry) -> Result<String, fmt::Error> {
        let mut written = String::new();
        match self {
            Self::Text => prometheus_text::encode(&mut written, registry)?,
            Self::OpenMetrics => text::encode(&mut written, registry)?,
        }
        Ok(written)
    }
}

/// A quality from 0 to 1; what is none counts as 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 1000"
)]
fn thousandths(quality: &str) -> u32 {
    let quality: f32 = quality.parse().unwrap_or_default();
    if (0.0..=1.0).contains(&quality) {
        (quality * 1_000.0) as u32
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_the_one_that_the_scraper_prefers() {
        let cases: [(&str, &[&str], Format); 12] = [
            ("nothing is said", &[], Format::Text),
            ("curl", &["*/*"], Format::Text),
            (
                "a browser",
                &["text/html,application/xhtml+xml,*/*;q=0.8"],
                Format::Text,
            ),
            (
                "Prometheus 2.42",
                &[
                    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                ],
                Format::OpenMetrics,
            ),
            (
                "Prometheus 3",
                &[
                    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                ],
                Format::OpenMetrics,
            ),
            (
                "text first",
                &["text/plain;version=0.0.4, application/openmetrics-text;q=0.5"],
                Format::Text,
            ),
            (
                "two headers",
                &["text/plain;q=0.4", "application/openmetrics-text; q=0.5"],
                Format::OpenMetrics,
            ),
            (
                "not OpenMetrics",
                &["application/openmetrics-text;q=0"],
                Format::Text,
            ),
            (
                "another version",
                &["application/openmetrics-text; version=2.0.0"],
                Format::Text,
            ),
            (
                "any case",
                &["Application/OpenMetrics-Text; Version=\"1.0.0\""],
                Format::OpenMetrics,
            ),
            (
                "no quality",
                &["application/openmetrics-text;q=high, text/plain"],
                Format::Text,
            ),
            ("nonsense", &[";;,,=", ""], Format::Text),
        ];
        for (case, accept, format) in cases {
            assert_eq!(Format::preferred(accept.iter().copied()), format, "{case}");
        }
    }
}
