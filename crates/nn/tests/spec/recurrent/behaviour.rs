//! What recurrent layers promise beyond PyTorch's values.

use cotangent::nn::init::{Init, Orthogonal};
use cotangent::nn::recurrent::LstmState;
use cotangent::nn::{Gru, Linear, Lstm, Mode, Module, Rnn, Sequential};
use cotangent::{Evaluator, Gradient, Graph, Params, Seed, Var};
use ndarray::{Array2, Axis, Ix2, array};

use crate::{sample, values};

#[test]
fn a_state_carried_over_continues_the_run() {
    let mut params = Params::<f64>::with_seed(0);
    let p = &mut params.root();
    let lstm = Lstm::new(3, 4).layers(2).build(p, "lstm");
    let gru = Gru::new(3, 4).layers(2).build(p, "gru");
    let g = Graph::new();
    let x = g.constant(sample(&[6, 2, 3]));
    let (first, second) = (x.slice_axis(0, ..2), x.slice_axis(0, 2..));

    let whole = lstm.forward(x, Mode::Eval);
    let half = lstm.forward(first, Mode::Eval);
    let rest = lstm.forward_from(second, half.state, Mode::Eval);
    let joined = g.concat(&[half.output, rest.output], 0);
    let state = |state: LstmState<'_>| values(&params, &[state.h, state.c]);
    assert_eq!(values(&params, &[joined]), values(&params, &[whole.output]));
    assert_eq!(state(rest.state), state(whole.state));

    let whole = gru.forward(x, Mode::Eval);
    let half = gru.forward(first, Mode::Eval);
    let rest = gru.forward_from(second, half.state, Mode::Eval);
    assert_eq!(values(&params, &[rest.state]), values(&params, &[whole.state]));
}

#[test]
fn a_learnt_state_is_where_it_starts_and_gets_gradients() {
    let mut params = Params::<f64>::with_seed(0);
    let lstm = Lstm::new(3, 4).layers(2).bidirectional().learnt_state();
    let lstm = lstm.build(&mut params.root(), "lstm");
    let start = lstm.stack.start.clone();
    assert_eq!(start.iter().map(|p| p.path()).collect::<Vec<_>>(), ["lstm.h_0", "lstm.c_0"]);
    for param in &start {
        assert!(params.get(param.id()).unwrap().iter().all(|&x| x == 0.0));
        params.set(param.id(), sample(&[4, 1, 4]).view()).unwrap();
    }

    let g = Graph::new();
    let x = g.constant(sample(&[3, 5, 3]));
    let learnt = lstm.forward(x, Mode::Eval);
    let given = g.constant(sample(&[4, 1, 4])).broadcast_to([4, 5, 4]);
    let from = lstm.forward_from(x, LstmState { h: given, c: given }, Mode::Eval);
    assert_eq!(values(&params, &[learnt.output]), values(&params, &[from.output]));

    let weights: Vec<Var<'_>> = start.iter().map(|param| g.param(param)).collect();
    let loss = learnt.output.square().sum();
    let gradients = Gradient::of(loss).with_respect_to(&weights).unwrap();
    for gradient in values(&params, &gradients) {
        assert!(gradient.iter().all(|&x| x != 0.0), "{gradient}");
    }
    let untouched = Gradient::of(from.output.sum()).with_respect_to(&weights);
    assert!(untouched.is_err(), "a given state takes the place of the learnt one");
}

#[test]
fn dropout_is_between_layers_and_in_training_alone() {
    let mut params = Params::<f64>::with_seed(0);
    let p = &mut params.root();
    let dropped = Gru::new(3, 4).layers(2).dropout(0.5).build(p, "dropped");
    let certain = Rnn::new(3, 4).layers(2).dropout(1.0).build(p, "certain");
    let alone = Lstm::new(3, 4).dropout(0.5).build(p, "alone");
    let g = Graph::new();
    let x = g.constant(sample(&[6, 2, 3]));
    let run = |seed, var: Var<'_>| {
        let evaluator = Evaluator::new(&g).params(&params).seed(Seed { seed, run: 0 });
        evaluator.run(&[var]).unwrap().remove(0).into_real()
    };
    let both = [Mode::Train, Mode::Eval].map(|mode| dropped.forward(x, mode));
    assert_ne!(run(1, both[0].output), run(2, both[0].output));
    assert_eq!(run(1, both[1].output), run(2, both[1].output));
    let of_first = both.map(|read| run(1, read.state).index_axis(Axis(0), 0).to_owned());
    assert_eq!(of_first[0], of_first[1], "what the first layer reads is not dropped");

    // With nothing left of the first layer, the second does not depend on x, and its own output is whole.
    let nothing = certain.forward(x, Mode::Train).output;
    assert_eq!(run(1, nothing.sum().grad(x)), 0.0 * sample(&[6, 2, 3]));
    assert!(run(1, nothing).iter().all(|&y| y != 0.0));
    let [trained, used] = [Mode::Train, Mode::Eval].map(|mode| alone.forward(x, mode).output);
    assert_eq!(run(1, trained), run(1, used), "one layer has nothing after it to drop");
}

#[test]
fn a_sequence_in_a_longer_array_is_read_as_if_alone() {
    let mut params = Params::<f64>::with_seed(0);
    let gru = Gru::new(3, 4).layers(2).bidirectional().build(&mut params.root(), "gru");
    let g = Graph::new();
    let mut padded = sample(&[5, 3, 3]);
    padded
        .indexed_iter_mut()
        .filter(|(at, _)| at[1] == 1 && at[0] >= 2)
        .for_each(|(_, x)| *x = f64::NAN);
    let x = g.constant(padded);
    for lengths in [g.constant(array![5, 2, 4]), g.constant(array![9.0, 2.0, 4.0])] {
        let read = gru.forward_lengths(x, lengths, Mode::Eval);
        let alone = gru.forward(x.slice_axis(0, ..2).index_axis(1, 1), Mode::Eval);
        let (output, slope) = (read.output, read.output.sum().grad(x));
        let part = |var, batch| Var::index_axis(var, 1, batch);
        let inside = [part(output, 1).slice_axis(0, ..2), part(read.state, 1)];
        assert_eq!(values(&params, &inside), values(&params, &[alone.output, alone.state]));
        let zeros = [part(output, 1).slice_axis(0, 2..), part(slope, 1).slice_axis(0, 2..)];
        assert!(values(&params, &zeros).iter().flatten().all(|&y| y == 0.0));
        let others = [part(output, 0), part(slope, 0), part(slope, 2).slice_axis(0, ..4)];
        assert!(values(&params, &others).iter().flatten().all(|&y| y != 0.0));
        let weight = read.output.sum().grad(g.param(&gru.stack.cells[0].weight_ih));
        assert!(values(&params, &[weight])[0].iter().all(|w| w.is_finite()));
    }
}

#[test]
fn a_sequence_without_elements_leaves_the_state() {
    let mut params = Params::<f64>::with_seed(0);
    let lstm = Lstm::new(3, 4).build(&mut params.root(), "lstm");
    let g = Graph::new();
    let start = g.constant(sample(&[1, 2, 4]));
    let from = LstmState { h: start, c: start };
    let lengths = g.constant(array![0, 1]);
    let x = g.constant(sample(&[3, 2, 3]));
    let read = lstm.forward_lengths_from(x, lengths, from, Mode::Eval);
    for array in [read.state.h, read.state.c] {
        let moved = (array - start).square().sum_over([0, 2]);
        let moved = values(&params, &[moved]).remove(0);
        assert!(moved[0] == 0.0 && moved[1] > 0.0, "{moved}");
    }
}

#[test]
fn one_sequence_is_a_batch_of_one() {
    let mut params = Params::<f64>::with_seed(0);
    let lstm = Lstm::new(3, 4).layers(2).bidirectional().batch_first();
    let lstm = lstm.build(&mut params.root(), "lstm");
    let g = Graph::new();
    let x = g.constant(sample(&[5, 3]));
    let start = g.constant(sample(&[4, 4]));
    let from = LstmState { h: start, c: start };
    let alone = lstm.forward_lengths_from(x, g.constant(array![3]).squeeze(0), from, Mode::Eval);
    let start = start.unsqueeze(1);
    let from = LstmState { h: start, c: start };
    let batch = lstm.forward_lengths_from(x.unsqueeze(0), g.constant(array![3]), from, Mode::Eval);
    let batch = [batch.output.squeeze(0), batch.state.h.squeeze(1), batch.state.c.squeeze(1)];
    let alone = [alone.output, alone.state.h, alone.state.c];
    assert_eq!(values(&params, &alone), values(&params, &batch));
}

#[test]
fn it_starts_as_in_pytorch_unless_told() {
    let mut params = Params::<f64>::with_seed(0);
    let rnn = Rnn::new(30, 100).layers(2).build(&mut params.root(), "rnn");
    for cell in &rnn.stack.cells {
        let biases = [cell.bias_ih.as_ref().unwrap(), cell.bias_hh.as_ref().unwrap()];
        for (param, near) in
            [(&cell.weight_ih, 0.99), (&cell.weight_hh, 0.99), (biases[0], 0.9), (biases[1], 0.9)]
        {
            let values = params.get(param.id()).unwrap();
            let largest = values.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
            assert!(largest <= 0.1 && largest > near * 0.1, "{}: {largest}", param.path());
        }
    }
    let told = Gru::new(2, 3)
        .init(Init::ones())
        .recurrent_init(Orthogonal::new())
        .bias_init(Init::zeros());
    let told = told.build(&mut params.root(), "told").stack.cells.remove(0);
    assert!(params.get(told.weight_ih.id()).unwrap().iter().all(|&w| w == 1.0));
    assert!(params.get(told.bias_hh.unwrap().id()).unwrap().iter().all(|&b| b == 0.0));
    let columns = params.get(told.weight_hh.id()).unwrap().into_dimensionality::<Ix2>().unwrap();
    let products = columns.t().dot(&columns);
    assert!((products - Array2::<f64>::eye(3)).iter().all(|x| x.abs() < 1e-12));
}

#[test]
fn a_projected_state_may_be_learnt_and_of_any_extent() {
    let mut params = Params::<f64>::with_seed(0);
    // PyTorch wants fewer features than there are hidden units.
    for (name, features) in [("fewer", 2), ("as many", 4), ("more", 5)] {
        let lstm = Lstm::new(3, 4).layers(2).bidirectional().proj_size(features).learnt_state();
        let lstm = lstm.build(&mut params.root(), name);
        let [h, c] = [&lstm.stack.start[0], &lstm.stack.start[1]];
        assert_eq!([h.shape(), c.shape()], [&[4, 1, features].into(), &[4, 1, 4].into()]);
        for param in [h, c] {
            params.set(param.id(), sample(param.shape()).view()).unwrap();
        }
        let weight = lstm.stack.cells[3].weight_hr.as_ref().unwrap();
        assert_eq!(weight.path(), format!("{name}.weight_hr_l1_reverse"));
        let largest = params.get(weight.id()).unwrap().iter().fold(0.0_f64, |a, w| a.max(w.abs()));
        assert!(largest <= 0.5 && largest > 0.0, "{largest}");

        let g = Graph::new();
        let x = g.constant(sample(&[3, 5, 3]));
        let learnt = lstm.forward(x, Mode::Eval);
        let given = |param| g.param(param).broadcast_to([4, 5, param.shape()[2]]);
        let from = LstmState { h: given(h), c: given(c) };
        let from = lstm.forward_from(x, from, Mode::Eval);
        assert_eq!(learnt.output.shape(), [3, 5, 2 * features].into());
        assert_eq!(values(&params, &[learnt.output]), values(&params, &[from.output]));
    }
}

#[test]
fn among_other_layers_it_is_its_output() {
    let mut params = Params::<f64>::with_seed(0);
    let p = &mut params.root();
    let lstm = Lstm::new(3, 4).build(p, "lstm");
    let head = Linear::new(4, 2).build(p, "head");
    let model = Sequential::new().then(lstm.clone()).then(head.clone());
    let g = Graph::new();
    let x = g.constant(sample(&[5, 2, 3]));
    let y = model.forward(x, Mode::Train);
    let line = line!() - 1;
    let expected = head.forward(lstm.forward(x, Mode::Train).output);
    assert_eq!(values(&params, &[y]), values(&params, &[expected]));
    assert_eq!(y.location().line(), line);
}

#[test]
fn nodes_carry_the_line_of_the_caller() {
    let mut params = Params::<f64>::with_seed(0);
    let p = &mut params.root();
    let rnn = Rnn::new(3, 4).layers(2).dropout(0.5).bidirectional().build(p, "rnn");
    let gru = Gru::new(3, 4).batch_first().learnt_state().build(p, "gru");
    let lstm = Lstm::new(3, 4).build(p, "lstm");
    let g = Graph::new();
    let x = g.input("x", [5, 2, 3]);
    let rnn = rnn.forward(x, Mode::Train);
    rnn.output.sum().grad(x);
    gru.forward(x, Mode::Train).output.sum().grad(x);
    let from = lstm.forward(x, Mode::Train).state;
    lstm.forward_lengths_from(x, g.index_input("lengths", [2]), from, Mode::Train);
    Module::forward(&lstm, x, Mode::Train);
    let dot = g.to_dot();
    let foreign: Vec<&str> = dot.lines().filter(|line| line.contains("nn/src/")).collect();
    assert!(foreign.is_empty(), "{foreign:#?}");
    assert!(dot.contains("behaviour.rs"));
}
