//! Attention and transformers, beyond their parity with PyTorch.

use cotangent::nn::attention::{Blocks, DotProductAttention, Masks, RotaryEmbedding};
use cotangent::nn::{Dropout, Mode, MultiHeadAttention};
use cotangent::{Evaluator, Gradient, Graph, Params, Program, Seed, Var};
use ndarray::{ArrayD, Axis, Slice, arr0};

use crate::{assert_says, panic_message, sample, values};

/// Value and gradients of an attention of many queries, with a mask of each kind; perhaps of two heads of queries for each.
fn attended(
    blocks: Blocks,
    shared: usize,
    masks: impl for<'g> Fn(&'g Graph) -> Masks<'g>,
) -> Vec<ArrayD<f64>> {
    let g = Graph::new();
    let shapes = [[2, 3 * shared, 23, 4], [2, 3, 29, 4], [2, 3, 29, 5]];
    let [q, k, v] = shapes.map(|shape| sample(&shape));
    let leaves = [g.constant(q), g.constant(k), g.constant(v)];
    let attention = DotProductAttention::new().masks(masks(&g)).blocks(blocks);
    let attention = if shared > 1 { attention.grouped() } else { attention };
    let y = attention.of(leaves[0], leaves[1], leaves[2]);
    let total = (y * g.constant(sample(&[2, 3 * shared, 23, 5]))).sum();
    let mut outputs = Gradient::of(total).with_respect_to(&leaves).unwrap();
    outputs.push(y);
    // To second order, too.
    let again = outputs[..3].iter().map(|dx| dx.square().sum()).reduce(|a, b| a + b).unwrap();
    outputs.extend(Gradient::of(again).with_respect_to(&leaves).unwrap());
    let params = Params::<f64>::with_seed(0);
    let mut program = Program::compile(&outputs, &params);
    program.run(&params, &[], Seed::default()).unwrap();
    (0..outputs.len()).map(|i| program.output(i).to_owned()).collect()
}

#[test]
fn blocks_change_no_value_and_no_derivative() {
    assert_blocks(|_| Masks::none());
    assert_blocks(|_| Masks::none().causal());
    assert_blocks(|g| Masks::none().causal_from(g.constant(arr0(6))));
    assert_blocks(|g| {
        let mask = g.constant(sample(&[2, 1, 23, 29])).gt(-0.5);
        let padding = g.constant(sample(&[2, 1, 29])).gt(1.0);
        Masks::none().causal().mask(mask).key_padding(padding)
    });
    assert_blocks(|g| Masks::none().mask(g.constant(sample(&[1, 29]))));
}

fn assert_blocks(masks: impl for<'g> Fn(&'g Graph) -> Masks<'g> + Copy) {
    for shared in [1, 2] {
        let whole = attended(Blocks::Whole, shared, masks);
        for block in [1, 4, 22] {
            for (whole, blocks) in whole.iter().zip(attended(Blocks::Of(block), shared, masks)) {
                let far = (whole - &blocks).iter().fold(0.0_f64, |far, d| far.max(d.abs()));
                assert!(far < 1e-10, "blocks of {block}, {shared} heads for each: {far}");
            }
        }
    }
}

#[test]
fn blocks_of_a_layer_see_the_keys_that_everybody_sees() {
    let of = |blocks| {
        let layer = MultiHeadAttention::new(8, 4).kv_heads(2).add_bias_kv().add_zero_attn();
        let mut params = Params::<f64>::with_seed(1);
        let layer = layer.blocks(blocks).build(&mut params.root(), "attention");
        let g = Graph::new();
        let x = g.constant(sample(&[2, 9, 8]));
        let mask = g.constant(sample(&[9, 1])).gt(-0.5);
        let masks = Masks::none().causal().mask(mask);
        let masks = masks.key_padding(g.constant(sample(&[2, 9])).gt(1.0));
        let y = layer.forward_masked(x, masks, Mode::Eval);
        let learnt = g.param(layer.bias_k.as_ref().unwrap());
        values(&params, &[y, y.square().sum().grad(x), y.square().sum().grad(learnt)])
    };
    let whole = of(Blocks::Whole);
    for blocks in [Blocks::Of(1), Blocks::Of(4)] {
        for (whole, blocks) in whole.iter().zip(of(blocks)) {
            assert!((whole - &blocks).iter().all(|far| far.abs() < 1e-12));
        }
    }
}

#[test]
fn heads_that_share_keys_answer_as_if_each_had_its_own() {
    let g = Graph::new();
    let leaves = [[2, 6, 5, 4], [2, 2, 7, 4], [2, 2, 7, 3]].map(|shape| g.constant(sample(&shape)));
    let [q, k, v] = leaves;
    let own = [k, v].map(|x| x.repeat_interleave(3, 1));
    let seen = g.constant(sample(&[2, 6, 5, 7])).gt(-0.8);
    let attention = DotProductAttention::new().masks(Masks::none().mask(seen)).scale(0.8);
    let (of_own, weights_of_own) = attention.of_weights(q, own[0], own[1]);
    let (y, weights) = attention.grouped().of_weights(q, k, v);
    let v = g.constant(sample(&[2, 6, 5, 3]));
    let [all, expected] = [[y, weights], [of_own, weights_of_own]].map(|answers| {
        let total = (answers[0] * v).sum();
        let gradients = Gradient::of(total).with_respect_to(&leaves).unwrap();
        values(&Params::<f64>::with_seed(0), &[&answers[..], &gradients].concat())
    });
    for (ours, theirs) in all.iter().zip(expected) {
        assert_eq!(ours.shape(), theirs.shape());
        assert!((ours - &theirs).iter().all(|far| far.abs() < 1e-12));
    }
}

#[test]
fn shared_keys_are_read_where_they_lie() {
    const KEYS: usize = 1024;
    let g = Graph::new();
    let q = g.input("q", [1, 8, 1, 32]);
    let [k, v] = ["k", "v"].map(|name| g.input(name, [1, 1, KEYS, 32]));
    let y = DotProductAttention::new().grouped().of(q, k, v);
    let bytes = Program::<f32>::compile(&[y], &Params::seeded(0)).arena_bytes();
    // The weights are a quarter of the keys, and a copy for each head would be eight times these.
    assert!(bytes < KEYS * 32 * 4, "{bytes} bytes");
}

#[test]
fn weights_are_those_by_which_values_are_mixed() {
    let g = Graph::new();
    let [q, k, v] = [[2, 5, 4], [2, 7, 4], [2, 7, 3]].map(|shape| g.constant(sample(&shape)));
    let nobody = g.constant(sample(&[5, 1])).gt(0.0);
    let attention = DotProductAttention::new().masks(Masks::none().mask(nobody));
    let attention = attention.dropout(Dropout::new(0.4), Mode::Train).blocks(Blocks::Of(2));
    let (y, weights) = attention.of_weights(q, k, v);
    let all =
        values(&Params::<f64>::with_seed(0), &[y, weights, weights.matmul(v), nobody.to_real()]);
    assert!((&all[0] - &all[2]).iter().all(|far| far.abs() < 1e-12));
    let dropped = all[1].iter().filter(|&&w| w == 0.0).count();
    let rows = all[3].iter().filter(|&&seen| seen == 0.0).count();
    assert!(dropped > 2 * rows * 7, "dropout is in them, too: {}", all[1]);
    for (i, row) in all[1].rows().into_iter().enumerate() {
        assert!(all[3][[i % 5, 0]] != 0.0 || row.iter().all(|&w| w == 0.0), "{row}");
    }
}

/// What a step of causal attention over so many elements plans, in bytes of single precision.
fn planned(blocks: Blocks, length: usize, dropout: f64) -> usize {
    let g = Graph::new();
    let x = ["q", "k", "v"].map(|name| g.input(name, [4, length, 16]));
    let attention = DotProductAttention::new().masks(Masks::none().causal()).blocks(blocks);
    let attention = attention.dropout(Dropout::new(dropout), Mode::Train);
    let loss = attention.of(x[0], x[1], x[2]).square().mean();
    let gradients = Gradient::of(loss).with_respect_to(&x).unwrap();
    Program::<f32>::compile(&gradients, &Params::seeded(0)).arena_bytes()
}

#[test]
fn memory_grows_with_the_length_and_not_with_its_square() {
    for dropout in [0.0, 0.1] {
        let [short, long] = [512, 2048].map(|length| planned(Blocks::Of(64), length, dropout));
        assert!(long < 5 * short, "{short} bytes, and {long} for four times the length");
        let whole = planned(Blocks::Whole, 2048, dropout);
        assert!(whole > 10 * long, "{whole} bytes at once, {long} in blocks");
        assert_eq!(planned(Blocks::Auto, 2048, dropout), long, "long ones are taken in blocks");
        println!(
            "causal attention, 4 heads of 16, 2048 elements, dropout {dropout}: {whole} bytes, \
             {long} in blocks"
        );
    }
}

/// Attention with dropout, in blocks of 8 of 19 queries, and its gradients.
fn dropped<'g>(x: &[Var<'g>]) -> Var<'g> {
    let attention = DotProductAttention::new().masks(Masks::none().causal());
    let attention = attention.dropout(Dropout::new(0.3), Mode::Train).blocks(Blocks::Of(8));
    let y = attention.of(x[0], x[1], x[2]);
    (y * y.graph().constant(sample(&[2, 19, 3]))).sum()
}

/// The gradients of a run.
fn gradients_of_dropped(x: &[ArrayD<f64>], threads: usize) -> Vec<ArrayD<f64>> {
    let g = Graph::new();
    let leaves: Vec<Var<'_>> = x.iter().map(|x| g.constant(x)).collect();
    let gradients = Gradient::of(dropped(&leaves)).with_respect_to(&leaves).unwrap();
    let params = Params::<f64>::with_seed(0);
    let mut program = Program::compile(&gradients, &params);
    program.set_threads(threads);
    program.run(&params, &[], Seed { seed: 3, run: 4 }).unwrap();
    (0..gradients.len()).map(|i| program.output(i).to_owned()).collect()
}

#[test]
fn blocks_draw_the_same_for_the_gradient_on_any_number_of_threads() {
    let x = [[2, 19, 4], [2, 19, 4], [2, 19, 3]].map(|shape| sample(&shape));
    let loss = |x: &[ArrayD<f64>]| {
        let g = Graph::new();
        let leaves: Vec<Var<'_>> = x.iter().map(|x| g.constant(x)).collect();
        let seed = Seed { seed: 3, run: 4 };
        let values = Evaluator::<f64>::new(&g).seed(seed).run(&[dropped(&leaves)]).unwrap();
        values[0].clone().into_real()[[]]
    };
    let gradients = gradients_of_dropped(&x, 1);
    for threads in [2, 3] {
        assert_eq!(gradients_of_dropped(&x, threads), gradients, "{threads} threads");
    }
    // Along a direction, by differences of the plain evaluation.
    let moved = |by: f64| x.each_ref().map(|x| x + &(by * sample(x.shape()).mapv(|x| x.cos())));
    let slope = (loss(&moved(1e-5)) - loss(&moved(-1e-5))) / 2e-5;
    let along =
        gradients.iter().zip(&x).map(|(dx, x)| (dx * sample(x.shape()).mapv(|x| x.cos())).sum());
    let ours: f64 = along.sum();
    assert!((slope - ours).abs() < 1e-7 * slope.abs().max(1.0), "{slope} by differences, {ours}");
}

#[test]
fn dropout_keeps_the_expectation_and_is_drawn_anew_in_each_block() {
    let g = Graph::new();
    let x = g.full([1, 400, 1], 1.0);
    let dropped = DotProductAttention::new().dropout(Dropout::new(0.5), Mode::Train);
    let y = dropped.blocks(Blocks::Of(100)).of(x, x, x).eval().unwrap();
    let mean = y.mean().unwrap();
    assert!((mean - 1.0).abs() < 0.01, "{mean}");
    let block = |i: isize| y.slice_axis(Axis(1), Slice::from(100 * i..100 * (i + 1)));
    assert_ne!(block(0), block(1));
}

#[test]
fn mistakes_name_the_rule_and_the_layer() {
    let mut params = Params::<f64>::with_seed(0);
    let layer = MultiHeadAttention::new(8, 2).kdim(3).build(&mut params.root(), "attention");
    let g = Graph::new();
    let x = g.full([2, 5, 8], 0.0);
    let rule = "shapes [.., T, 8], [.., S, 3] and [.., S, 8]";
    assert_says(&panic_message(|| layer.forward(x, Mode::Eval)), &["\"attention\"", rule, "at "]);
    let wrong = DotProductAttention::new().masks(Masks::none().mask(g.full([4, 5], 0.0)));
    assert_says(
        &panic_message(|| wrong.of(x, x, x)),
        &["broadcast to [2, 5, 5]", "inputs: [4, 5]"],
    );
    let [q, k] = [[2, 6, 5, 4], [2, 4, 5, 4]].map(|shape| g.full(shape, 0.0));
    let attention = DotProductAttention::new();
    let axes = "shapes [.., queries, D], [.., keys, D] and [.., keys, E]";
    let told = panic_message(|| attention.grouped().of(q, k, k));
    assert_says(&told, &[axes, "a multiple for queries", "[2, 6, 5, 4], [2, 4, 5, 4]"]);
    let k = g.full([2, 3, 5, 4], 0.0);
    assert_says(&panic_message(|| attention.of(q, k, k)), &[axes, "by `.grouped()`"]);
    let k = g.full([3, 5, 4], 0.0);
    let told = panic_message(|| attention.of(q, k, k));
    assert!(!told.contains("grouped"), "{told}");
    let wrong = attention.masks(Masks::none().causal_from(g.full([], 0.0)));
    let rule = "the position of the first query must be one index";
    assert_says(&panic_message(|| wrong.of(x, x, x)), &[rule]);
    let refused = |builder: cotangent::nn::attention::MultiHeadAttentionBuilder| {
        let mut params = Params::<f64>::with_seed(0);
        builder.try_build(&mut params.root(), "a").unwrap_err().to_string()
    };
    let says = "the width must be a multiple of the number of heads, 3, and is 8";
    assert_says(&refused(MultiHeadAttention::new(8, 3)), &[says]);
    let says = "the number of heads must be a multiple of the number of heads of keys and values, 3, and is 4";
    assert_says(&refused(MultiHeadAttention::new(8, 4).kv_heads(3)), &[says]);
    let says = "the number of heads of keys and values must be at least 1, and is 0";
    assert_says(&refused(MultiHeadAttention::new(8, 4).kv_heads(0)), &[says]);
    assert_says(&refused(MultiHeadAttention::new(8, 2).dropout(1.5)), &["in [0, 1]"]);
    assert_says(&refused(MultiHeadAttention::new(8, 2).blocks(Blocks::Of(0))), &["a block"]);
    let rotary = RotaryEmbedding::new(8);
    assert_says(&refused(MultiHeadAttention::new(8, 2).rotary(rotary)), &["of a head"]);
}

#[test]
fn masks_are_told_as_they_were_given() {
    let mut params = Params::<f64>::with_seed(0);
    let layer = MultiHeadAttention::new(8, 4).kv_heads(2).add_zero_attn();
    let layer = layer.build(&mut params.root(), "attention");
    let g = Graph::new();
    let (x, alone) = (g.full([2, 5, 8], 0.0), g.full([5, 8], 0.0));
    let of = |shape: &[usize]| Masks::none().mask(g.full(shape, 0.0));
    let rule = "multi_head_attention \"attention\": a mask must be truth values or reals that broadcast to [2, 5, 5], \
                queries and keys last; or to [2, 4, 5, 5], of each head its own\n  inputs: ";
    for wrong in [&[2, 5, 4][..], &[3, 5, 5], &[2, 3, 5, 5], &[4], &[1, 2, 4, 5, 5]] {
        let told = panic_message(|| layer.forward_masked(x, of(wrong), Mode::Eval));
        assert_says(&told, &[rule, &format!("inputs: {wrong:?}\n  at {}:", file!())]);
    }
    let told = panic_message(|| layer.forward_masked(alone, of(&[2, 5, 5]), Mode::Eval));
    assert_says(
        &told,
        &["broadcast to [5, 5], queries and keys last; or to [4, 5, 5]", "[2, 5, 5]"],
    );
    let told = panic_message(|| {
        let padding = g.full([3, 5], 0.0).gt(1.0);
        layer.forward_masked(x, Masks::none().key_padding(padding), Mode::Eval)
    });
    let rule = "the padding of keys must be truth values that broadcast to [2, 5]\n  inputs: boolean [3, 5]";
    assert_says(&told, &[rule]);
    for fits in [&[][..], &[5], &[5, 5], &[1, 5, 1], &[2, 1, 5], &[2, 4, 5, 5], &[4, 1, 5]] {
        if fits != [4, 1, 5] {
            layer.forward_masked(x, of(fits), Mode::Eval);
        }
        if fits.len() < 3 || fits == [4, 1, 5] {
            layer.forward_masked(alone, of(fits), Mode::Eval);
        }
    }
}
