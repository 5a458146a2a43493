//! What an example says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The last line of an example's output, whose numbers are found by the words around them.
pub struct Last(String);

/// What an example prints, which `cargo test` builds with its test, with these words on its command line.
pub fn output(example: &str, words: &[&str]) -> String {
    let test = std::env::current_exe().unwrap();
    let path: PathBuf =
        [test.ancestors().nth(2).unwrap(), "examples".as_ref(), example.as_ref()].iter().collect();
    // What it draws goes into a folder `target` of where it runs.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(folder.join("target")).unwrap();
    let output = Command::new(path).args(words).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The last line of it.
pub fn last_line(example: &str, words: &[&str]) -> Last {
    Last(output(example, words).lines().last().unwrap().to_owned())
}

impl Last {
    /// The number that comes after these words.
    #[track_caller]
    pub fn after(&self, words: &str) -> f64 {
        let Some((_, rest)) = self.0.split_once(words) else { panic!("{words:?}: {}", self.0) };
        let number = rest.split_whitespace().next().unwrap().trim_end_matches([';', ',']);
        number.parse().unwrap_or_else(|_| panic!("{words:?}: {}", self.0))
    }
}
