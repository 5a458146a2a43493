//! A lecture: an experiment with its place in the gallery, which its file tells.

use crate::Experiment;

/// An experiment with the file that it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Lecture {
    path: &'static str,
    /// The text of its file.
    pub code: &'static str,
    /// What it claims, and its run.
    pub experiment: Experiment,
}

impl Lecture {
    /// The lecture of a file such as `../03_ravine.rs`: number 3, named `ravine`.
    pub const fn new(path: &'static str, code: &'static str, experiment: Experiment) -> Self {
        Self { path, code, experiment }
    }

    /// The name of its file.
    pub fn file(&self) -> &'static str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    fn parts(&self) -> (&'static str, &'static str) {
        let stem = self.file().trim_end_matches(".rs");
        stem.split_once('_').expect("the files of lectures are called number_name.rs")
    }

    /// Its number in the gallery.
    pub fn number(&self) -> usize {
        self.parts().0.parse().expect("the files of lectures begin with their number")
    }

    /// Its name, by which it is called.
    pub fn name(&self) -> &'static str {
        self.parts().1
    }
}
