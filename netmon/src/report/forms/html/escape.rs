//! Words in HTML, where none of their characters is markup.

use std::fmt::{self, Display, Write as _};

use crate::report::forms::clean::clean;
use crate::report::story::rich::{Span, Text};

/// Words for text or for an attribute in double quotes.
pub struct Escaped<'a>(pub &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in clean(self.0).chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// Text with its kinds.
pub struct Inline<'a>(pub &'a Text);

impl Display for Inline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for span in self.0.spans() {
            let words = Escaped(span.words());
            match span {
                Span::Plain(_) => write!(f, "{words}")?,
                Span::Strong(_) => write!(f, "<strong>{words}</strong>")?,
                Span::Blank(_) => write!(f, "<mark>{words}</mark>")?,
                Span::Code(_) => write!(f, "<code>{words}</code>")?,
                Span::Link { anchor, .. } => write!(f, "<a href=\"#{}\">{words}</a>", Escaped(anchor))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_from_packets_never_becomes_markup() {
        let text = Text::code("<script>alert('x')</script>")
            .then(" & ")
            .then(Text::link("\"one\"", "a\" onclick=\"b"));
        assert_eq!(
            Inline(&text).to_string(),
            "<code>&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;</code> &amp; \
            <a href=\"#a&quot; onclick=&quot;b\">&quot;one&quot;</a>"
        );
    }
}
