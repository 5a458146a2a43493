//! Every node of a layer or a loss carries the line of the model that asked for it.

use cotangent::nn::attention::{Blocks, Masks};
use cotangent::nn::batch_norm::Running;
use cotangent::nn::loss::{
    BceWithLogits, Contrastive, CosineEmbedding, CrossEntropy, Ctc, Reduction, TripletMargin,
};
use cotangent::nn::{
    Activation, BatchNorm, Dropout, Embedding, EmbeddingBag, Flatten, LayerNorm, Linear, Loss,
    Mode, Module, MultiHeadAttention, RotaryEmbedding, Sequential, SinusoidalPositions,
    TransformerDecoder, TransformerEncoder, l1_penalty, l2_penalty, scaled_dot_product_attention,
};
use cotangent::{Graph, Params, Var};
use ndarray::array;

use crate::{assert_says, panic_message, sample};

/// Fails if a node of the graph was recorded by a line of the library.
#[track_caller]
fn assert_lines_are_ours(g: &Graph) {
    let dot = g.to_dot();
    assert!(dot.contains(file!().rsplit('/').next().unwrap()));
    let foreign: Vec<&str> = dot.lines().filter(|line| line.contains("nn/src/")).collect();
    assert!(foreign.is_empty(), "{foreign:#?}");
}

#[test]
fn layers() {
    let mut params = Params::seeded(0);
    let p = &mut params.root();
    let table = Embedding::new(9, 6).build(p, "table");
    let fc = Linear::new(6, 4).build(p, "fc");
    let corrected = Running::lecture().bias_correction(true);
    let bn = BatchNorm::new(5).running(corrected).build(p, "bn");
    let ln = LayerNorm::new([5, 4]).build(p, "ln");
    let g = Graph::new();
    for mode in [Mode::Train, Mode::Eval] {
        let x = table.forward(g.index_input("words", [3, 5]));
        let x = ln.forward(bn.forward(fc.forward(x), mode));
        let x = Activation::Gelu.forward(Dropout::new(0.5).forward(x, mode));
        Flatten.forward(x);
    }
    assert_lines_are_ours(&g);
}

#[test]
fn attention_and_bags() {
    let mut params = Params::seeded(0);
    let p = &mut params.root();
    let (blocks, rotary) = (Blocks::Of(2), RotaryEmbedding::new(2));
    let attention = MultiHeadAttention::new(4, 2).rotary(rotary).blocks(blocks).build(p, "mha");
    let encoder = TransformerEncoder::new(4, 2, 1).rotary(rotary).norm().build(p, "encoder");
    let decoder = TransformerDecoder::new(4, 2, 1).build(p, "decoder");
    let bag = EmbeddingBag::new(9, 4).padding(0).build(p, "bag");
    let g = Graph::new();
    let x = SinusoidalPositions::new(4).forward(g.input("x", [2, 5, 4]));
    let padding = g.input("padding", [2, 5]).ne(0.0);
    let masks = Masks::none().causal().key_padding(padding).mask(g.input("mask", [5, 5]));
    attention.forward_masked(x, masks, Mode::Train);
    scaled_dot_product_attention(x, x, x, Masks::none().causal());
    decoder.forward(encoder.forward(x, Mode::Train), x, Mode::Train);
    let (one, position) = (g.input("one", [2, 1, 4]), g.index_input("position", []));
    let cache = g.input("cache", encoder.cache_shape(2, 5));
    encoder.forward_cached(one, position, cache);
    encoder.forward_cached(x.slice_axis(1, ..3), position, cache);
    RotaryEmbedding::new(4).forward_from(x, position, 9).sum().grad(x);
    let seen = MultiHeadAttention::new(4, 4).kv_heads(2).add_bias_kv().add_zero_attn();
    let (_, weights) = seen.build(p, "seen").attend_weights([x; 3], masks, Mode::Train);
    weights.sum().grad(x);
    bag.forward(g.index_input("words", [3, 5]));
    bag.forward_offsets(g.index_input("line", [7]), g.index_input("offsets", [3]));
    assert_lines_are_ours(&g);
}

#[test]
fn losses_of_vectors_and_sequences() {
    let g = Graph::new();
    let (a, b, t) = (g.input("a", [3, 4]), g.input("b", [3, 4]), g.input("t", [3]));
    CosineEmbedding::new().of(a, b, t);
    Contrastive::new().of(a, b, t);
    TripletMargin::new().swap(true).p(3.0).of(a, b, a + b);
    TripletMargin::new().swap(true).of_by(a, b, a + b, |a, b| (a - b).abs().sum_over(-1));
    BceWithLogits::new().positive_weight([2.0; 4]).of_weighted(a, b, t.unsqueeze(-1));
    let lengths = [g.index_input("lengths", [3]), g.index_input("target_lengths", [3])];
    let log_p = g.input("log_p", [6, 3, 4]).log_softmax(-1);
    Ctc::new().of(log_p, g.index_input("targets", [3, 2]), lengths);
    assert_lines_are_ours(&g);
}

#[derive(Debug)]
struct Doubled;

impl Doubled {
    /// The line of the body below.
    const LINE: u32 = line!() + 5;
}

impl Module for Doubled {
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        x + x
    }
}

#[test]
fn layers_of_a_sequence() {
    let mut params = Params::seeded(0);
    let p = &mut params.root();
    let inner = Sequential::new().then(BatchNorm::new(4).build(p, "bn")).then(Activation::Silu);
    let model = Sequential::new()
        .then(Linear::new(6, 4).build(p, "fc"))
        .then(inner)
        .then(Dropout::new(0.5))
        .then(LayerNorm::new(4).build(p, "ln"))
        .then(Doubled)
        .then(Flatten);
    let g = Graph::new();
    let x = g.input("x", [3, 6]);
    let y = model.forward(x, Mode::Train);
    assert_eq!(y.location().line(), line!() - 1);
    assert_lines_are_ours(&g);
}

#[test]
fn a_module_of_ones_own_within_sequences_records_at_the_lines_of_its_body() {
    let inner = Sequential::new().then(Doubled);
    let model = Sequential::new().then(Activation::Tanh).then(inner);
    let g = Graph::new();
    assert_eq!(model.forward(g.input("x", [3]), Mode::Train).location().line(), Doubled::LINE);
}

#[test]
fn a_layer_taken_out_of_a_sequence() {
    let model = Sequential::new().then(Activation::Tanh).then(Sequential::new().then(Flatten));
    let g = Graph::new();
    let mut x = g.input("x", [3, 2, 2]);
    for layer in model.layers() {
        x = layer.forward(x, Mode::Train);
        assert_eq!(x.location().line(), line!() - 1);
    }
    assert_lines_are_ours(&g);
}

#[test]
fn a_misfit_within_a_sequence() {
    let mut params = Params::seeded(0);
    let model = Sequential::new().then(Linear::new(6, 4).build(&mut params.root(), "fc"));
    let g = Graph::new();
    let x = g.input("x", [3, 5]);
    let line = line!() + 1;
    let message = panic_message(|| model.forward(x, Mode::Train));
    assert_says(&message, &["linear \"fc\"", &format!("at {}:{line}:", file!())]);
    let after = x.tanh();
    assert_eq!(after.location().line(), line!() - 1, "the line of the panic is not kept");
}

#[test]
fn layers_through_the_trait() {
    #[track_caller]
    fn forward<'g>(module: &impl Module, x: Var<'g>) -> Var<'g> {
        module.forward(x, Mode::Train)
    }
    let mut params = Params::seeded(0);
    let p = &mut params.root();
    let g = Graph::new();
    let x = forward(&Embedding::new(9, 6).build(p, "table"), g.index_input("words", [3, 5]));
    let x = forward(&Linear::new(6, 4).build(p, "fc"), x);
    let x = forward(&BatchNorm::new(5).build(p, "bn"), x);
    let x = forward(&LayerNorm::new(4).build(p, "ln"), x);
    let x = forward(&Activation::Gelu, forward(&Dropout::new(0.5), x));
    forward(&Sequential::new().then(Activation::Tanh), forward(&Flatten, x));
    assert_lines_are_ours(&g);
}

#[test]
fn losses_and_penalties() {
    let mut params = Params::seeded(0);
    let fc = Linear::new(6, 4).build(&mut params.root(), "fc");
    let g = Graph::new();
    let x = g.constant(sample(&[3, 4]));
    let t = g.constant(sample(&[3, 4]).mapv(f64::abs));
    let labels = g.constant(array![0_i64, 1, 9]);
    for reduction in [Reduction::None, Reduction::Mean, Reduction::Sum, Reduction::BatchMean] {
        let loss = CrossEntropy::new().weights([1.0; 4]).label_smoothing(0.1).reduction(reduction);
        loss.clone().ignore_index(9).of(x, labels);
        loss.of(x, t);
    }
    x.mse(t);
    x.l1(t);
    x.huber(t, 0.5);
    x.bce_with_logits(t);
    x.kl_div(t);
    x.cross_entropy(t);
    x.nll(labels);
    l1_penalty(&g, [&fc.weight], 0.1);
    l2_penalty(&g, [&fc.weight], 0.1);
    assert_lines_are_ours(&g);
}
