//! Mistakes name the rule, the values, the layer and the line.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cotangent::nn::init::Init;
use cotangent::nn::recurrent::LstmState;
use cotangent::nn::{Gru, Lstm, Mode, Rnn};
use cotangent::{Evaluator, Graph, Params};
use ndarray::array;

use crate::assert_says;

/// Fails unless it panics at a line of this file with a message that holds all parts.
#[track_caller]
fn assert_panics<R>(line: u32, parts: &[&str], f: impl FnOnce() -> R) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(f)) else { panic!("a mistake must panic") };
    let text = panic.downcast_ref::<String>().expect("a message");
    let at = format!("at {}:{line}:", file!());
    for part in parts.iter().chain(&[&*at]) {
        assert!(text.contains(part), "{text:?} does not say {part:?}");
    }
}

#[test]
fn inputs_of_other_shapes() {
    let mut params = Params::seeded(0);
    let mut scope = params.root();
    let mut scope = scope.child("encoder");
    let lstm = Lstm::new(3, 4).build(&mut scope, "lstm");
    let gru = Gru::new(3, 4).batch_first().build(&mut scope, "gru");
    let g = Graph::new();
    let rule = "lstm \"encoder.lstm\": the input must be sequences of 3 features, reals of shape \
                [T, batch, 3], or one of shape [T, 3]";
    for shape in [&[5, 2, 4][..], &[2, 5, 2, 3], &[3], &[]] {
        let inputs = format!("inputs: {shape:?}");
        let x = g.full(shape, 0.0);
        assert_panics(line!(), &[rule, &inputs], || lstm.forward(x, Mode::Eval));
    }
    let words = g.index_input("words", [5, 2, 3]);
    assert_panics(line!(), &[rule, "index [5, 2, 3]"], || lstm.forward(words, Mode::Eval));
    let x = g.full([5, 2], 0.0);
    let rule = "gru \"encoder.gru\": the input must be sequences of 3 features, reals of shape [batch, T, 3]";
    assert_panics(line!(), &[rule], || gru.forward(x, Mode::Eval));

    let x = g.full([0, 2, 3], 0.0);
    let rule = "a sequence must have an element, and axis 0 has none";
    assert_panics(line!(), &[rule, "[0, 2, 3]"], || lstm.forward(x, Mode::Eval));
    let x = g.full([2, 0, 3], 0.0);
    assert_panics(line!(), &["and axis 1 has none"], || gru.forward(x, Mode::Eval));
}

#[test]
fn a_length_below_0_is_an_error_of_the_run() {
    let mut params = Params::seeded(0);
    let gru = Gru::new(3, 4).build(&mut params.root(), "gru");
    let g = Graph::new();
    let line = line!() + 1;
    let read = gru.forward_lengths(g.full([5, 2, 3], 0.0), g.constant(array![2, -1]), Mode::Eval);
    let told =
        Evaluator::<f32>::new(&g).params(&params).run(&[read.output]).unwrap_err().to_string();
    assert_says(&told, &["length -1 at position [1]", &format!("at {}:{line}:", file!())]);
}

#[test]
fn states_and_lengths_of_other_shapes() {
    let mut params = Params::seeded(0);
    let p = &mut params.root();
    let lstm = Lstm::new(3, 4).layers(2).build(p, "lstm");
    let rnn = Rnn::new(3, 4).bidirectional().batch_first().build(p, "rnn");
    let g = Graph::new();
    let x = g.full([5, 2, 3], 0.0);
    let (h, c) = (g.full([2, 2, 4], 0.0), g.full([1, 2, 4], 0.0));
    let rule = "lstm \"lstm\": the state must be reals of shape [2, 2, 4], [layers·directions, batch, hidden]";
    let parts = [rule, "inputs: [2, 2, 4], [1, 2, 4]"];
    assert_panics(line!(), &parts, || lstm.forward_from(x, LstmState { h, c }, Mode::Eval));
    let projected = Lstm::new(3, 4).proj_size(2).build(p, "projected");
    let (h, c) = (g.full([1, 2, 4], 0.0), g.full([1, 2, 4], 0.0));
    let rule = "lstm \"projected\": the state must be reals of shapes [1, 2, 2] (h) and [1, 2, 4] (c), \
                [layers·directions, batch, hidden], where h has `proj_size` in place of hidden";
    let parts = [rule, "inputs: [1, 2, 4], [1, 2, 4]"];
    assert_panics(line!(), &parts, || projected.forward_from(x, LstmState { h, c }, Mode::Eval));
    let h = g.full([2, 2, 4], 0.0);
    let rule = "rnn \"rnn\": the state must be reals of shape [2, 5, 4]";
    assert_panics(line!(), &[rule], || rnn.forward_from(x, h, Mode::Eval));
    let (alone, rule) = (g.full([5, 3], 0.0), "of shape [2, 4], [layers·directions, hidden]");
    assert_panics(line!(), &[rule], || rnn.forward_from(alone, h, Mode::Eval));

    let rule = "lstm \"lstm\": the lengths must be one number for each sequence, indices or reals of shape [2]";
    let lengths = g.index_input("lengths", [5]);
    assert_panics(line!(), &[rule, "index [5]"], || lstm.forward_lengths(x, lengths, Mode::Eval));
    let truths = g.full([2], 0.0).gt(0.0);
    assert_panics(line!(), &[rule, "boolean [2]"], || lstm.forward_lengths(x, truths, Mode::Eval));
}

#[test]
fn options_that_are_not_defined() {
    let mut params = Params::seeded(0);
    let p = &mut params.root();
    let parts = ["Lstm: the number of hidden units must be at least 1, and is 0"];
    assert_panics(line!(), &parts, || Lstm::new(3, 0).build(p, "lstm"));
    let p = &mut params.root();
    let told = |error: Result<_, cotangent::nn::HyperparameterError>| match error {
        Ok(()) => panic!("it must be refused"),
        Err(error) => error.to_string(),
    };
    let errors = [
        told(Rnn::new(0, 3).try_build(p, "rnn").map(drop)),
        told(Gru::new(3, 4).layers(0).try_build(p, "gru").map(drop)),
        told(Lstm::new(3, 4).dropout(1.5).try_build(p, "lstm").map(drop)),
        told(Lstm::new(3, 4).layers(2).proj_size(0).try_build(p, "lstm").map(drop)),
        told(
            Lstm::new(3, 4).recurrent_init(Init::normal(0.0, -1.0)).try_build(p, "lstm").map(drop),
        ),
    ];
    assert_eq!(
        errors,
        [
            "Rnn: the number of inputs must be at least 1, and is 0",
            "Gru: the number of layers must be at least 1, and is 0",
            "Lstm: the probability of dropout must be in [0, 1], and is 1.5",
            "Lstm: the number of features (`proj_size`) must be at least 1, and is 0",
            "Normal: the standard deviation must be finite and at least 0, and is -1",
        ]
    );
    assert!(params.entries().is_empty(), "what is refused builds nothing");

    Gru::new(3, 4).build(&mut params.root(), "gru");
    let parts = ["parameter \"gru.weight_ih_l0\""];
    assert_panics(line!(), &parts, || Gru::new(3, 4).build(&mut params.root(), "gru"));
}
