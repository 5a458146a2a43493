//! What a model consists of: printed, counted, walked.

use std::collections::BTreeSet;
use std::sync::Arc;

use cotangent::nn::{
    Activation, AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool1d,
    AdaptiveMaxPool2d, AdaptiveMaxPool3d, AlphaDropout, AvgPool1d, AvgPool2d, AvgPool3d, BatchNorm,
    Bilinear, Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, Dropout,
    Dropout2d, Embedding, EmbeddingBag, Flatten, Glu, GroupNorm, Gru, Identity, InstanceNorm,
    LayerNorm, Layers, Linear, LocalResponseNorm, Lstm, MaxPool1d, MaxPool2d, MaxPool3d, Mode,
    Module, MultiHeadAttention, PRelu, Pad1d, Pad2d, Pad3d, PixelShuffle, PixelUnshuffle, RmsNorm,
    Rnn, RotaryEmbedding, Sequential, SinusoidalPositions, SpectralNorm, SwiGlu,
    TransformerDecoder, TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer, Tree,
    Unflatten, Upsample, WeightNorm, every_part,
};
use cotangent::ops::PaddingMode;
use cotangent::{Param, Params, Scope, Var};

/// A layer of each kind, in a store that has nothing else.
fn every_layer(p: &mut Scope<'_>) -> Vec<Box<dyn Layers>> {
    vec![
        Box::new(Activation::LeakyRelu(0.1)),
        Box::new(
            MultiHeadAttention::new(4, 2).kv_heads(1).add_bias_kv().build(p, "MultiHeadAttention"),
        ),
        Box::new(RotaryEmbedding::new(4)),
        Box::new(SinusoidalPositions::new(4)),
        Box::new(BatchNorm::new(4).build(p, "BatchNorm")),
        Box::new(Bilinear::new(2, 3, 4).build(p, "Bilinear")),
        Box::new(AlphaDropout::new(0.1)),
        Box::new(Dropout2d::new(0.1)),
        Box::new(Conv1d::new(2, 4, 3).groups(2).build(p, "Conv1d")),
        Box::new(Conv2d::new(2, 4, [3, 2]).stride(2).padding(1).build(p, "Conv2d")),
        Box::new(Conv3d::new(2, 4, 3).bias(false).build(p, "Conv3d")),
        Box::new(ConvTranspose1d::new(4, 6, 3).groups(2).build(p, "ConvTranspose1d")),
        Box::new(ConvTranspose2d::new(2, 4, 3).stride([2, 1]).build(p, "ConvTranspose2d")),
        Box::new(ConvTranspose3d::new(2, 4, 3).build(p, "ConvTranspose3d")),
        Box::new(Dropout::new(0.1)),
        Box::new(Embedding::new(5, 4).build(p, "Embedding")),
        Box::new(EmbeddingBag::new(5, 4).build(p, "EmbeddingBag")),
        Box::new(Flatten),
        Box::new(Identity),
        Box::new(Unflatten::new([2, 2])),
        Box::new(Glu::new(-1)),
        Box::new(SwiGlu::build(4, 8, p, "SwiGlu")),
        Box::new(GroupNorm::new(2, 4).build(p, "GroupNorm")),
        Box::new(InstanceNorm::new(4).affine(true).build(p, "InstanceNorm")),
        Box::new(LayerNorm::new(4).build(p, "LayerNorm")),
        Box::new(Linear::new(3, 4).build(p, "Linear")),
        Box::new(LocalResponseNorm::new(3)),
        Box::new(SpectralNorm::new(Linear::new(3, 4)).build(p, "SpectralNorm")),
        Box::new(WeightNorm::new(Linear::new(3, 4)).build(p, "WeightNorm")),
        Box::new(Pad1d::new(1)),
        Box::new(Pad2d::new(1).mode(PaddingMode::Reflect)),
        Box::new(Pad3d::ends([(0, 1), (1, 0), (1, 2)])),
        Box::new(AdaptiveAvgPool1d::new(2)),
        Box::new(AdaptiveAvgPool2d::new([2, 3])),
        Box::new(AdaptiveAvgPool3d::new(2)),
        Box::new(AdaptiveMaxPool1d::new(2)),
        Box::new(AdaptiveMaxPool2d::new(2)),
        Box::new(AdaptiveMaxPool3d::new(2)),
        Box::new(AvgPool1d::new(2)),
        Box::new(AvgPool2d::new(2)),
        Box::new(AvgPool3d::new(2)),
        Box::new(MaxPool1d::new(2)),
        Box::new(MaxPool2d::new(3).stride(2).padding(1)),
        Box::new(MaxPool3d::new(2)),
        Box::new(PRelu::new().build(p, "PRelu")),
        Box::new(Gru::new(3, 4).bidirectional().build(p, "Gru")),
        Box::new(Lstm::new(3, 4).layers(2).proj_size(2).learnt_state().build(p, "Lstm")),
        Box::new(Rnn::new(3, 4).build(p, "Rnn")),
        Box::new(PixelShuffle(2)),
        Box::new(PixelUnshuffle(2)),
        Box::new(Upsample::new(2)),
        Box::new(Upsample::new([1.5, 3.0])),
        Box::new(Upsample::size([7, 30])),
        Box::new(RmsNorm::new(4).build(p, "RmsNorm")),
        Box::new(Sequential::new().then(Flatten)),
        Box::new(TransformerDecoder::new(4, 2, 1).build(p, "TransformerDecoder")),
        Box::new(TransformerDecoderLayer::new(4, 2).build(p, "TransformerDecoderLayer")),
        Box::new(TransformerEncoder::new(4, 2, 1).build(p, "TransformerEncoder")),
        Box::new(TransformerEncoderLayer::new(4, 2).build(p, "TransformerEncoderLayer")),
    ]
}

#[test]
fn every_layer_says_its_kind_and_all_that_it_built() {
    let mut params = Params::seeded(0);
    let layers = every_layer(&mut params.root());
    let mut said = BTreeSet::new();
    for layer in layers {
        let tree = layer.tree();
        let own = |param: &&Param| param.path().split('.').next() == Some(tree.kind());
        let built: BTreeSet<&str> = params.entries().iter().filter(own).map(Param::path).collect();
        let parameters = tree.parameters();
        let told: BTreeSet<&str> = parameters.iter().map(|(_, param)| param.path()).collect();
        assert_eq!(told, built, "{}", tree.kind());
        said.insert(tree.kind().to_owned());
    }
    // In the list of all parts, layers stand before functions, whose names are small.
    let layers = every_part().into_iter().take_while(|name| name.starts_with(char::is_uppercase));
    // `ChannelDropout` is `Dropout1d` to `Dropout3d`.
    assert_eq!(said, layers.map(str::to_owned).collect());
}

#[test]
fn layers_say_their_sizes() {
    let mut params = Params::seeded(0);
    let trees = every_layer(&mut params.root()).into_iter().map(|layer| layer.tree());
    let said: Vec<String> = trees
        .filter_map(|tree| Some(format!("{}({})", tree.kind(), tree.description()?)))
        .collect();
    for expected in [
        "Activation(LeakyRelu(0.1))",
        "MultiHeadAttention(4, 2 heads, 1 of keys)",
        "BatchNorm(4)",
        "Conv1d(2 → 4, 3, 2 groups)",
        "Conv2d(2 → 4, 3×2, stride 2, padding 1)",
        "ConvTranspose1d(4 → 6, 3, 2 groups)",
        "ConvTranspose2d(2 → 4, 3×3, stride 2×1)",
        "Embedding(5 → 4)",
        "LayerNorm([4])",
        "Linear(3 → 4)",
        "AdaptiveAvgPool2d(2×3)",
        "Pad2d(1+1, 1+1, Reflect)",
        "Pad3d(0+1, 1+0, 1+2)",
        "MaxPool2d(3×3, stride 2, padding 1)",
        "Lstm(3 → 4 → 2, 2 layers)",
        "Gru(3 → 4, bidirectional)",
        "Upsample(2, Nearest)",
        "Upsample(1.5×3, Nearest)",
        "Upsample(to 7×30, Nearest)",
    ] {
        assert!(said.iter().any(|said| said == expected), "{expected}: {said:#?}");
    }
}

#[derive(Debug, Layers)]
struct Block {
    conv: Conv2d,
    norm: BatchNorm,
    shortcut: Option<(Conv2d, BatchNorm)>,
}

#[derive(Layers)]
struct Net<H> {
    blocks: Vec<Block>,
    scale: Param,
    #[layers(skip)]
    classes: usize,
    head: H,
}

fn block(p: &mut Scope<'_>, name: &str, shortcut: bool) -> Block {
    let p = &mut p.child(name);
    let conv = |p: &mut Scope<'_>, name: &str| Conv2d::new(3, 3, 1).build(p, name);
    Block {
        conv: conv(p, "conv"),
        norm: BatchNorm::new(3).build(p, "norm"),
        shortcut: shortcut.then(|| (conv(p, "other"), BatchNorm::new(3).build(p, "other_norm"))),
    }
}

fn net<H>(p: &mut Scope<'_>, head: impl FnOnce(&mut Scope<'_>) -> H) -> Net<H> {
    let blocks = vec![block(p, "first", true), block(p, "second", false)];
    let scale = p.parameter("scale", ndarray::arr1(&[1.0, 1.0, 1.0]).into_dyn());
    Net { blocks, scale, classes: 10, head: head(p) }
}

#[test]
fn a_struct_prints_as_a_tree_of_its_fields() {
    let mut params = Params::seeded(0);
    let net = net(&mut params.root(), |p| Linear::new(300, 10).build(p, "head"));
    assert_eq!(net.classes, 10);
    let expected = "\
Net                                3,067
├─ blocks: list                       54
│  ├─ 0: Block                        36
│  │  ├─ conv: Conv2d(3 → 3, 1×1)     12
│  │  ├─ norm: BatchNorm(3)            6
│  │  └─ shortcut: tuple              18
│  │     ├─ 0: Conv2d(3 → 3, 1×1)     12
│  │     └─ 1: BatchNorm(3)            6
│  └─ 1: Block                        18
│     ├─ conv: Conv2d(3 → 3, 1×1)     12
│     └─ norm: BatchNorm(3)            6
├─ scale: Param([3])                   3
└─ head: Linear(300 → 10)          3,010
3,067 trainable parameters, 21 in buffers";
    assert_eq!(net.tree().to_string(), expected);
    assert_eq!(net.tree().trainable(), params.trainable_count());
}

#[test]
fn everything_is_walked_with_its_path_each_part_before_what_is_in_it() {
    let mut params = Params::seeded(0);
    let p = &mut params.root();
    let pair = [Some(Linear::new(1, 1).build(p, "a")), None];
    let shared = Arc::new(Linear::new(1, 1).bias(false).build(p, "b"));
    let tree = (pair, Box::new(shared)).tree();
    let paths: Vec<String> = tree.walk().into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["", "0", "0.0", "0.0.weight", "0.0.bias", "1", "1.weight"]);
    let parameters = tree.parameters();
    let told: Vec<_> =
        parameters.iter().map(|(path, param)| (path.as_str(), param.path())).collect();
    assert_eq!(
        told,
        [("0.0.weight", "a.weight"), ("0.0.bias", "a.bias"), ("1.weight", "b.weight")]
    );
}

#[test]
fn what_is_shared_counts_once() {
    let mut params = Params::seeded(0);
    let p = &mut params.root();
    let embedding = Embedding::new(7, 3).build(p, "embedding");
    let mut head = Linear::new(3, 7).build(p, "head");
    head.weight = embedding.weight.clone();
    let tree = (embedding, head).tree();
    assert_eq!((tree.trainable(), tree.parameters().len()), (28, 2));
    let printed = tree.to_string();
    assert!(printed.contains("├─ 0: Embedding(7 → 3)  21\n"), "{printed}");
    assert!(printed.contains("└─ 1: Linear(3 → 7)     28  shared\n"), "{printed}");
    assert!(printed.ends_with("\n28 trainable parameters, 0 in buffers"), "{printed}");
}

/// A module that says what it consists of, if it is asked to.
#[derive(Debug, Layers)]
struct Residual<const SAYS: bool>(Linear);

impl<const SAYS: bool> Module for Residual<SAYS> {
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        x + self.0.forward(x)
    }

    fn as_layers(&self) -> Option<&dyn Layers> {
        if SAYS { Some(self) } else { None }
    }
}

#[test]
fn what_is_behind_dyn_module_is_known_or_printed_as_unknown() {
    let mut params = Params::seeded(0);
    let mut linear = |name| Linear::new(2, 2).build(&mut params.root(), name);
    let model = Sequential::new()
        .then(linear("a"))
        .then(Box::new(Residual::<true>(linear("b"))) as Box<dyn Module>)
        .then(Residual::<false>(linear("c")));
    let tree = model.tree();
    assert_eq!((tree.trainable(), tree.unknown()), (12, vec!["2".to_owned()]));
    let expected = "\
Sequential              12
├─ 0: Linear(2 → 2)      6
├─ 1: Residual           6
│  └─ 0: Linear(2 → 2)   6
└─ 2: Residual           ?  its layers are not known
12 trainable parameters, 0 in buffers";
    assert_eq!(tree.to_string(), expected);
}

#[derive(Layers)]
struct Nothing;

#[derive(Layers)]
struct Either<A: Layers, B>(A, #[layers(skip)] B)
where
    B: Copy;

#[test]
fn structs_without_fields_and_with_parameters_are_derived() {
    assert_eq!(Nothing.tree(), Tree::new("Nothing"));
    assert_eq!(Nothing.tree().to_string(), "Nothing  0\n0 trainable parameters, 0 in buffers");
    let mut params = Params::seeded(0);
    let net = net(&mut params.root(), |p| vec![Linear::new(1, 1).build(p, "head")]);
    let tree = Either(net, 1).tree();
    assert_eq!(tree.parts()[0].1.kind(), "Net");
    assert_eq!(tree.trainable(), params.trainable_count());
}
