//! The language model, in a few updates: what it says last.

use std::path::PathBuf;
use std::process::Command;

#[test]
fn a_transformer_knows_more_than_which_letter_follows_which() {
    let test = std::env::current_exe().unwrap();
    let example: PathBuf =
        [test.ancestors().nth(2).unwrap(), "examples/gpt".as_ref()].iter().collect();
    let output = Command::new(example).arg("120").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> =
        said.lines().last().unwrap().split(' ').filter_map(|word| word.parse().ok()).collect();
    let [.., pairs, transformer] = numbers[..] else { panic!("{said}") };
    assert!((2.3..2.6).contains(&pairs), "{said}");
    assert!(transformer < pairs, "{said}");
    assert!(said.contains("Shall I "), "{said}");
}
