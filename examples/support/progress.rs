//! Progress on a terminal, and nothing where the output is none.

use std::io::{IsTerminal, Write, stderr};

/// How many characters wide the bar is.
const WIDTH: usize = 40;

/// A bar that goes away when it is dropped.
pub struct Bar {
    label: String,
    length: usize,
    done: usize,
    shown: bool,
}

/// A bar of `length` steps.
pub fn bar(label: &str, length: usize) -> Bar {
    Bar { label: label.to_owned(), length, done: 0, shown: stderr().is_terminal() }
}

impl Bar {
    /// One more step is done.
    pub fn advance(&mut self) {
        self.done += 1;
        let filled = |done: usize| done * WIDTH / self.length.max(1);
        // What would look the same is not drawn again.
        if self.shown && filled(self.done) > filled(self.done - 1) {
            let (full, rest) = (filled(self.done), WIDTH.saturating_sub(filled(self.done)));
            let (full, rest) = ("█".repeat(full), "░".repeat(rest));
            let _ = write!(stderr(), "\r{} {full}{rest} {}/{}", self.label, self.done, self.length);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(stderr(), "\r\x1b[2K");
        }
    }
}
