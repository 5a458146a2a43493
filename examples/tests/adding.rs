//! The adding example: what it says last.

use crate::said::output;

#[test]
fn the_sum_of_two_marked_numbers_is_learnt() {
    let said = output("adding", &[]);
    let words: Vec<&str> = said.lines().last().unwrap().split([' ', ',']).collect();
    let before = |what: &str| -> f64 {
        let place = words.iter().position(|word| *word == what).expect(what);
        words[..place].iter().rev().find_map(|word| word.parse().ok()).expect("a number")
    };
    // Of two numbers in [0, 1), the variance of the sum is 1/6.
    let (one, learnt) = (before("predicting"), before("learnt"));
    assert!((one - 1.0 / 6.0).abs() < 0.02, "{said}");
    assert!(learnt < 0.01, "{said}");
}
