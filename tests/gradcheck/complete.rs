//! Every layer and loss of `nn` is among the cases.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[test]
fn every_layer_and_loss_has_a_case() {
    let checked: BTreeSet<String> =
        crate::nn::cases().iter().map(|case| case.of.to_owned()).collect();
    let parts = parts();
    assert!(parts.len() > 15, "the scan finds too few layers and losses: {parts:?}");
    let missing: Vec<_> = parts.difference(&checked).collect();
    assert!(missing.is_empty(), "layers and losses without a case: {missing:?}");
}

/// The names of all layers (implementations of `Module`), losses (types of `loss` with a public `of`)
/// and functions that record, in the sources of `nn`.
fn parts() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/nn/src");
    let mut names = BTreeSet::new();
    for path in sources(&root) {
        let source = std::fs::read_to_string(&path).unwrap();
        let is_code = |line: &&str| !line.trim_start().starts_with("//");
        // Every line of code follows a line break, the first too.
        let code: String = source.lines().filter(is_code).flat_map(|line| ["\n", line]).collect();
        let code = code.split("#[cfg(test)]").next().unwrap();
        names.extend(code.split("\nimpl Module for ").skip(1).map(word));
        if path.parent().is_some_and(|folder| folder.ends_with("loss")) {
            names.extend(of_losses(code));
        }
        let functions = code.split("\npub fn ").skip(1);
        let records = |code: &&str| code.split('{').next().unwrap().contains("-> Var<");
        names.extend(functions.filter(records).map(word));
    }
    names
}

/// The structures with a public method `of`.
fn of_losses(code: &str) -> impl Iterator<Item = String> {
    let structures: BTreeSet<String> = code.split("\npub struct ").skip(1).map(word).collect();
    let bodies = code.split("\nimpl ").skip(1).filter(|body| body.contains("pub fn of<"));
    bodies.map(word).filter(move |name| structures.contains(name)).collect::<Vec<_>>().into_iter()
}

/// The identifier at the start.
fn word(code: &str) -> String {
    code.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let nested = folders.iter().flat_map(|folder| sources(folder));
    let rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    files.into_iter().chain(nested).filter(rust).collect()
}
