//! The examples of models: what they say last.

use crate::said::last_line;

#[test]
fn an_autoencoder_says_more_of_digits_than_it_did() {
    let said = last_line("vae", &[]);
    let (before, learnt) = (said.after("never seen: "), said.after("before, "));
    assert!(before > 40.0 && learnt < 26.0, "{before} and {learnt}");
}

#[test]
fn a_generator_meets_all_distributions_of_the_ring() {
    let said = last_line("gan", &[]);
    assert_eq!((said.after(""), said.after("of ")), (8.0, 8.0));
    let near = said.after("are met, and ");
    assert!(near > 0.7, "{near} of the points");
}

#[test]
fn a_network_solves_burgers_equation() {
    let error = last_line("pinn", &[]).after("Cole and Hopf: ");
    assert!(error < 0.01, "{error}");
}

#[test]
fn lenet_reads_digits_after_a_few_epochs() {
    let accuracy = last_line("lenet", &["--epochs", "5"]).after("test accuracy: ");
    assert!(accuracy > 0.88, "{accuracy}");
}

#[test]
fn checkpoints_divide_the_memory_of_a_recurrent_network_by_about_the_root_of_its_steps() {
    let said = last_line("memory", &[]);
    let (two, three) = (said.after("divided by "), said.after("and "));
    assert!((16.0..128.0).contains(&two), "{two}, of √4096 = 64");
    assert!((two..256.0).contains(&three), "{three}, of 4096^⅔ = 256");
}
