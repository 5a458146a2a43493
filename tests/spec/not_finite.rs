//! Infinities and NaN: a step that meets them says where they began, and changes nothing.

use cotangent::optim::{OptimError, SkipNonFinite};
use cotangent::prelude::*;

/// The line and the pass of the operation in which it began.
fn origin(told: &RunError) -> (u32, &'static str) {
    match told {
        RunError::Arose { pass, location, .. } if location.file() == file!() => {
            (location.line(), pass)
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_finite_loss_with_an_infinite_gradient_is_an_error_that_names_the_line() {
    let mut params = Params::seeded(0);
    let w = params.root().parameter("w", array![0.0, 4.0].into_dyn());
    let line = line!() + 3;
    let mut step = Step::new(|g, [x]| {
        let scaled = x * g.param(&w);
        let root = scaled.sqrt();
        (3.0 * root).sum()
    });
    let told = step.run(&mut params, (&array![1.0_f32, 1.0],)).unwrap_err();
    assert_eq!(origin(&told), (line, "backward"), "{told}");
}

#[test]
fn an_operation_is_named_though_its_neighbours_run_in_the_same_loop() {
    let mut params = Params::seeded(0);
    let w = params.root().parameter("w", array![1.0, 1.0].into_dyn());
    let line = line!() + 3;
    let mut step = Step::new(|g, [x]| {
        let shifted = x * g.param(&w) - 2.0;
        let logarithm = shifted.ln();
        let scaled = 2.0 * logarithm;
        (scaled + 1.0).sum()
    });
    let told = step.run(&mut params, (&array![3.0_f32, 1.0],)).unwrap_err();
    assert_eq!(origin(&told), (line, "forward"), "{told}");
    let told = told.to_string();
    assert!(told.starts_with("ln answered NaN in the forward pass"), "{told}");
    assert!(told.contains("inputs: [-1e0, 1e0]"), "{told}");
}

/// A model with running statistics, whose loss overflows for large inputs.
struct Model {
    layer: Linear,
    norm: BatchNorm,
    last: Linear,
}

impl Model {
    fn new(scope: &mut Scope<'_>) -> Self {
        Self {
            layer: Linear::new(2, 3).build(scope, "layer"),
            norm: BatchNorm::new(3).build(scope, "norm"),
            last: Linear::new(3, 1).build(scope, "last"),
        }
    }

    fn loss<'g>(&self, x: Var<'g>) -> Var<'g> {
        let hidden = self.norm.forward(self.layer.forward(x), Mode::Train);
        self.last.forward(hidden).mean() + x.exp().mean()
    }
}

#[test]
fn a_step_that_fails_changes_no_weight_statistic_or_seed() {
    let mut params = Params::seeded(0);
    let model = Model::new(&mut params.root());
    let mut step = Step::new(|_, [x]| model.loss(x));
    let before = (params.values().to_vec(), params.seed());
    let told = step.run(&mut params, (&array![[1.0_f32, 100.0], [0.0, 1.0]],)).unwrap_err();
    assert!(told.to_string().starts_with("exp answered inf"), "{told}");
    assert_eq!((params.values().to_vec(), params.seed()), before);
}

#[test]
fn who_allows_infinities_sees_them_and_still_writes_nothing_from_them() {
    let mut params = Params::seeded(0);
    let model = Model::new(&mut params.root());
    let mut step = Step::new(|_, [x]| model.loss(x)).allow_non_finite();
    let (good, bad) = (array![[1.0_f32, 2.0], [0.0, 1.0]], array![[1.0_f32, 100.0], [0.0, 1.0]]);
    let before = params.values().to_vec();

    assert_eq!(step.run(&mut params, (&bad,)).unwrap(), f32::INFINITY);
    assert_eq!(params.values(), before, "running statistics are not written");
    // The gradients of this loss are finite; one of them is not in another.
    let mut wild = step.gradients().values().to_vec();
    wild[0] = f32::NAN;
    let layout = step.gradients().layout().clone();
    let gradients = cotangent::Gradients::new(&layout, &wild);
    let told = Adam::new(0.1).step(&mut params, gradients).unwrap_err();
    assert!(matches!(told, OptimError::NonFiniteGradient { .. }), "{told}");
    let mut skipping = Adam::new(0.1).with(SkipNonFinite);
    skipping.step(&mut params, gradients).unwrap();
    assert_eq!((params.values(), skipping.skipped()), (&before[..], 1));

    assert!(step.run(&mut params, (&good,)).unwrap().is_finite());
    skipping.step(&mut params, step.gradients()).unwrap();
    assert_ne!(params.values(), before);
    assert_eq!(skipping.steps(), 1);
}

#[test]
fn an_infinity_on_the_way_that_leaves_no_trace_is_none_of_ours() {
    let mut params = Params::seeded(0);
    let w = params.root().parameter("w", array![1.0, 2.0, 3.0].into_dyn());
    let mut step = Step::new(|g, [x]| {
        let masked = x.gt(0.0).select(x * g.param(&w), f64::NEG_INFINITY);
        masked.softmax(-1).square().sum()
    });
    step.run(&mut params, (&array![1.0_f32, -1.0, 2.0],)).unwrap();
    // With everything masked, there is nothing to share the probability.
    let told = step.run(&mut params, (&array![-1.0_f32, -1.0, -2.0],)).unwrap_err();
    assert!(told.to_string().contains("not finite"), "{told}");
}

#[test]
fn a_parameter_that_is_not_finite_is_named_with_the_line_that_built_it() {
    let mut params = Params::seeded(0);
    let line = line!() + 1;
    let layer = Linear::new(2, 1).build(&mut params.root(), "head");
    params.trainable_mut()[1] = f32::NAN;
    let mut step = Step::new(|_, [x]| layer.forward(x).square().mean());
    let told = step.run(&mut params, (&array![[1.0_f32, 2.0]],)).unwrap_err();
    assert!(matches!(told, RunError::NotFiniteParameter { .. }), "{told}");
    let told = told.to_string();
    assert!(told.starts_with("parameter \"head.weight\" holds NaN"), "{told}");
    assert!(told.contains(&format!("{}:{line}:", file!())), "{told}");
}

#[test]
fn a_learning_rate_that_is_too_high_ends_in_an_error_and_not_in_a_ruined_model() {
    let mut params = Params::seeded(0);
    let w = params.root().parameter("w", array![1.0].into_dyn());
    let mut step = Step::new(|g, [x]| (x * g.param(&w)).square().square().sum());
    let mut sgd = Sgd::new(10.0);
    let mut train = || -> Result<(), Box<dyn std::error::Error>> {
        for _ in 0..100 {
            step.run(&mut params, (&array![1.0_f32],))?;
            sgd.step(&mut params, step.gradients())?;
        }
        Ok(())
    };
    let told = train().unwrap_err().to_string();
    assert!(told.contains("answered") && told.contains(file!()), "{told}");
    assert!(params.values()[0].is_finite(), "{:?}", params.values());
}
