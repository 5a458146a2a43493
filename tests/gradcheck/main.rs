//! The gradient-check suite: every operation over generated shapes and attributes to second order,
//! third for the smooth; every layer and loss of `nn`; the checker itself against planted wrong rules and against correct functions.
//!
//! `cargo test --release -p cotangent-tests --test gradcheck -- --nocapture` prints what was checked.

mod cases;
mod complete;
mod examine;
mod functions;
mod mutants;
mod nn;
mod special;

use std::collections::BTreeSet;

use cotangent::ops::registry;

/// One after the other, so that the last line is the score of the checker.
#[test]
fn every_rule_is_right_and_every_mutant_is_caught() {
    let examples: Vec<_> = registry().into_iter().chain(cases::generated()).collect();
    let operations: BTreeSet<&str> = examples.iter().map(|example| example.operation).collect();
    let mut outcome = examine::all(&examples);
    let special = special::all();
    let models = nn::cases();
    let parts: BTreeSet<&str> = models.iter().map(|case| case.of).collect();
    outcome.join(nn::all(&models));
    println!(
        "{} operations, {} layers and losses, {} cases, {} derivatives of orders 1 to 3, {} inconclusive",
        operations.len(),
        parts.len(),
        examples.len() * examine::USES.len() + special + models.len(),
        outcome.derivatives,
        outcome.inconclusive,
    );
    assert!(outcome.unproven.is_empty(), "{}", outcome.unproven.join("\n\n"));

    let (caught, planted) = mutants::caught();
    let random = functions::all();
    println!(
        "mutants: {caught} of {planted} caught, {} derivatives of random functions, {} inconclusive, false \
         alarms: {}",
        random.derivatives,
        random.inconclusive,
        random.unproven.len(),
    );
    assert!(random.unproven.is_empty(), "{}", random.unproven.join("\n\n"));
    assert_eq!(caught, planted);
}
