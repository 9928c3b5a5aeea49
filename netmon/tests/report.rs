//! The reports for people, held to what they said last: read the difference before you accept it.

mod documents;

use documents::rendered;
use netmon::report::markdown;
use netmon::report::text::{self, Style};

#[test]
fn markdown_says_what_it_said() {
    for (name, case) in documents::all() {
        insta::assert_snapshot!(format!("markdown_{name}"), rendered(&case, markdown::render));
    }
}

#[test]
fn text_says_what_it_said() {
    let style = Style {
        colour: false,
        width: 100,
    };
    for (name, case) in documents::all() {
        let text = rendered(&case, |report, out| text::render(report, style, out));
        insta::assert_snapshot!(format!("text_{name}"), text);
    }
}
