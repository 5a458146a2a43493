//! Attention and transformers: `attention.json`, which `attention.py` writes.

use cotangent::nn::attention::{Blocks, DotProductAttention, Masks, Pairs};
use cotangent::nn::{
    Activation, Mode, MultiHeadAttention, RotaryEmbedding, TransformerDecoder,
    TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer,
};
use cotangent::{Graph, Params, Scope, Var};
use ndarray::arr0;
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
    if let Some(position) = case["options"]["causal_from"].as_i64() {
        masks = masks.causal_from(g.constant(arr0(position)));
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

/// What a causal attention answers of a sequence that is read in pieces of so many elements, by a cache that is longer.
fn cached<'g>(layer: &MultiHeadAttention, x: Var<'g>, piece: usize) -> Var<'g> {
    let (g, length) = (x.graph(), x.shape()[1]);
    let mut cache = g.full(layer.cache_shape(x.shape()[0], length + 2), 7.0);
    let mut parts = Vec::new();
    for from in (0..length).step_by(piece) {
        let part = x.slice_axis(1, from..length.min(from + piece));
        let (y, written) = layer.forward_cached(part, g.constant(arr0(from as i64)), cache);
        parts.push(y);
        cache = written;
    }
    g.concat(&parts, 1)
}

/// The answers of a case, by every way that there is.
type Answer = Box<dyn for<'g> Fn(&'g Graph, &[Var<'g>], Masks<'g>) -> Var<'g>>;

fn answers(case: &Json, scope: &mut Scope<'_>) -> Vec<Answer> {
    let options = &case["options"];
    let given = |name: &str| options[name].as_u64().map(|extent| extent as usize);
    let normed = options["norm"] == true;
    match case["kind"].as_str().unwrap() {
        "DotProductAttention" => {
            let scale = options["scale"].as_f64();
            let grouped = options["grouped"] == true;
            let of = move |blocks| -> Answer {
                Box::new(move |_, x, masks| {
                    let attention = DotProductAttention::new().masks(masks).blocks(blocks);
                    let attention = scale.map_or(attention, |scale| attention.scale(scale));
                    let attention = if grouped { attention.grouped() } else { attention };
                    attention.of(x[0], x[1], x[2])
                })
            };
            [Blocks::Auto, Blocks::Whole, Blocks::Of(1), Blocks::Of(2)].map(of).into()
        }
        "MultiHeadAttention" => {
            let [width, heads] = [("width", WIDTH), ("heads", HEADS)]
                .map(|(name, default)| given(name).unwrap_or(default));
            let layer = MultiHeadAttention::new(width, heads).bias(options["bias"] != false);
            let layer = layer.kv_heads(given("kv_heads").unwrap_or(heads));
            let layer = layer.kdim(given("kdim").unwrap_or(width));
            let layer = layer.vdim(given("vdim").unwrap_or(width));
            let layer = if options["add_bias_kv"] == true { layer.add_bias_kv() } else { layer };
            let layer =
                if options["add_zero_attn"] == true { layer.add_zero_attn() } else { layer };
            let layer = layer.build(scope, "layer");
            let mut answers: Vec<Answer> = Vec::new();
            if options["cached"] == true {
                for piece in [1, 2, 3, 5] {
                    let layer = layer.clone();
                    answers.push(Box::new(move |_, x, _| cached(&layer, x[0], piece)));
                }
            }
            let weights = options["weights"].as_str().map(str::to_owned);
            answers.push(Box::new(move |g, x, masks| {
                let given = if let [x] = *x { [x; 3] } else { [x[0], x[1], x[2]] };
                let Some(which) = &weights else { return layer.attend(given, masks, MODE) };
                let (y, weights) = layer.attend_weights(given, masks, MODE);
                let weights = if which == "mean" { weights.mean_over(-3) } else { weights };
                g.concat(&[y.flatten(), weights.flatten()], 0)
            }));
            answers
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
