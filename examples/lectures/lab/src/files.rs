//! The figures of a lecture as files.

use std::path::{Path, PathBuf};

use cotangent::write_atomically;

use crate::{Lecture, Outcome, Result};

/// Writes the figures of an outcome into a folder, and answers their paths.
///
/// # Errors
/// If a file cannot be written.
pub fn write_figures(lecture: &Lecture, outcome: &Outcome, folder: &Path) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let mut paths = Vec::new();
    for figure in outcome.figures() {
        let path = folder.join(format!("{}-{}.svg", lecture.name(), figure.name));
        write_atomically(&path, figure.document().as_bytes())
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        paths.push(path);
    }
    Ok(paths)
}
