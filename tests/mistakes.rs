//! The mistakes a user makes: each is told with the rule, the values seen and the user's own line.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cotangent::graph::GradientError;
use cotangent::prelude::*;

/// The message of the panic that `mistake` makes.
fn message(mistake: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(mistake)).expect_err("a mistake panics");
    *panic.downcast::<String>().expect("a message")
}

#[test]
fn a_shape_mistake_in_an_operator_names_the_users_line() {
    let g = Graph::new();
    let (x, y) = (g.input("x", [64, 10]), g.input("y", [64, 9]));
    let line = line!() + 2;
    let told = message(|| {
        let _ = x + y;
    });
    assert!(told.contains("add: shapes [64, 10] and [64, 9] do not broadcast"), "{told}");
    assert!(told.contains("axis -1 has 10 and 9"), "{told}");
    assert!(told.contains(&format!("{}:{line}:", file!())), "{told}");
}

#[test]
fn a_batch_of_another_width_than_the_model_names_the_layer_and_the_users_line() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(64, 10).build(&mut params.root(), "head");
    let line = line!() + 1;
    let mut predict = Function::new(|_, [x]| layer.forward(x));
    let x = Array2::<f32>::zeros((5, 63));
    let told = message(|| drop(predict.run(&params, (&x,)).map(|y| y.to_owned())));
    assert!(told.contains("head") && told.contains("64") && told.contains("[5, 63]"), "{told}");
    assert!(told.contains(&format!("{}:{line}:", file!())), "{told}");
}

#[test]
fn a_label_out_of_range_changes_nothing() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(4, 3).build(&mut params.root(), "head");
    let norm = BatchNorm::new(3).build(&mut params.root(), "norm");
    let line = line!() + 3;
    let mut step = Step::new(|_, [x, labels]| {
        let logits = norm.forward(layer.forward(x), Mode::Train);
        logits.cross_entropy(labels)
    });
    let before = params.values().to_vec();
    let x = Array2::from_shape_fn((3, 4), |(i, j)| (i * j) as f32);
    let told = step.run(&mut params, (&x, &array![0_i64, 3, 1])).unwrap_err().to_string();
    assert!(told.contains("index 3") && told.contains("outside 0..3"), "{told}");
    assert!(told.contains(&format!("{}:{line}:", file!())), "{told}");
    assert_eq!(params.values(), before, "a step that fails writes nothing");
}

#[test]
fn data_that_is_not_finite_is_refused_before_anything_runs() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(2, 1).build(&mut params.root(), "head");
    let mut step = Step::new(|_, [x]| layer.forward(x).mean());
    for wrong in [f32::NAN, f32::INFINITY] {
        let told = step.run(&mut params, (&array![[1.0, 2.0], [0.5, wrong]],)).unwrap_err();
        assert!(matches!(&told, RunError::NotFinite { position, .. } if *position == [1, 1]));
        assert!(told.to_string().contains("every value must be finite"), "{told}");
    }
}

#[test]
fn a_parameter_without_a_path_to_the_loss_is_named() {
    let mut params = Params::seeded(0);
    let used = Linear::new(2, 1).build(&mut params.root(), "used");
    Linear::new(2, 1).build(&mut params.root(), "forgotten");
    let mut step = Step::new(|_, [x]| used.forward(x).mean());
    let told = step.run(&mut params, (&array![[1.0_f32, 2.0]],)).unwrap_err();
    assert!(matches!(told, RunError::Gradient(GradientError::NoPath { .. })), "{told}");
    assert!(told.to_string().contains("\"forgotten.weight\""), "{told}");
    let mut step = Step::new(|_, [x]| used.forward(x).mean()).zeros_for_unused();
    step.run(&mut params, (&array![[1.0_f32, 2.0]],)).unwrap();
    assert_eq!(step.gradients().values()[3..], [0.0; 3]);
}

#[test]
fn a_gradient_of_something_that_is_no_scalar_says_what_to_do() {
    let g = Graph::new();
    let x = g.input("x", [3]);
    let told = message(|| {
        let _ = x.square().grad(x);
    });
    assert!(told.contains("only a real scalar has a gradient without a cotangent"), "{told}");
    assert!(told.contains("[3]") && told.contains(file!()), "{told}");
}

#[test]
fn parameters_of_another_model_are_refused() {
    let (mut ours, mut theirs) = (Params::seeded(0), Params::seeded(0));
    let layer = Linear::new(2, 1).build(&mut ours.root(), "head");
    Linear::new(2, 1).build(&mut theirs.root(), "head");
    let mut step = Step::new(|_, [x]| layer.forward(x).mean());
    let x = array![[1.0_f32, 2.0]];
    step.run(&mut ours, (&x,)).unwrap();
    let told = step.run(&mut theirs, (&x,)).unwrap_err();
    assert!(matches!(told, RunError::ForeignParameter { .. }), "{told}");
}

#[test]
fn a_singular_matrix_names_its_pivot_and_the_users_line() {
    let mut params = Params::seeded(0);
    let start = array![[1.0, 2.0], [2.0, 4.0]].into_dyn();
    let weight = params.root().parameter("w", start);
    let line = line!() + 1;
    let mut step = Step::new(|g, [x]| g.param(&weight).solve(x).sum());
    let told = step.run(&mut params, (&array![1.0_f32, 1.0],)).unwrap_err().to_string();
    assert!(told.starts_with("solve: the matrix is singular: pivot 1 of 0..2"), "{told}");
    assert!(told.contains(&format!("{}:{line}:", file!())), "{told}");
}

#[test]
fn a_checked_step_stops_where_an_infinity_arises_and_writes_nothing() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(2, 2).build(&mut params.root(), "head");
    let norm = BatchNorm::new(2).build(&mut params.root(), "norm");
    let x = array![[1.0_f32, 2.0], [3.0, -1.0]];
    let mut finite = Step::new(|_, [x]| norm.forward(layer.forward(x), Mode::Train).square().sum());
    finite.run_checked(&mut params, (&x,)).unwrap();

    let before = params.values().to_vec();
    let line = line!() + 3;
    let mut step = Step::new(|_, [x]| {
        let y = norm.forward(layer.forward(x), Mode::Train);
        (1000.0 * y).exp().cumsum(0).sum()
    });
    let told = step.run_checked(&mut params, (&x,)).unwrap_err();
    let RunError::Arose { operations, pass, location, .. } = &told else { panic!("{told}") };
    assert!(operations.contains("exp") && *pass == "forward", "{told}");
    assert_eq!((location.file(), location.line()), (file!(), line), "{told}");
    assert_eq!(params.values(), before, "a step that fails writes nothing");

    let mut predict = Function::new(|_, [x]| layer.forward(x) / 0.0);
    let told = predict.run_checked(&params, (&x,)).unwrap_err();
    assert!(matches!(&told, RunError::Arose { value, .. } if !value.is_finite()), "{told}");
    let told = predict.run_checked(&params, (&array![[f32::NAN, 0.0]],)).unwrap_err();
    assert!(matches!(told, RunError::NotFinite { .. }), "{told}");
}
