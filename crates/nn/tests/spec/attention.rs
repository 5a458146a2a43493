//! Attention and transformers, beyond their parity with PyTorch.

use cotangent::nn::attention::{Blocks, DotProductAttention, Masks, RotaryEmbedding};
use cotangent::nn::{Dropout, Mode, MultiHeadAttention, TransformerEncoder};
use cotangent::{Evaluator, Function, Gradient, Graph, Params, Program, Seed, Var};
use ndarray::{ArrayD, Axis, Slice, arr0};

use crate::{assert_says, panic_message, sample, value};

/// Value and gradients of an attention of many queries, with a mask of each kind.
fn attended(blocks: Blocks, masks: impl for<'g> Fn(&'g Graph) -> Masks<'g>) -> Vec<ArrayD<f64>> {
    let g = Graph::new();
    let [q, k, v] = [[2, 3, 23, 4], [2, 3, 29, 4], [2, 3, 29, 5]].map(|shape| sample(&shape));
    let leaves = [g.constant(q), g.constant(k), g.constant(v)];
    let attention = DotProductAttention::new().masks(masks(&g)).blocks(blocks);
    let y = attention.of(leaves[0], leaves[1], leaves[2]);
    let total = (y * g.constant(sample(&[2, 3, 23, 5]))).sum();
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
    assert_blocks(|g| {
        let mask = g.constant(sample(&[2, 1, 23, 29])).gt(-0.5);
        let padding = g.constant(sample(&[3, 29])).gt(1.0);
        Masks::none().causal().mask(mask).key_padding(padding)
    });
    assert_blocks(|g| Masks::none().mask(g.constant(sample(&[1, 29]))));
}

fn assert_blocks(masks: impl for<'g> Fn(&'g Graph) -> Masks<'g> + Copy) {
    let whole = attended(Blocks::Whole, masks);
    for block in [1, 4, 22] {
        for (whole, blocks) in whole.iter().zip(attended(Blocks::Of(block), masks)) {
            let far = (whole - &blocks).iter().fold(0.0_f64, |far, d| far.max(d.abs()));
            assert!(far < 1e-10, "blocks of {block}: {far}");
        }
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
fn one_program_generates_token_by_token_what_the_whole_causal_pass_answers() {
    const LENGTH: usize = 7;
    let mut params = Params::<f64>::with_seed(1);
    let plain = TransformerEncoder::new(8, 2, 2).feedforward(16).norm();
    let rotated = plain.clone().norm_first().rotary(RotaryEmbedding::new(4));
    let plain = plain.build(&mut params.root(), "plain");
    let rotated = rotated.build(&mut params.root(), "rotated");
    for encoder in [plain, rotated] {
        let g = Graph::new();
        let all = sample(&[3, LENGTH, 8]);
        let causal = Masks::none().causal();
        let whole = value(&params, encoder.forward_masked(g.constant(&all), causal, Mode::Eval));
        let mut next = Function::several(|_, [x, position, cache]| {
            let (y, cache) = encoder.forward_cached(x, position, cache);
            [y, cache]
        });
        // What lies behind the position is not seen.
        let mut cache = ArrayD::from_elem(encoder.cache_shape(3, LENGTH).to_vec(), 1e3);
        for position in 0..LENGTH {
            let here = Slice::from(position..position + 1);
            let x = all.slice_axis(Axis(1), here).to_owned();
            let [y, written] = next.run(&params, (&x, &arr0(position as i64), &cache)).unwrap();
            let far = (&y - &whole.slice_axis(Axis(1), here))
                .iter()
                .fold(0.0_f64, |far, d| far.max(d.abs()));
            assert!(far < 1e-12, "position {position}: {far}");
            cache = written.to_owned();
        }
        let x = sample(&[3, 1, 8]);
        assert!(next.run(&params, (&x, &arr0(LENGTH as i64), &cache)).is_err());
    }
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
    assert_says(&panic_message(|| wrong.of(x, x, x)), &["broadcast to [2, 5, 5]"]);
    let refused = |builder: cotangent::nn::attention::MultiHeadAttentionBuilder| {
        let mut params = Params::<f64>::with_seed(0);
        builder.try_build(&mut params.root(), "a").unwrap_err().to_string()
    };
    let says = "the width must be a multiple of the number of heads, 3, and is 8";
    assert_says(&refused(MultiHeadAttention::new(8, 3)), &[says]);
    assert_says(&refused(MultiHeadAttention::new(8, 2).dropout(1.5)), &["in [0, 1]"]);
    assert_says(&refused(MultiHeadAttention::new(8, 2).blocks(Blocks::Of(0))), &["a block"]);
    let rotary = RotaryEmbedding::new(8);
    assert_says(&refused(MultiHeadAttention::new(8, 2).rotary(rotary)), &["of a head"]);
}
