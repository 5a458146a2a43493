//! What the data crate promises, one subject to a file.

mod batches;
mod cifar10;
mod csv_reader;
mod dataset;
mod digits;
mod epochs;
mod golden;
mod idx;
mod mnist;
mod split;
mod standardize;

use std::fmt::Debug;
use std::io::Write;

use cotangent::data::DataError;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The message of the error that must have come.
fn message<T: Debug>(result: Result<T, DataError>) -> String {
    result.expect_err("bad data must be refused").to_string()
}

/// Fails unless the message of the error holds every one of these.
#[track_caller]
fn assert_message<T: Debug>(result: Result<T, DataError>, parts: &[&str]) {
    let message = message(result);
    for part in parts {
        assert!(message.contains(part), "{message:?} does not say {part:?}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
