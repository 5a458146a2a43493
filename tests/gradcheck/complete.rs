//! Every layer and loss of `nn` is among the cases: the list is the one that `nn` exports by.

use std::collections::BTreeSet;

#[test]
fn every_layer_and_loss_has_a_case() {
    let checked: BTreeSet<&str> = crate::nn::cases().iter().map(|case| case.of).collect();
    let parts: BTreeSet<&str> = cotangent::nn::every_part().into_iter().collect();
    let missing: Vec<_> = parts.difference(&checked).collect();
    assert!(missing.is_empty(), "layers and losses without a case: {missing:?}");
}
