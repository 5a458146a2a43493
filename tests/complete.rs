//! No test is forgotten: Cargo looks for tests elsewhere, so that each is named in the manifest.

use std::path::Path;

#[test]
fn every_file_of_this_folder_is_a_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let main = path.join("main.rs");
        let file = if main.exists() { &main } else { &path };
        if file.extension().is_some_and(|end| end == "rs") {
            let name = file.strip_prefix(folder).unwrap().display().to_string();
            assert!(manifest.contains(&format!("path = \"{name}\"")), "{name} is not run");
        }
    }
}
