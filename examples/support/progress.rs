//! Progress bars, on terminals only.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `length` steps; where the output is no terminal, it draws nothing.
pub fn bar(label: &str, length: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {bar:40} {pos}/{len} {eta}")
        .expect("a valid template");
    ProgressBar::new(length as u64).with_style(style).with_prefix(label.to_owned())
}
