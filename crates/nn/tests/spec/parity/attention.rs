//! Attention and transformers: `attention.json`, which `attention.py` writes.

use cotangent::nn::attention::{Blocks, DotProductAttention, Masks, Pairs};
use cotangent::nn::{
    Activation, Mode, MultiHeadAttention, RotaryEmbedding, TransformerDecoder,
    TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer,
};
use cotangent::{Graph, Params, Scope, Var};
use serde_json::Value as Json;

use super::{Table, array, cases, errors, inputs, set};

const MODE: Mode = Mode::Train;
const WIDTH: usize = 4;
const HEADS: usize = 2;

fn masks<'g>(g: &'g Graph, case: &Json) -> Masks<'g> {
    let truths = |name: &str| {
        let mask = &case["masks"][name];
        (!mask.is_null()).then(|| g.constant(array(mask)).ne(0.0))
    };
    let mut masks = Masks::none();
    if case["options"]["causal"] == true {
        masks = masks.causal();
    }
    if !case["options"]["added"].is_null() {
        masks = masks.mask(g.constant(array(&case["options"]["added"])));
    }
    if let Some(mask) = truths("mask") {
        masks = masks.mask(mask);
    }
    match truths("key_padding") {
        Some(padding) => masks.key_padding(padding),
        None => masks,
    }
}

/// A layer of a transformer with the options of a case.
macro_rules! built {
    ($builder:expr, $options:expr, $scope:expr) => {{
        let builder = $builder.feedforward(3).dropout(0.0);
        let gelu = $options["activation"] == "gelu";
        let builder = builder.activation(if gelu { Activation::Gelu } else { Activation::Relu });
        let builder = builder.bias($options["bias"] != false);
        let builder = if $options["norm_first"] == true { builder.norm_first() } else { builder };
        builder.build($scope, "layer")
    }};
}

/// The answers of a case, by every way that there is.
type Answer = Box<dyn for<'g> Fn(&'g Graph, &[Var<'g>], Masks<'g>) -> Var<'g>>;

fn answers(case: &Json, scope: &mut Scope<'_>) -> Vec<Answer> {
    let options = &case["options"];
    let extent = |name: &str| options[name].as_u64().map_or(WIDTH, |extent| extent as usize);
    let normed = options["norm"] == true;
    match case["kind"].as_str().unwrap() {
        "DotProductAttention" => {
            let scale = options["scale"].as_f64();
            let of = move |blocks| -> Answer {
                Box::new(move |_, x, masks| {
                    let attention = DotProductAttention::new().masks(masks).blocks(blocks);
                    let attention = scale.map_or(attention, |scale| attention.scale(scale));
                    attention.of(x[0], x[1], x[2])
                })
            };
            [Blocks::Auto, Blocks::Whole, Blocks::Of(1), Blocks::Of(2)].map(of).into()
        }
        "MultiHeadAttention" => {
            let bias = options["bias"] != false;
            let layer = MultiHeadAttention::new(WIDTH, HEADS).bias(bias);
            let layer = layer.kdim(extent("kdim")).vdim(extent("vdim")).build(scope, "layer");
            vec![Box::new(move |_, x, masks| match *x {
                [x] => layer.forward_masked(x, masks, MODE),
                _ => layer.attend([x[0], x[1], x[2]], masks, MODE),
            })]
        }
        "RotaryEmbedding" => {
            let pairs = if options["halves"] == true { Pairs::Halves } else { Pairs::Interleaved };
            let rotary = RotaryEmbedding::new(6).base(100.0).pairs(pairs);
            vec![Box::new(move |_, x, _| rotary.forward(x[0]))]
        }
        "TransformerEncoderLayer" => {
            let layer = built!(TransformerEncoderLayer::new(WIDTH, HEADS), options, scope);
            vec![Box::new(move |_, x, masks| layer.forward_masked(x[0], masks, MODE))]
        }
        "TransformerDecoderLayer" => {
            let layer = built!(TransformerDecoderLayer::new(WIDTH, HEADS), options, scope);
            vec![Box::new(move |_, x, masks| {
                layer.forward_masked(x[0], x[1], [masks, Masks::none()], MODE)
            })]
        }
        "TransformerEncoder" => {
            let stack = TransformerEncoder::new(WIDTH, HEADS, 2);
            let stack = built!(if normed { stack.norm() } else { stack }, options, scope);
            vec![Box::new(move |_, x, masks| stack.forward_masked(x[0], masks, MODE))]
        }
        "TransformerDecoder" => {
            let stack = TransformerDecoder::new(WIDTH, HEADS, 2);
            let stack = built!(if normed { stack.norm() } else { stack }, options, scope);
            vec![Box::new(move |_, x, masks| {
                stack.forward_masked(x[0], x[1], [masks, Masks::none()], MODE)
            })]
        }
        other => panic!("{other} is no kind"),
    }
}

pub fn compare(table: &mut Table) {
    for case in &cases(include_str!("attention.json")) {
        let mut params = Params::<f64>::with_seed(0);
        let answers = answers(case, &mut params.root());
        let paths = set(&mut params, &case["parameters"]);
        for answer in answers {
            let g = Graph::new();
            let x = inputs(&g, &mut params, case);
            let y = answer(&g, &x, masks(&g, case));
            let weights = paths.iter().map(|path| params.entry(params.id(path).unwrap()).unwrap());
            let of =
                x.iter().copied().chain(weights.map(|weight| g.param(weight))).collect::<Vec<_>>();
            table.add(
                case["kind"].as_str().unwrap(),
                &case["options"],
                errors(case, &params, y, &of),
            );
        }
    }
}
