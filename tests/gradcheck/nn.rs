//! Every layer and loss of `nn` under the checker: inputs and parameters, in both modes.

mod images;

use std::iter::successors;

use cotangent::check::{Check, Report};
use cotangent::nn::attention::{Blocks, DotProductAttention, Masks, Pairs};
use cotangent::nn::batch_norm::Running;
use cotangent::nn::loss::{
    BceWithLogits, Contrastive, CosineEmbedding, CrossEntropy, Ctc, Focal, GaussianNll, Hinge,
    HingeEmbedding, Huber, KlDiv, L1, MarginRanking, Mse, MultiLabelSoftMargin, MultiMargin, Nll,
    PoissonNll, Reduction, SmoothL1, SoftMargin, TripletMargin,
};
use cotangent::nn::{
    Activation, Bag, BatchNorm, Dropout, Embedding, EmbeddingBag, Flatten, Gru, LayerNorm, Linear,
    Lstm, Mode, Module, MultiHeadAttention, RotaryEmbedding, SinusoidalPositions,
    TransformerDecoder, TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer,
};
use cotangent::nn::{
    Rnn, Sequential, cosine_similarity, gumbel_softmax, l1_penalty, l2_penalty,
    scaled_dot_product_attention, standardized,
};
use cotangent::ops::Sample;
use cotangent::{Graph, Params, Scope, Var};

use crate::examine::{Outcome, in_parallel, values};

type Function = dyn for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> + Send + Sync;

/// A layer or loss at some inputs, with its parameters.
pub struct Case {
    /// The name of the type or function.
    pub of: &'static str,
    params: Params<f64>,
    samples: Vec<Sample>,
    function: Box<Function>,
    /// Operations whose rules are meant as they are.
    meant: &'static [&'static str],
}

impl Case {
    fn new(
        of: &'static str,
        params: &Params<f64>,
        samples: impl Into<Vec<Sample>>,
        function: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Var<'g> + Send + Sync + 'static,
    ) -> Self {
        let (params, samples) = (params.clone(), samples.into());
        Self { of, params, samples, function: Box::new(function), meant: &[] }
    }

    fn check(&self) -> Report {
        let check = Check::new().order(2).params(&self.params).meant(self.meant.iter().copied());
        check.run(|graph, x| (self.function)(graph, x), &values(&self.samples)).unwrap()
    }
}

/// All cases.
pub fn cases() -> Vec<Case> {
    [
        layers(),
        images::convolutions(),
        images::pools(),
        images::gates_and_norms(),
        recurrent(),
        attention(),
        transformers(),
        parts(),
        activations(),
        containers(),
        regression(),
        margins(),
        likelihoods(),
        alignments(),
        classes(),
        divergences(),
        penalties(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Checks all cases, on all cores.
pub fn all(cases: &[Case]) -> Outcome {
    let mut outcome = Outcome::default();
    for (i, (case, report)) in cases.iter().zip(in_parallel(cases, Case::check)).enumerate() {
        outcome.add(&format!("{}, case {i} of nn", case.of), &report);
    }
    outcome
}

fn real(shape: &[usize]) -> Sample {
    Sample::real(shape, -1.5..1.5)
}

/// A layer in both modes at each of the inputs. Many parameters start at 0 or 1, and are moved away.
fn layer<M: Module + Clone + 'static>(
    of: &'static str,
    build: impl Fn(&mut Scope<'_>) -> M,
    inputs: &[Sample],
) -> Vec<Case> {
    let mut params = Params::with_seed(0);
    let layer = build(&mut params.root());
    for (i, value) in params.trainable_mut().iter_mut().enumerate() {
        *value += 0.4 * (1.7 * i as f64).sin() + 0.1;
    }
    let in_mode = |(input, mode): (&Sample, Mode)| {
        let layer = layer.clone();
        Case::new(of, &params, [input.clone()], move |_, x| layer.forward(x[0], mode))
    };
    let in_modes = |input| [Mode::Train, Mode::Eval].map(|mode| in_mode((input, mode)));
    inputs.iter().flat_map(in_modes).collect()
}

fn layers() -> Vec<Case> {
    let images = || [real(&[4, 2]), real(&[2, 2, 3]), real(&[2, 2, 2, 1])];
    let running = |running: Running| {
        let build = move |p: &mut Scope<'_>| BatchNorm::new(2).running(running).build(p, "bn");
        layer("BatchNorm", build, &[real(&[4, 2])])
    };
    [
        layer(
            "Linear",
            |p| Linear::new(3, 2).build(p, "fc"),
            &[real(&[3]), real(&[2, 3]), real(&[2, 1, 3])],
        ),
        layer("Linear", |p| Linear::new(3, 2).bias(false).build(p, "fc"), &[real(&[2, 3])]),
        layer("BatchNorm", |p| BatchNorm::new(2).build(p, "bn"), &images()),
        layer("BatchNorm", |p| BatchNorm::new(2).affine(false).build(p, "bn"), &[real(&[4, 2])]),
        layer("BatchNorm", |p| BatchNorm::new(2).without_running().build(p, "bn"), &images()),
        running(Running::keras()),
        running(Running::lecture()),
        layer("LayerNorm", |p| LayerNorm::new([3]).build(p, "ln"), &[real(&[2, 3])]),
        layer("LayerNorm", |p| LayerNorm::new([2, 2]).build(p, "ln"), &[real(&[2, 2, 2])]),
        layer("LayerNorm", |p| LayerNorm::new([3]).affine(false).build(p, "ln"), &[real(&[2, 3])]),
        layer("BatchNorm", |p| BatchNorm::new(2).bias(false).build(p, "bn"), &images()),
        layer("LayerNorm", |p| LayerNorm::new([3]).weight(false).build(p, "ln"), &[real(&[2, 3])]),
        layer("Embedding", |p| Embedding::new(3, 2).build(p, "table"), &[Sample::index([2, 2], 3)]),
        layer(
            "EmbeddingBag",
            |p| EmbeddingBag::new(3, 2).build(p, "bag"),
            &[Sample::index([2, 2], 3)],
        ),
        layer(
            "EmbeddingBag",
            |p| EmbeddingBag::new(5, 2).bag(Bag::Max).build(p, "bag"),
            &[Sample::index([2, 2], 5)],
        ),
        layer("Flatten", |_| Flatten, &[real(&[2, 2, 2]), real(&[3])]),
        layer("Dropout", |_| Dropout::new(0.4), &[real(&[3, 3])]),
        layer("Dropout", |_| Dropout::new(0.0), &[real(&[2])]),
        layer("Dropout", |_| Dropout::new(1.0), &[real(&[2])]),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Layers along sequences, with learnt beginnings; and through sequences of different lengths.
fn recurrent() -> Vec<Case> {
    let mut params = Params::with_seed(0);
    let gru = Gru::new(2, 2).bidirectional().build(&mut params.root(), "gru");
    let padded = Case::new("Gru", &params, [real(&[3, 2, 2])], move |g, x| {
        let lengths = g.constant(cotangent::ndarray::array![2, 3]);
        let read = gru.forward_lengths(x[0], lengths, Mode::Train);
        read.output.square().sum() + read.state.sum()
    });
    [
        layer("Rnn", |p| Rnn::new(2, 2).learnt_state().build(p, "rnn"), &[real(&[3, 2, 2])]),
        layer("Rnn", |p| Rnn::new(2, 1).relu().build(p, "rnn"), &[real(&[3, 2, 2])]),
        layer("Gru", |p| Gru::new(2, 2).layers(2).dropout(0.3).build(p, "gru"), &[real(&[2, 2])]),
        layer("Lstm", |p| Lstm::new(2, 1).learnt_state().build(p, "lstm"), &[real(&[3, 2, 2])]),
        layer("Lstm", |p| Lstm::new(2, 2).proj_size(1).build(p, "lstm"), &[real(&[3, 2, 2])]),
        vec![padded],
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Attention at once and in blocks; the layer, with positions.
fn attention() -> Vec<Case> {
    let params = Params::with_seed(0);
    let samples = || [real(&[2, 3, 2]), real(&[2, 3, 2]), real(&[2, 3, 1])];
    let of = |blocks| {
        Case::new("scaled_dot_product_attention", &params, samples(), move |_, x| {
            let causal = DotProductAttention::new().masks(Masks::none().causal());
            causal.blocks(blocks).of(x[0], x[1], x[2])
        })
    };
    let whole = Case::new("scaled_dot_product_attention", &params, samples(), |_, x| {
        scaled_dot_product_attention(x[0], x[1], x[2], Masks::none())
    });
    let heads = [real(&[1, 4, 2, 2]), real(&[1, 2, 3, 2]), real(&[1, 2, 3, 1])];
    let shared = Case::new("scaled_dot_product_attention", &params, heads, |_, x| {
        let (y, weights) = DotProductAttention::new().grouped().of_weights(x[0], x[1], x[2]);
        y.square().sum() + weights.square().sum()
    });
    let rotary = RotaryEmbedding::new(2).base(3.0);
    [
        layer(
            "MultiHeadAttention",
            |p| {
                let shared = MultiHeadAttention::new(4, 4).kv_heads(2);
                shared.add_bias_kv().add_zero_attn().build(p, "attention")
            },
            &[real(&[1, 2, 4])],
        ),
        layer(
            "MultiHeadAttention",
            move |p| MultiHeadAttention::new(4, 2).rotary(rotary).build(p, "attention"),
            &[real(&[1, 2, 4])],
        ),
        layer("RotaryEmbedding", move |_| rotary, &[real(&[2, 2])]),
        layer(
            "RotaryEmbedding",
            |_| RotaryEmbedding::new(4).pairs(Pairs::Halves),
            &[real(&[2, 4])],
        ),
        layer("SinusoidalPositions", |_| SinusoidalPositions::new(2), &[real(&[3, 2])]),
        vec![whole, shared, of(Blocks::Whole), of(Blocks::Of(2))],
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Of three features: a norm of two answers ±1, and its derivatives are round-off.
fn transformers() -> Vec<Case> {
    let gelu = Activation::Gelu;
    let mut params = Params::with_seed(0);
    let one = TransformerDecoderLayer::new(3, 1).feedforward(2).activation(gelu);
    let one = one.build(&mut params.root(), "one");
    let mut stacked = Params::with_seed(1);
    let stack = TransformerDecoder::new(3, 1, 1).feedforward(2).activation(gelu).norm();
    let stack = stack.build(&mut stacked.root(), "stack");
    let samples = || [real(&[2, 3]), real(&[2, 3])];
    let of_memory = vec![
        Case::new("TransformerDecoderLayer", &params, samples(), move |_, x| {
            one.forward(x[0], x[1], Mode::Eval)
        }),
        Case::new("TransformerDecoder", &stacked, samples(), move |_, x| {
            stack.forward(x[0], x[1], Mode::Eval)
        }),
    ];
    let encoder = TransformerEncoderLayer::new(3, 1).feedforward(2).activation(gelu);
    let stack = TransformerEncoder::new(3, 1, 2).feedforward(2).activation(gelu);
    let stack = stack.norm_first().norm();
    [
        layer("TransformerEncoderLayer", |p| encoder.clone().build(p, "one"), &[real(&[2, 3])]),
        layer("TransformerEncoder", |p| stack.clone().build(p, "stack"), &[real(&[2, 3])]),
        of_memory,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What layers are made of.
fn parts() -> Vec<Case> {
    let params = Params::with_seed(0);
    let over = |axes: &'static [isize]| {
        Case::new("standardized", &params, [real(&[2, 3, 2])], move |_, x| {
            standardized(x[0], axes, 1e-2)
        })
    };
    let pair = || [real(&[2, 3]), Sample::real([3], 0.2..1.5)];
    let alike =
        Case::new("cosine_similarity", &params, pair(), |_, x| cosine_similarity(x[0], x[1], -1));
    let drawn = Case::new("gumbel_softmax", &params, [real(&[2, 3])], |_, x| {
        gumbel_softmax(x[0], 0.8, -1, false)
    });
    vec![over(&[-1]), over(&[0, 2]), alike, drawn]
}

/// The activation after another: one that is added does not compile before it has its place here.
fn next(activation: &Activation) -> Option<Activation> {
    Some(match activation {
        Activation::Identity => Activation::Relu,
        Activation::Relu => Activation::LeakyRelu(0.1),
        Activation::LeakyRelu(_) => Activation::Elu(1.3),
        Activation::Elu(_) => Activation::Gelu,
        Activation::Gelu => Activation::GeluTanh,
        Activation::GeluTanh => Activation::Silu,
        Activation::Silu => Activation::Softplus,
        Activation::Softplus => Activation::Tanh,
        Activation::Tanh => Activation::Sigmoid,
        Activation::Sigmoid => Activation::LogSigmoid,
        Activation::LogSigmoid => Activation::Mish,
        Activation::Mish => Activation::Softsign,
        Activation::Softsign => Activation::HardSigmoid,
        Activation::HardSigmoid => Activation::HardSwish,
        Activation::HardSwish => Activation::HardTanh,
        Activation::HardTanh => Activation::Relu6,
        Activation::Relu6 => Activation::Selu,
        Activation::Selu => Activation::Celu(1.3),
        Activation::Celu(_) => Activation::HardShrink(0.4),
        Activation::HardShrink(_) => Activation::SoftShrink(0.4),
        Activation::SoftShrink(_) => Activation::TanhShrink,
        Activation::TanhShrink => Activation::Threshold { threshold: 0.1, value: 2.0 },
        Activation::Threshold { .. } => return None,
    })
}

fn activations() -> Vec<Case> {
    let all = successors(Some(Activation::Identity), next);
    all.flat_map(|activation| layer("Activation", move |_| activation, &[real(&[4])])).collect()
}

fn containers() -> Vec<Case> {
    let model = |p: &mut Scope<'_>| {
        let inner = Sequential::new().then(LayerNorm::new([2]).build(p, "ln")).then(Flatten);
        Sequential::new()
            .then(Linear::new(2, 2).build(p, "fc"))
            .then(BatchNorm::new(2).build(p, "bn"))
            .then(Activation::Tanh)
            .then(Dropout::new(0.2))
            .then(inner)
    };
    layer("Sequential", model, &[real(&[4, 2])])
}

/// A loss of two real arrays of these ranges, under every reduction.
fn loss(
    of: &'static str,
    target: std::ops::Range<f64>,
    f: impl for<'g> Fn(Reduction, Var<'g>, Var<'g>) -> Var<'g> + Copy + Send + Sync + 'static,
) -> Vec<Case> {
    let samples = || [real(&[2, 3]), Sample::real([2, 3], target.clone())];
    let case = |reduction| {
        Case::new(of, &Params::with_seed(0), samples(), move |_, x| f(reduction, x[0], x[1]))
    };
    [Reduction::None, Reduction::Mean, Reduction::Sum, Reduction::BatchMean].map(case).into()
}

fn regression() -> Vec<Case> {
    [
        loss("Mse", -2.0..2.0, |reduction, x, t| Mse::new().reduction(reduction).of(x, t)),
        loss("L1", -2.0..2.0, |reduction, x, t| L1::new().reduction(reduction).of(x, t)),
        loss("Huber", -2.0..2.0, |reduction, x, t| Huber::new(0.8).reduction(reduction).of(x, t)),
        loss("SmoothL1", -2.0..2.0, |reduction, x, t| {
            SmoothL1::new().beta(0.8).reduction(reduction).of(x, t)
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Losses with a margin, whose targets are 1 and −1 by their signs.
fn margins() -> Vec<Case> {
    fn sign(t: Var<'_>) -> Var<'_> {
        t.gt(0.0).select(1.0, t.graph().full([], -1.0))
    }
    [
        loss("Hinge", -1.0..1.0, |reduction, x, t| {
            Hinge::new().reduction(reduction).of(x, sign(t))
        }),
        loss("SoftMargin", -1.0..1.0, |reduction, x, t| {
            SoftMargin::new().reduction(reduction).of(x, sign(t))
        }),
        loss("HingeEmbedding", -1.0..1.0, |reduction, x, t| {
            HingeEmbedding::new().reduction(reduction).of(x, sign(t))
        }),
        loss("MarginRanking", -1.0..1.0, |reduction, x, t| {
            let target = x.graph().full([2, 3], -1.0);
            MarginRanking::new().margin(0.3).reduction(reduction).of(x, t, target)
        }),
        loss("Contrastive", -1.0..1.0, |reduction, x, t| {
            let target = x.graph().constant(cotangent::ndarray::array![1.0, -1.0]);
            Contrastive::new().margin(3.0).reduction(reduction).of(x, t, target)
        }),
        loss("CosineEmbedding", 0.2..1.0, |reduction, x, t| {
            let target = x.graph().constant(cotangent::ndarray::array![1.0, -1.0]);
            CosineEmbedding::new().margin(-0.9).reduction(reduction).of(x, t, target)
        }),
        loss("TripletMargin", -1.0..1.0, |reduction, x, t| {
            TripletMargin::new().margin(4.0).swap(true).reduction(reduction).of(x, t, x * t)
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn likelihoods() -> Vec<Case> {
    [
        loss("Focal", 0.1..0.9, |reduction, x, t| Focal::new().reduction(reduction).of(x, t)),
        loss("MultiLabelSoftMargin", 0.1..0.9, |reduction, x, t| {
            MultiLabelSoftMargin::new().weights([1.0, 0.5, 2.0]).reduction(reduction).of(x, t)
        }),
        loss("PoissonNll", 1.1..3.0, |reduction, x, t| {
            PoissonNll::new().full(true).reduction(reduction).of(x, t)
        }),
        loss("GaussianNll", 0.3..2.0, |reduction, x, t| {
            GaussianNll::new().reduction(reduction).of(x, x.square(), t)
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn alignments() -> Vec<Case> {
    let case = |reduction| {
        Case::new("Ctc", &Params::with_seed(0), [real(&[4, 2, 3])], move |g, x| {
            let array = |of: [i64; 2]| g.constant(cotangent::ndarray::Array1::from(of.to_vec()));
            let targets = g.constant(cotangent::ndarray::array![[1, 1], [2, 0]]);
            let lengths = [array([4, 3]), array([2, 1])];
            Ctc::new().reduction(reduction).of(x[0].log_softmax(-1), targets, lengths)
        })
    };
    vec![case(Reduction::None), case(Reduction::Mean)]
}

fn divergences() -> Vec<Case> {
    [
        loss("BceWithLogits", 0.1..0.9, |reduction, x, t| {
            BceWithLogits::new().reduction(reduction).of(x, t)
        }),
        loss("BceWithLogits", 0.1..0.9, |reduction, x, t| {
            BceWithLogits::new().positive_weight(2.5).reduction(reduction).of(x, t)
        }),
        loss("KlDiv", 0.1..0.9, |reduction, x, p| KlDiv::new().reduction(reduction).of(x, p)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Losses of class labels, with their options, and of class probabilities.
fn classes() -> Vec<Case> {
    let plain = CrossEntropy::new();
    let smoothed = plain.clone().label_smoothing(0.2);
    let weighted = smoothed.clone().weights([1.0, 0.5, 3.0]).ignore_index(2);
    let each = weighted.clone().reduction(Reduction::None);
    let params = Params::with_seed(0);
    let labels = || [real(&[4, 3, 2]), Sample::index([4, 2], 3)];
    let probabilities = || [real(&[2, 3]), Sample::real([2, 3], 0.1..0.9)];
    let of_labels = |loss: CrossEntropy| {
        Case::new("CrossEntropy", &params, labels(), move |_, x| loss.of(x[0], x[1]))
    };
    let of_probabilities = |loss: CrossEntropy| {
        Case::new("CrossEntropy", &params, probabilities(), move |_, x| loss.of(x[0], x[1]))
    };
    let above = |loss: MultiMargin| {
        Case::new("MultiMargin", &params, [real(&[4, 3]), Sample::index([4], 3)], move |_, x| {
            loss.of(x[0], x[1])
        })
    };
    let nll = |loss: Nll| Case::new("Nll", &params, labels(), move |_, x| loss.of(x[0], x[1]));
    vec![
        of_labels(plain.clone()),
        of_labels(smoothed.clone()),
        of_labels(weighted),
        of_labels(each),
        of_probabilities(plain),
        of_probabilities(smoothed.weights([1.0, 0.5, 3.0])),
        above(MultiMargin::new()),
        above(MultiMargin::new().margin(0.7).squared(true).weights([1.0, 0.5, 3.0])),
        nll(Nll::new()),
        nll(Nll::new().weights([1.0, 0.5, 3.0]).ignore_index(2).reduction(Reduction::Sum)),
    ]
}

fn penalties() -> Vec<Case> {
    let mut params = Params::with_seed(0);
    let layer = Linear::new(3, 2).build(&mut params.root(), "fc");
    let weights = [layer.weight.clone(), layer.bias.clone().expect("it has one by default")];
    let again = weights.clone();
    vec![
        Case::new("l1_penalty", &params, [], move |g, _| l1_penalty(g, &weights, 0.3)),
        Case::new("l2_penalty", &params, [], move |g, _| l2_penalty(g, &again, 0.3)),
    ]
}
