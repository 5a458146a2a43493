//! Values, gradients, Hessian-vector products, batch-normalization sequences, and trajectories of
//! optimizers and schedules against those that JAX, PyTorch, optax and exact arithmetic computed: the files of `tests/reference/`, or of the folder
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
#[path = "../crates/optim/tests/spec/reference/mod.rs"]
#[allow(dead_code)] // its own tests use the rest
mod trajectories;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What became of a case.
pub enum Verdict {
    /// As expected.
    Passed,
    /// Another value than expected, with what differs.
    Failed(String),
    /// An operation, attribute or algorithm that is not there, by name.
    Unsupported(String),
}

fn main() -> ExitCode {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("reference");
    let folder = std::env::var_os("REFERENCE_DIR").map_or_else(|| own.clone(), PathBuf::from);
    let suites: [(&str, fn(&Path) -> Vec<(String, Verdict)>); 4] = [
        ("gradients.json", |path| gradients::run(&format::parse(path))),
        ("batchnorm.json", |path| batch_norm::run(&format::parse(path))),
        ("optimizers.json", optimizer_cases),
        ("schedules.json", optimizer_cases),
    ];
    let (mut passed, mut failed, mut unsupported) = (0, 0, 0);
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    for (file, run) in suites {
        let path = folder.join(file);
        if !path.is_file() {
            println!("{file}: not in {}", folder.display());
            failed += usize::from(folder == own);
            continue;
        }
        for (id, verdict) in run(&path) {
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
    ExitCode::from(u8::from(failed + unsupported > 0 || passed == 0))
}

/// The trajectories of optimizers and schedules, which `optim` replays in tests of its own.
fn optimizer_cases(path: &Path) -> Vec<(String, Verdict)> {
    let verdict = |case: trajectories::Case| {
        let verdict = match case.verdict {
            trajectories::Verdict::Passed(_) => Verdict::Passed,
            trajectories::Verdict::Failed(why) => Verdict::Failed(why),
            trajectories::Verdict::Unsupported(name) => Verdict::Unsupported(name),
        };
        (case.id, verdict)
    };
    trajectories::cases(path).into_iter().map(verdict).collect()
}
