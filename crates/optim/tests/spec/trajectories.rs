//! Every update rule along the trajectories of PyTorch, optax and the lecture's formulas.

use std::collections::BTreeSet;
use std::path::Path;

use crate::reference;

#[test]
fn optimizers_go_where_the_references_go() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/optimizers.json");
    let cases = reference::cases(&file);
    reference::assert_all_pass(&cases, |_| false);
    let replayed: BTreeSet<&str> = cases.iter().filter_map(|case| case.rule).collect();
    let all = cotangent::optim::every_rule::<f64>().into_iter().map(|(rule, _)| rule);
    let missing: Vec<&str> = all.filter(|rule| !replayed.contains(rule)).collect();
    assert!(missing.is_empty(), "rules without a trajectory: {missing:?}");
}
