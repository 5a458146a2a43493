//! No test is forgotten: Cargo looks for tests elsewhere, so that each is named in the manifest, or is a module of `spec`.

use std::path::Path;

/// Every file of Rust in a folder, with what names it as a test.
fn all_named(folder: &Path, list: &str, named: impl Fn(&str) -> String) {
    let text = std::fs::read_to_string(folder.join(list)).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let main = path.join("main.rs");
        let file = if main.exists() { &main } else { &path };
        let name = file.strip_prefix(folder).unwrap().display().to_string();
        if name.ends_with(".rs") && name != list {
            assert!(text.contains(&named(&name)), "{name} is not run");
        }
    }
}

#[test]
fn every_file_of_these_folders_is_a_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    all_named(folder, "Cargo.toml", |name| format!("path = \"{name}\""));
    all_named(&folder.join("spec"), "main.rs", |name| {
        format!("\nmod {};", name.strip_suffix(".rs").unwrap())
    });
}
