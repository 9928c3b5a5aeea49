//! `netmon analyze` from outside, as people and programs use it: files and standard input in, a report and an exit
//! status out. No rights are needed for any of it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod bad_captures;
mod bad_text;
mod begun_before;
mod cases;
mod document;
mod formats;
mod growing;
mod incident;
mod judged;
mod options;
mod refusals;
mod run;
mod sentences;
mod silences;
mod terminal;
mod textbook_captures;
mod textbook_text;
mod translations;
