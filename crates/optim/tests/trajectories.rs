//! Every update rule along the trajectories of PyTorch, optax and the lecture's formulas.

mod reference;

use std::path::Path;

#[test]
fn optimizers_go_where_the_references_go() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/optimizers.json");
    reference::assert_all_pass(&reference::cases(&file), |_| false);
}
