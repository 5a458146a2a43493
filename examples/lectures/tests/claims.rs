//! The claims of the lectures, on seeded runs: `cargo test --release -p lectures`.
//!
//! Each experiment is run as the gallery runs it; a claim whose verdict is not the one that is known
//! fails the test, with the numbers that decide.

use std::collections::HashSet;

use lab::Pace;

/// One test for each lecture of the list.
macro_rules! verdicts {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                lectures::named(stringify!($name)).expect("it is listed").experiment.verify();
            }
        )*
    };
}

lectures::each!(verdicts);

#[test]
fn files_are_numbered_in_order() {
    for (i, lecture) in lectures::ALL.iter().enumerate() {
        assert_eq!(lecture.number(), i + 1, "{}", lecture.file());
    }
}

#[test]
fn every_file_of_the_folder_is_listed() {
    let files = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let numbered =
        |name: &String| name.ends_with(".rs") && name.starts_with(|c: char| c.is_ascii_digit());
    for name in names.filter(numbered) {
        assert!(lectures::ALL.iter().any(|lecture| lecture.file() == name), "{name}");
    }
}

#[test]
fn the_gallery_is_one_page_that_needs_nothing_but_itself() {
    let folder = tempfile::tempdir().unwrap();
    let quick = |lecture: &'static lab::Lecture| {
        let outcome = lecture.experiment.perform(Pace::Quick).unwrap();
        let figures = lab::write_figures(lecture, &outcome, folder.path()).unwrap();
        let names: HashSet<_> = figures.iter().collect();
        assert!(!names.is_empty() && names.len() == figures.len(), "{}", lecture.name());
        (lecture, outcome)
    };
    let runs: Vec<_> = lectures::ALL.iter().map(quick).collect();
    let path = folder.path().join("index.html");
    lab::write_page(&path, &runs).unwrap();
    let page = std::fs::read_to_string(path).unwrap();
    for (lecture, outcome) in &runs {
        assert!(page.contains(&format!("<section id=\"{}\">", lecture.name())));
        assert!(outcome.figures().all(|figure| page.contains(&figure.inline())));
    }
    for fetched in ["src=", "@import", "url(", "<link", "<script"] {
        assert!(!page.contains(fetched), "the page fetches something: {fetched}");
    }
}
