//! Every public error, printed by `main() -> Result<(), Box<dyn Error>>`, reads as its message.

use std::error::Error;
use std::io;
use std::panic::Location;
use std::path::PathBuf;

use cotangent::data::{CsvFault, DataError, idx::IdxFault};
use cotangent::minimize::MinimizeError;
use cotangent::nn::HyperparameterError;
use cotangent::optim::{
    CheckpointError, OptimError, RangeTestError, StateError,
    search::{SearchError, TrialError},
};
use cotangent::{
    Defect, GradientError, GradientsError, LoadError, ParamsError, RecordError, RunError, SaveError,
};

/// One of each public type that is an error, in the order of the crates.
fn one_of_each() -> Vec<Box<dyn Error>> {
    let location = Location::caller();
    let path = || PathBuf::from("model.safetensors");
    let text = str::to_owned;
    vec![
        Box::new(RecordError {
            operation: text("add"),
            rule: text("shapes [2] and [3] do not broadcast"),
            inputs: text("real [2], real [3]"),
            location,
        }),
        Box::new(GradientError::NotScalar {
            output: text("real [3]"),
            recorded: location,
            location,
        }),
        Box::new(RunError::Unused { parameters: Vec::new(), location }),
        Box::new(RunError::Count { names: vec![text("x"), text("y")], given: 1 }),
        Box::new(Defect::Singular { pivot: 1, rows: 2 }),
        Box::new(SaveError::Write { path: path(), source: io::Error::other("disk full") }),
        Box::new(LoadError::Read { path: path(), source: io::Error::other("no such file") }),
        Box::new(GradientsError::Order { path: text("head.weight") }),
        Box::new(ParamsError::Unknown { index: 3 }),
        Box::new(HyperparameterError {
            owner: "Dropout",
            name: "the probability",
            rule: "in [0, 1]".into(),
            value: 1.5,
        }),
        Box::new(OptimError::UnmatchedPattern { pattern: text("haed.*"), known: text("none") }),
        Box::new(StateError::Bytes { reason: text("it ends early") }),
        Box::new(CheckpointError::KeepsNone),
        Box::new(RangeTestError::Range { lowest: 1.0, highest: 0.1 }),
        Box::new(SearchError::NoTrials),
        Box::new(TrialError::NonFinite { score: f64::NAN }),
        Box::new(MinimizeError::Dimension { expected: 3, given: 2 }),
        Box::new(DataError::Empty { rows: 0, columns: 4 }),
        Box::new(IdxFault::Dimensions { found: 0, most: 4 }),
        Box::new(CsvFault::Empty),
    ]
}

#[test]
fn debug_of_an_error_reads_as_its_message() {
    for error in one_of_each() {
        let message = error.to_string();
        assert_eq!(format!("{error:?}"), message);
        assert_eq!(format!("{error:#?}"), message);
        assert!(message.contains(' '), "a message is a sentence: {message}");
    }
}
