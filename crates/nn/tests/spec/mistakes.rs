//! Mistakes name the rule, the values and the line.

use cotangent::nn::batch_norm::{Average, Running};
use cotangent::nn::init::{Init, Kaiming, Orthogonal, Xavier};
use cotangent::nn::loss::{
    BceWithLogits, CrossEntropy, Focal, GaussianNll, Huber, MarginRanking, SmoothL1, TripletMargin,
};
use cotangent::nn::{
    BatchNorm, Dropout, Embedding, Flatten, LayerNorm, Linear, Loss, Mode, RotaryEmbedding,
    SinusoidalPositions, TransformerEncoder, l2_penalty,
};
use cotangent::{Function, Step};
use cotangent::{Graph, Params, Shape};
use ndarray::{Array2, Array3};

use crate::{assert_says, panic_message};

/// This file and a line of it, as messages show them.
fn at(line: u32) -> String {
    format!("at {}:{line}:", file!())
}

#[test]
fn a_batch_of_another_width_than_the_layer() {
    let mut params = Params::seeded(0);
    let fc = Linear::new(64, 128).build(&mut params.root().child("encoder"), "fc1");
    let g = Graph::new();
    let x = g.input("x", [32, 10]);
    let line = line!() + 1;
    let message = panic_message(|| fc.forward(x));
    let rule = "linear \"encoder.fc1\": the input must have 64 features in its last axis";
    assert_says(&message, &[rule, "[32, 10], [128, 64]", &at(line)]);
    panic_message(|| fc.forward(g.input("scalar", [])));
}

#[test]
fn a_batch_norm_of_other_channels() {
    let mut params = Params::seeded(0);
    let norm = BatchNorm::new(3).build(&mut params.root(), "bn1");
    let g = Graph::new();
    for shape in [&[8, 4][..], &[3], &[]] {
        let line = line!() + 1;
        let message = panic_message(|| norm.forward(g.full(shape, 0.0), Mode::Train));
        let rule = "batch_norm \"bn1\": axis 1 of the input must have 3 channels";
        assert_says(&message, &[rule, &format!("inputs: {shape:?}"), &at(line)]);
    }
}

#[test]
fn one_value_for_each_channel_is_an_error_of_the_run_that_names_the_layer() {
    let mut params = Params::seeded(0);
    let norm = BatchNorm::new(3).build(&mut params.root().child("encoder"), "bn1");
    let line = line!() + 1;
    let mut step = Step::new(|_, [x]| norm.forward(x, Mode::Train).square().mean());
    let before = params.values().to_vec();
    for rows in [0, 1] {
        let told =
            step.run(&mut params, (&Array2::<f32>::zeros((rows, 3)),)).unwrap_err().to_string();
        let rule = format!("take more than one value per channel, and there are {rows}: leave out");
        assert_says(&told, &["batch_norm \"encoder.bn1\": ", &rule, "`drop_last()`"]);
        assert_says(&told, &["`Mode::Eval`", &format!("inputs: [{rows}, 3]"), &at(line)]);
        assert_eq!(params.values(), before, "a step that fails writes nothing");
    }
    step.run(&mut params, (&Array2::<f32>::ones((2, 3)),)).unwrap();
    step.run(&mut params, (&Array3::<f32>::ones((1, 3, 2)),)).unwrap();
    let mut predict = Function::new(|_, [x]| norm.forward(x, Mode::Eval));
    predict.run(&params, (&Array2::<f32>::ones((1, 3)),)).unwrap();

    let without = BatchNorm::new(3).without_running().build(&mut params.root(), "bn2");
    let mut predict = Function::new(|_, [x]| without.forward(x, Mode::Eval));
    let told = predict.run(&params, (&Array2::<f32>::ones((1, 3)),)).unwrap_err().to_string();
    assert_says(&told, &["\"bn2\"", "build the layer with running statistics"]);
}

#[test]
fn inputs_of_other_shapes_and_kinds() {
    let mut params = Params::seeded(0);
    let p = &mut params.root();
    let norm = LayerNorm::new([4, 5]).build(p, "ln");
    let table = Embedding::new(4, 5).build(p, "table");
    let g = Graph::new();
    let message = panic_message(|| norm.forward(g.full([2, 5], 0.0)));
    assert_says(
        &message,
        &["\"ln\"", "the last axes of the input must have shape [4, 5]", "[2, 5]"],
    );
    let message = panic_message(|| table.forward(g.full([2], 0.0)));
    assert_says(&message, &["\"table\"", "must hold indices"]);
    let message = panic_message(|| Flatten.forward(g.full([], 0.0)));
    assert_says(&message, &["must have an axis of samples", &at(line!() - 1)]);
}

#[test]
fn targets_of_another_shape() {
    let g = Graph::new();
    let (column, vector) = (g.full([8, 1], 0.0), g.full([8], 0.0));
    let rule = "the prediction and the target must have one shape";
    let line = line!() + 1;
    assert_says(&panic_message(|| column.mse(vector)), &[rule, "mse", &at(line)]);
    let parts = [rule, "inputs: [8, 1], [8]"];
    assert_says(&panic_message(|| column.l1(vector)), &parts);
    assert_says(&panic_message(|| column.huber(vector, 1.0)), &parts);
    assert_says(&panic_message(|| column.bce_with_logits(vector)), &parts);
    assert_says(&panic_message(|| column.kl_div(vector)), &parts);
}

#[test]
fn labels_that_do_not_belong_to_the_logits() {
    let g = Graph::new();
    let logits = g.full([4, 3], 0.0);
    let rule = "with classes on axis 1, the labels must be class indices, integers of shape [4]";
    let labels = g.index_input("labels", [5]);
    let line = line!() + 1;
    let message = panic_message(|| logits.cross_entropy(labels));
    assert_says(&message, &["cross_entropy", rule, "[4, 3], index [5]", &at(line)]);
    assert_says(&panic_message(|| logits.nll(g.full([4], 0.0))), &["nll", rule]);
    let line = line!() + 1;
    let message = panic_message(|| logits.cross_entropy(g.full([4], 0.0)));
    let hint = "labels are class indices, given as integers";
    assert_says(&message, &["cross_entropy", hint, "inputs: [4, 3], [4]", &at(line)]);
    let message = panic_message(|| {
        CrossEntropy::new().weights([1.0]).of(logits, g.index_input("labels", [4]));
    });
    assert_says(&message, &["each of the 3 classes on axis 1 must have a weight, and 1 are given"]);
    let message = panic_message(|| CrossEntropy::new().ignore_index(0).of(logits, logits));
    assert_says(&message, &["an ignored label is for class indices"]);
}

#[test]
fn a_mistaken_hyperparameter_panics_with_its_line() {
    let mut params = Params::seeded(0);
    let line = line!() + 1;
    let message = panic_message(|| Linear::new(0, 3).build(&mut params.root(), "fc"));
    assert_says(
        &message,
        &["Linear: the number of inputs must be at least 1, and is 0", &at(line)],
    );
    let g = Graph::new();
    let (x, t) = (g.full([2], 0.0), g.full([2], 0.0));
    assert_says(&panic_message(|| x.huber(t, 0.0)), &["Huber: δ must be positive"]);
    let message = panic_message(|| l2_penalty(&g, [], -1.0));
    assert_says(&message, &["l2_penalty: λ must be finite and at least 0, and is -1", "at "]);
    assert_says(&panic_message(|| Dropout::new(f64::NAN)), &["and is NaN"]);
}

#[test]
fn a_hyperparameter_from_data_is_an_error_and_builds_nothing() {
    let mut params = Params::seeded(0);
    let p = &mut params.root();
    let errors = [
        Linear::new(3, 0).try_build(p, "a").unwrap_err(),
        Linear::new(3, 3).init(Init::normal(0.0, -1.0)).try_build(p, "a").unwrap_err(),
        Linear::new(3, 3).bias_init(Kaiming::uniform()).try_build(p, "a").unwrap_err(),
        BatchNorm::new(0).try_build(p, "a").unwrap_err(),
        BatchNorm::new(3).eps(-1e-5).try_build(p, "a").unwrap_err(),
        running(Running::torch().average(Average::NewWeight(1.5))).try_build(p, "a").unwrap_err(),
        running(Running::lecture().average(Average::OldWeight(f64::NAN)))
            .try_build(p, "a")
            .unwrap_err(),
        running(Running::torch().start(0.0, -1.0)).try_build(p, "a").unwrap_err(),
        running(Running::torch().start(f64::INFINITY, 1.0)).try_build(p, "a").unwrap_err(),
        running(Running::torch().average(Average::OldWeight(1.0)).bias_correction(true))
            .try_build(p, "a")
            .unwrap_err(),
        LayerNorm::new([3, 0]).try_build(p, "a").unwrap_err(),
        LayerNorm::new(3).eps(f64::NAN).try_build(p, "a").unwrap_err(),
        Embedding::new(0, 3).try_build(p, "a").unwrap_err(),
        Embedding::new(3, 3).padding(3).try_build(p, "a").unwrap_err(),
        TransformerEncoder::new(8, 2, 0).try_build(p, "a").unwrap_err(),
        TransformerEncoder::new(8, 2, 1).eps(-1.0).try_build(p, "a").unwrap_err(),
        RotaryEmbedding::try_new(3).unwrap_err(),
        SinusoidalPositions::try_new(0).unwrap_err(),
        SmoothL1::new().beta(-1.0).check().unwrap_err(),
        Focal::new().gamma(-1.0).check().unwrap_err(),
        Focal::new().alpha(2.0).check().unwrap_err(),
        GaussianNll::new().eps(0.0).check().unwrap_err(),
        MarginRanking::new().margin(f64::NAN).check().unwrap_err(),
        TripletMargin::new().p(-1.0).check().unwrap_err(),
        TripletMargin::new().eps(f64::INFINITY).check().unwrap_err(),
        Dropout::try_new(-0.1).unwrap_err(),
        Huber::new(f64::INFINITY).check().unwrap_err(),
        BceWithLogits::new().positive_weight(-1.0).check().unwrap_err(),
        CrossEntropy::new().label_smoothing(1.1).check().unwrap_err(),
        CrossEntropy::new().weights([1.0, f64::NAN]).check().unwrap_err(),
    ];
    for error in errors {
        assert_says(&error.to_string(), &[": ", " must be ", ", and is "]);
    }
    assert!(params.entries().is_empty());
}

fn running(running: Running) -> cotangent::nn::batch_norm::BatchNormBuilder {
    BatchNorm::new(3).running(running)
}

#[test]
fn an_initialiser_that_is_not_defined() {
    let (matrix, vector) = (Shape::from([3, 4]), Shape::from([4]));
    let nan = f64::NAN;
    let refused: [(Init, &Shape, &str); 14] = [
        (Init::constant(nan), &matrix, "the number must be finite"),
        (Init::uniform(1.0, 1.0), &matrix, "the width must be positive and finite, and is 0"),
        (Init::uniform(nan, 1.0), &matrix, "the lower bound"),
        (Init::uniform(-f64::MAX, f64::MAX), &matrix, "the width"),
        (Init::normal(0.0, -1.0), &matrix, "the standard deviation"),
        (Init::normal(nan, 1.0), &matrix, "the mean"),
        (Init::truncated_normal(0.0, 0.0), &matrix, "the standard deviation"),
        (Init::truncated_normal_between(0.0, 1.0, 1.0, 0.5), &matrix, "the upper cut"),
        (Init::truncated_normal_between(0.0, 1.0, 3.0, 4.0), &matrix, "at most 2, and is 3"),
        (Xavier::normal().gain(-1.0).into(), &matrix, "the gain must be positive"),
        (Kaiming::normal().into(), &vector, "the number of axes must be at least 2"),
        (Kaiming::normal().into(), &Shape::from([3, 0]), "the fan must be positive, and is 0"),
        (Orthogonal::new().gain(nan).into(), &matrix, "the gain"),
        (Orthogonal::new().into(), &vector, "the number of axes must be at least 2, and is 1"),
    ];
    for (init, shape, rule) in refused {
        assert_says(&init.check(shape).unwrap_err().to_string(), &[rule]);
    }
    assert!(Init::truncated_normal(0.0, 1.0).check(&vector).is_ok());
    let message = panic_message(|| {
        let mut params = Params::seeded(0);
        Init::from(Kaiming::normal()).build(&mut params.root(), "w", [3]);
    });
    assert_says(&message, &["the number of axes", &at(line!() - 2)]);
}

#[test]
fn a_name_that_is_taken() {
    let mut params = Params::seeded(0);
    Linear::new(1, 1).build(&mut params.root(), "fc");
    let message = panic_message(|| Linear::new(1, 1).build(&mut params.root(), "fc"));
    assert_says(&message, &["\"fc.weight\"", "the path is taken"]);
}
