//! A training step after the first allocates nothing.

use cotangent::prelude::*;

/// A model with everything that a step of the digits example has, and dropout.
struct Model {
    fc1: Linear,
    norm: BatchNorm,
    fc2: Linear,
}

impl Model {
    fn new(scope: &mut Scope<'_>) -> Self {
        Self {
            fc1: Linear::new(64, 32).build(scope, "fc1"),
            norm: BatchNorm::new(32).build(scope, "norm"),
            fc2: Linear::new(32, 10).build(scope, "fc2"),
        }
    }

    fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        let hidden = self.norm.forward(self.fc1.forward(x), Mode::Train).relu();
        self.fc2.forward(Dropout::new(0.1).forward(hidden, Mode::Train))
    }
}

#[test]
fn no_step_after_the_first_allocates() {
    let mut params = Params::seeded(0);
    let model = Model::new(&mut params.root());
    let mut step = Step::new(|_, [x, labels]| model.forward(x).cross_entropy(labels));
    let mut adam = Adam::new(1e-3).schedule(StepDecay::halve_every(10));
    let x = Array2::from_shape_fn((48, 64), |(i, j)| ((i * 7 + j * 3) % 11) as f32);
    let labels = Array1::from_shape_fn(48, |i| (i % 10) as i64);
    let mut run = || {
        step.run(&mut params, (&x, &labels)).unwrap();
        adam.step(&mut params, step.gradients()).unwrap();
    };
    let first = allocation_counter::measure(&mut run);
    assert!(first.count_total > 0, "the first step records and compiles: the counter counts");
    for number in 2..12 {
        let info = allocation_counter::measure(&mut run);
        assert_eq!(info.count_total, 0, "step {number} allocated {} bytes", info.bytes_total);
    }
}
