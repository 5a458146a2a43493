//! Values, gradients, Hessian-vector products and batch-normalization sequences against those that
//! JAX, PyTorch and exact arithmetic computed: the files of `tests/reference/`, or of the folder
//! that `REFERENCE_DIR` names.
//!
//! A program of its own, without the test harness, so that its last line is the count.

#[path = "reference/batch_norm.rs"]
mod batch_norm;
#[path = "reference/format.rs"]
mod format;
#[path = "reference/gradients.rs"]
mod gradients;
#[path = "reference/operations.rs"]
mod operations;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// What became of a case.
pub enum Verdict {
    /// As expected; or a case without a single right answer, which was computed.
    Passed,
    /// Another value than expected, with what differs.
    Failed(String),
    /// An operation, attribute or algorithm that is not there, by name.
    Unsupported(String),
}

fn main() -> ExitCode {
    let folder = std::env::var_os("REFERENCE_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/reference"),
        PathBuf::from,
    );
    let suites: [(&str, fn(&serde_json::Value) -> Vec<(String, Verdict)>); 2] =
        [("gradients.json", gradients::run), ("batchnorm.json", batch_norm::run)];
    let (mut passed, mut failed, mut unsupported) = (0, 0, 0);
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    for (file, run) in suites {
        let path = folder.join(file);
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("{file}: not in {}", folder.display());
            continue;
        };
        let json = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{} is not JSON: {error}", path.display()));
        for (id, verdict) in run(&json) {
            match verdict {
                Verdict::Passed => passed += 1,
                Verdict::Failed(why) => {
                    failed += 1;
                    println!("FAILED {id}: {why}");
                }
                Verdict::Unsupported(name) => {
                    unsupported += 1;
                    *missing.entry(name).or_default() += 1;
                }
            }
        }
    }
    for (name, count) in missing {
        println!("unsupported: {name} ({count})");
    }
    println!("reference: {passed} passed, {failed} failed, {unsupported} unsupported");
    // A folder without any of the files tested nothing, which is no success.
    ExitCode::from(u8::from(failed > 0 || passed == 0))
}
