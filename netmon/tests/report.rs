//! The reports for people, held to what they said last: read the difference before you accept it.

mod documents;

use documents::rendered;
use netmon::report::markdown;

#[test]
fn markdown_says_what_it_said() {
    for (name, case) in documents::all() {
        insta::assert_snapshot!(format!("markdown_{name}"), rendered(&case, markdown::render));
    }
}
