//! Every operation of the graph crate is in the registry.

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

/// The names of all operations that the sources of the graph crate define.
fn implemented() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/graph/src/ops");
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
