//! The claims of the lectures, on seeded runs: `cargo test --release --test lectures`.
//!
//! Each experiment is run as the gallery runs it; a claim that does not hold fails the test, with the
//! numbers that decide.

#[allow(dead_code)] // each experiment has a main of its own
#[path = "../examples/support/lectures.rs"]
mod lectures;

/// One test for each experiment, and one that none is forgotten.
macro_rules! claims {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                lectures::$name::EXPERIMENT.verify();
            }
        )*

        #[test]
        fn every_experiment_of_the_gallery_is_tested_once() {
            let tested = [$(stringify!($name)),*];
            assert_eq!(tested.len(), lectures::ALL.len());
            for experiment in lectures::ALL {
                assert!(tested.contains(&experiment.name), "{}", experiment.name);
            }
        }
    };
}

claims! {
    error_surface batches ravine saddle_points gradient_noise averages momentum nesterov adaptive
    race learning_rate
    decay monitoring second_order lbfgs normalising_inputs
    deep_gradients batch_norm covariate_shift test_time advantages
}

#[test]
fn experiments_are_numbered_in_order() {
    assert!(lectures::ALL.is_sorted_by_key(|experiment| experiment.number));
    for experiment in lectures::ALL {
        assert!(experiment.code.contains(&format!("number: {},", experiment.number)));
        assert!(experiment.code.contains(&format!("name: \"{}\"", experiment.name)));
    }
}

#[test]
fn the_gallery_is_one_page_that_needs_nothing_but_itself() {
    let folder = tempfile::tempdir().unwrap();
    let quick = |experiment| {
        let outcome = lab::Experiment::perform(experiment, lab::Pace::Quick).unwrap();
        assert!(!lab::write_figures(experiment, &outcome, folder.path()).unwrap().is_empty());
        (experiment, outcome)
    };
    let runs: Vec<_> = lectures::ALL.iter().map(quick).collect();
    let path = folder.path().join("index.html");
    lab::write_page(&path, &runs).unwrap();
    let page = std::fs::read_to_string(path).unwrap();
    for (experiment, outcome) in &runs {
        assert!(page.contains(&format!("<section id=\"{}\">", experiment.name)));
        assert!(outcome.figures().all(|figure| page.contains(&figure.inline())));
    }
    for fetched in ["src=", "@import", "url(", "<link", "<script"] {
        assert!(!page.contains(fetched), "the page fetches something: {fetched}");
    }
}
