//! Every operation of the graph crate is in the registry, and every layer and loss of `nn` among the
//! cases.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Operations without an example, and why.
const EXCEPTIONS: [(&str, &str); 5] = [
    ("input", "a leaf: bound by the evaluators, it has no inputs to differentiate"),
    ("parameter", "a leaf: bound by the evaluators, it has no inputs to differentiate"),
    ("constant", "a leaf: it has no inputs to differentiate"),
    ("full", "a leaf: it has no inputs to differentiate"),
    ("copy", "the compiler's own, for outputs that are views: no user records it"),
];

#[test]
fn every_operation_has_an_example() {
    let registered: BTreeSet<String> =
        graph::ops::registry().iter().map(|example| example.operation.to_owned()).collect();
    let implemented = implemented();
    assert!(implemented.len() > 60, "the scan finds too few operations: {implemented:?}");
    for (name, reason) in EXCEPTIONS {
        assert!(implemented.contains(name), "{name:?} ({reason}) is an exception, and is gone");
    }
    let excepted = |name: &&String| EXCEPTIONS.iter().any(|(exception, _)| exception == name);
    let missing: Vec<_> =
        implemented.difference(&registered).filter(|name| !excepted(name)).collect();
    assert!(missing.is_empty(), "operations without an example in the registry: {missing:?}");
}

/// Implementations of `Module` without a case, and why.
const CONTAINERS: [(&str, &str); 1] = [("Layer", "what a Sequential holds: its case has layers")];

#[test]
fn every_layer_and_loss_has_a_case() {
    let checked: BTreeSet<String> =
        crate::nn::cases().iter().map(|case| case.of.to_owned()).collect();
    let parts = parts();
    assert!(parts.len() > 15, "the scan finds too few layers and losses: {parts:?}");
    for (name, reason) in CONTAINERS {
        assert!(parts.contains(name), "{name:?} ({reason}) is an exception, and is gone");
    }
    let excepted = |name: &&String| CONTAINERS.iter().any(|(exception, _)| exception == name);
    let missing: Vec<_> = parts.difference(&checked).filter(|name| !excepted(name)).collect();
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

/// The names of all operations that the sources of the graph crate define.
fn implemented() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/graph/src/ops");
    let mut names = BTreeSet::new();
    for path in sources(&root) {
        let source = std::fs::read_to_string(&path).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        names.extend(of_impls(code));
        names.extend(of_macros(code));
    }
    names
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let nested = folders.iter().flat_map(|folder| sources(folder));
    let rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    files.into_iter().chain(nested).filter(rust).collect()
}

/// The names in implementations of the traits that define operations: the string literals of
/// `NAME` or of `fn name`.
fn of_impls(code: &str) -> Vec<String> {
    let traits = ["Operation for", "Unary for", "Binary for", "Reduction for"];
    let starts = traits.iter().flat_map(|name| code.match_indices(*name));
    let bodies = starts.map(|(start, _)| &code[start..]);
    bodies.flat_map(|body| literals(name_of(body))).collect()
}

/// The part of an implementation that gives its name, if it stands there as a literal.
fn name_of(body: &str) -> &str {
    let body = &body[..body.find("\nimpl").unwrap_or(body.len())];
    let constant = body.find("const NAME").map(|at| &body[at..]);
    match (constant, body.find("fn name(")) {
        (Some(constant), _) => constant.split(';').next().unwrap(),
        (None, Some(at)) => body[at..].split("fn infer").next().unwrap(),
        (None, None) => "",
    }
}

/// The names given to the macros that define families of operations.
fn of_macros(code: &str) -> Vec<String> {
    let calls = |name: &str| {
        let call = format!("\n{name}!(");
        let arguments = code.split(&call).skip(1).map(|rest| rest.split(')').next().unwrap());
        arguments.map(str::to_owned).collect::<Vec<_>>()
    };
    let method = |call: String| call.split(',').nth(1).unwrap().trim().to_owned();
    let methods = ["comparison", "connective"].into_iter().flat_map(calls).map(method);
    methods.chain(calls("arg_extremum").iter().map(|call| literals(call)[0].clone())).collect()
}

fn literals(code: &str) -> Vec<String> {
    code.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}
