//! The language model, in a few updates: what it says last.

use crate::said::output;

#[test]
fn a_transformer_knows_more_than_which_letter_follows_which() {
    let said = output("gpt", &["120"]);
    let numbers: Vec<f64> =
        said.lines().last().unwrap().split(' ').filter_map(|word| word.parse().ok()).collect();
    let [.., pairs, transformer] = numbers[..] else { panic!("{said}") };
    assert!((2.3..2.6).contains(&pairs), "{said}");
    assert!(transformer < pairs, "{said}");
    assert!(said.contains("Shall I "), "{said}");
}
