//! Every schedule against PyTorch, optax and the lecture's formulas.

use std::path::Path;

use crate::reference;

#[test]
fn schedules_have_the_values_of_the_references() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/schedules.json");
    reference::assert_all_pass(&reference::cases(&file), |_| false);
}
