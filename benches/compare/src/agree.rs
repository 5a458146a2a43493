//! Do all frameworks compute the same? Asked before anything is timed.
//!
//! Each framework runs its first steps from the weights and the batch of the step file. Three numbers must agree:
//! the first loss with a plain evaluation in `f64` ([`crate::models::Model::reference`]) within 1e-4; the loss after
//! three updates, and a checksum (the sum of the running variances; where results are no loss, of their squares), with
//! the median of all frameworks within 1e-3 (all relative). Rounding differs between frameworks, and Adam turns the sign
//! of a tiny gradient into a step of full length: hence the looser bound after updates.

use crate::Failure;
use crate::stats::median;
use crate::worker::{Worker, numbers};

/// How many updates come before the last loss that is compared.
const UPDATES: usize = 3;
/// Relative bound for the first loss.
const FIRST: f64 = 1e-4;
/// Relative bound for what comes after updates.
const LATER: f64 = 1e-3;

/// What one framework found.
pub struct Found {
    name: String,
    /// Loss of the first step; after the updates; the checksum.
    values: [f64; 3],
}

const WHAT: [&str; 3] = ["first loss", "loss after 3 updates", "checksum"];

/// Runs a framework's first steps.
pub fn first_steps(worker: &mut Worker, step: &str) -> Result<Found, Failure> {
    let reply = worker.ask(&[format!("losses {step} {}", UPDATES + 1)])?;
    let losses = numbers(&reply["losses"])?;
    let (Some(&first), Some(&last), Some(running)) =
        (losses.first(), losses.get(UPDATES), reply["checksum"].as_f64())
    else {
        return Err(format!("a loss or the checksum is missing: {reply}").into());
    };
    Ok(Found { name: worker.name.clone(), values: [first, last, running] })
}

/// Whether everything found for one step agrees; if not, a message that names who differs, in what, and all numbers.
pub fn check(step: &str, reference: f64, found: &[Found]) -> Result<(), Failure> {
    let mut complaints = Vec::new();
    for (i, what) in WHAT.iter().enumerate() {
        let all: Vec<f64> = found.iter().map(|f| f.values[i]).collect();
        let (expected, bound) = if i == 0 { (reference, FIRST) } else { (median(&all), LATER) };
        // Written so that a NaN differs from everything.
        let agrees = |v: f64| (v - expected).abs() <= bound * expected.abs().max(1e-30);
        let differing: Vec<&str> =
            found.iter().filter(|f| !agrees(f.values[i])).map(|f| f.name.as_str()).collect();
        if differing.is_empty() {
            continue;
        }
        let list: Vec<String> =
            found.iter().map(|f| format!("    {:<14}{:.7}", f.name, f.values[i])).collect();
        complaints.push(format!(
            "{what} on {step}: {} differ(s) from {} {expected:.7} by more than {bound:e}\n{}",
            differing.join(", "),
            if i == 0 { "the f64 reference" } else { "the median" },
            list.join("\n")
        ));
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n").into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, values: [f64; 3]) -> Found {
        Found { name: name.to_owned(), values }
    }

    #[test]
    fn agreement_within_the_bounds() {
        let all = [found("a", [2.0, 1.0, 0.0]), found("b", [2.0001, 1.0005, 0.0])];
        check("tiny", 2.0, &all).unwrap();
    }

    #[test]
    fn whoever_differs_is_named() {
        let mut all = vec![
            found("good", [2.0, 1.0, 5.0]),
            found("fine", [2.0, 1.0, 5.0]),
            found("wrong", [2.0, 1.01, 5.0]),
        ];
        let message = check("tiny", 2.0, &all).unwrap_err().to_string();
        assert!(message.contains("loss after 3 updates on tiny: wrong differ(s)"), "{message}");
        all[0].values[0] = f64::NAN;
        let message = check("tiny", 2.0, &all).unwrap_err().to_string();
        assert!(message.contains("first loss on tiny: good differ(s)"), "{message}");
    }
}
