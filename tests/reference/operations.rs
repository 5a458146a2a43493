//! The operations of the reference programs, by name, in terms of ours.

use cotangent::nn::loss::{BceWithLogits, CrossEntropy, Huber, KlDiv, L1, Mse, Reduction};
use cotangent::ops::{Conv, Divisor, Window};
use cotangent::{Axes, Graph, Span, Var, keep};
use serde_json::Value as Json;

use crate::format::{number, shape};

/// An operation or attribute that is not there.
pub struct Unknown(pub String);

/// Records an operation on its arguments.
pub fn record<'g>(
    graph: &'g Graph,
    op: &str,
    x: &[Var<'g>],
    attrs: &Json,
) -> Result<Var<'g>, Unknown> {
    elementwise(op, x, attrs)
        .or_else(|| reduction(op, x, attrs))
        .or_else(|| rearrangement(graph, op, x, attrs))
        .or_else(|| loss(op, x, attrs))
        .or_else(|| normalization(op, x, attrs))
        .or_else(|| linear_algebra(op, x))
        .or_else(|| windows(op, x, attrs))
        .ok_or_else(|| Unknown(op.to_owned()))
}

fn elementwise<'g>(op: &str, x: &[Var<'g>], attrs: &Json) -> Option<Var<'g>> {
    let attr = |name: &str| number(&attrs[name]);
    Some(match op {
        "add" => x[0] + x[1],
        "sub" => x[0] - x[1],
        "mul" => x[0] * x[1],
        "div" => x[0] / x[1],
        "pow" => x[0].pow(x[1]),
        "atan2" => x[0].atan2(x[1]),
        "maximum" => x[0].maximum(x[1]),
        "minimum" => x[0].minimum(x[1]),
        "neg" => -x[0],
        "exp" => x[0].exp(),
        "log" => x[0].ln(),
        "sqrt" => x[0].sqrt(),
        "square" => x[0].square(),
        "abs" => x[0].abs(),
        "sigmoid" => x[0].sigmoid(),
        "tanh" => x[0].tanh(),
        "relu" => x[0].relu(),
        "silu" => x[0].silu(),
        "softplus" => x[0].softplus(),
        "log1p" => x[0].log1p(),
        "expm1" => x[0].expm1(),
        "sin" => x[0].sin(),
        "cos" => x[0].cos(),
        "erf" => x[0].erf(),
        "reciprocal" => x[0].recip(),
        "gelu_erf" => x[0].gelu(),
        "gelu_tanh" => x[0].gelu_tanh(),
        "powc" => x[0].powf(attr("p")),
        "leaky_relu" => x[0].leaky_relu(attr("slope")),
        "elu" => x[0].elu(attr("alpha")),
        "clamp" => x[0].clamp(attr("lo"), attr("hi")),
        "scale" => x[0] * attr("c"),
        "add_const" => x[0] + attr("c"),
        "gt_const" => x[0].gt(attr("c")),
        "where" => x[0].select(x[1], x[2]),
        "matmul" => x[0].matmul(x[1]),
        _ => return None,
    })
}

fn reduction<'g>(op: &str, x: &[Var<'g>], attrs: &Json) -> Option<Var<'g>> {
    let ddof = || number(&attrs["ddof"]) as usize;
    let axis = || number(&attrs["axis"]) as isize;
    Some(match op {
        "sum" => x[0].sum_over(axes(attrs)),
        "mean" => x[0].mean_over(axes(attrs)),
        "max" => x[0].max_over(axes(attrs)),
        "min" => x[0].min_over(axes(attrs)),
        "prod" => x[0].prod_over(axes(attrs)),
        "logsumexp" => x[0].logsumexp_over(axes(attrs)),
        "var" => x[0].variance_over(axes(attrs), ddof()),
        "std" => x[0].std_over(axes(attrs), ddof()),
        "norm2" => x[0].norm_over(axes(attrs)),
        "softmax" => x[0].softmax(axis()),
        "log_softmax" => x[0].log_softmax(axis()),
        "cumsum" => x[0].cumsum(axis()),
        _ => return None,
    })
}

/// The axes of a reduction: all for null, else a list or a number.
fn axes(attrs: &Json) -> Axes {
    let axes = match &attrs["axis"] {
        Json::Null => Axes::from(..),
        Json::Array(list) => Axes::from(&integers(list)[..]),
        axis => Axes::from(number(axis) as isize),
    };
    if attrs["keepdims"] == true { keep(axes) } else { axes }
}

fn integers(list: &[Json]) -> Vec<isize> {
    list.iter().map(|x| number(x) as isize).collect()
}

fn rearrangement<'g>(graph: &'g Graph, op: &str, x: &[Var<'g>], attrs: &Json) -> Option<Var<'g>> {
    let axis = || number(&attrs["axis"]) as isize;
    let list = |name: &str| attrs[name].as_array().expect("a list");
    Some(match op {
        "transpose" => x[0].permute(integers(list("perm"))),
        "reshape" => x[0].reshape(integers(list("shape"))),
        "broadcast_to" => x[0].broadcast_to(shape(&attrs["shape"])),
        "concat" => graph.concat(x, axis()),
        "stack" => graph.stack(x, axis()),
        "slice" => x[0].slice(&list("slices").iter().map(span).collect::<Vec<_>>()),
        "pad" => {
            x[0].pad(list("pads").iter().map(pair).collect::<Vec<_>>(), number(&attrs["value"]))
        }
        "flip" => x[0].flip(axes(attrs)),
        "gather" => x[0].gather(axis(), x[1]),
        "index_select" => x[0].take(axis(), x[1]),
        "embedding" => x[0].embedding(x[1]),
        "scatter_add" => x[0].scatter_add(axis(), x[1], x[2]),
        _ => return None,
    })
}

/// `[start, stop, step]`, each of which may be null.
fn span(json: &Json) -> Span {
    let at = |i: usize| (!json[i].is_null()).then(|| number(&json[i]) as isize);
    Span { start: at(0), stop: at(1), step: at(2).unwrap_or(1) }
}

fn pair(json: &Json) -> (usize, usize) {
    (number(&json[0]) as usize, number(&json[1]) as usize)
}

fn loss<'g>(op: &str, x: &[Var<'g>], attrs: &Json) -> Option<Var<'g>> {
    let reduction = match attrs["reduction"].as_str() {
        Some("none") => Reduction::None,
        Some("sum") => Reduction::Sum,
        _ => Reduction::Mean,
    };
    Some(match op {
        "mse" => Mse::new().reduction(reduction).of(x[0], x[1]),
        "l1" => L1::new().reduction(reduction).of(x[0], x[1]),
        "huber" => Huber::new(number(&attrs["delta"])).reduction(reduction).of(x[0], x[1]),
        "bce_with_logits" => BceWithLogits::new().reduction(reduction).of(x[0], x[1]),
        "kl_div" => KlDiv::new().of(x[0], x[1]),
        "cross_entropy" => {
            let smoothing = attrs.get("label_smoothing").map_or(0.0, number);
            CrossEntropy::new().label_smoothing(smoothing).reduction(reduction).of(x[0], x[1])
        }
        _ => return None,
    })
}

/// The layers of the reference, with γ and β as variables.
fn normalization<'g>(op: &str, x: &[Var<'g>], attrs: &Json) -> Option<Var<'g>> {
    let normalized = |axes: &[isize]| {
        let mean = x[0].mean_over(keep(axes));
        let variance = x[0].variance_over(keep(axes), 0);
        (x[0] - mean) * (variance + number(&attrs["eps"])).rsqrt()
    };
    let rank = x.first()?.rank() as isize;
    match op {
        "batch_norm" => {
            let others: Vec<isize> = (0..rank).filter(|&axis| axis != 1).collect();
            // Channels lie along axis 1: the axes behind it have extent 1 in γ and β.
            let behind = vec![1; (rank - 2) as usize];
            let channels = [&[-1], &behind[..]].concat();
            Some(normalized(&others) * x[1].reshape(&channels) + x[2].reshape(&channels))
        }
        "layer_norm" => {
            let trailing: Vec<isize> = (rank - x[1].rank() as isize..rank).collect();
            Some(normalized(&trailing) * x[1] + x[2])
        }
        _ => None,
    }
}

fn linear_algebra<'g>(op: &str, x: &[Var<'g>]) -> Option<Var<'g>> {
    Some(match op {
        "cholesky" => x[0].cholesky(),
        "solve" => x[0].solve(x[1]),
        "inverse" => x[0].inverse(),
        "logabsdet" => x[0].logabsdet(),
        "det" => x[0].det(),
        _ => return None,
    })
}

fn windows<'g>(op: &str, x: &[Var<'g>], attrs: &Json) -> Option<Var<'g>> {
    match op {
        "conv2d" => {
            let options = Conv::new()
                .stride(both(attrs, "stride", [1; 2]))
                .padding(both(attrs, "padding", [0; 2]))
                .dilation(both(attrs, "dilation", [1; 2]))
                .groups(both(attrs, "groups", [1; 2])[0]);
            let y = x[0].conv2d(x[1], options);
            Some(x.get(2).map_or(y, |bias| y + bias.reshape([-1, 1, 1])))
        }
        "max_pool2d" => Some(x[0].max_pool2d(window(attrs)?)),
        "avg_pool2d" => {
            let divisor = match attrs.get("count_include_pad") {
                Some(Json::Bool(false)) => Divisor::Inside,
                _ => Divisor::Window,
            };
            Some(x[0].avg_pool2d(window(attrs)?, divisor))
        }
        _ => None,
    }
}

/// The window of a pooling, which moves by its own size unless a stride is given. Its size is the
/// attribute that is none of the others: the description of the format gives it no name.
fn window(attrs: &Json) -> Option<Window<2>> {
    let others = ["stride", "padding", "dilation", "count_include_pad", "ceil_mode"];
    let mut names = attrs.as_object()?.keys().filter(|name| !others.contains(&name.as_str()));
    let kernel = both(attrs, names.next()?, [1; 2]);
    let window = Window::new(kernel).stride(both(attrs, "stride", kernel));
    Some(window.padding(both(attrs, "padding", [0; 2])).dilation(both(attrs, "dilation", [1; 2])))
}

/// An attribute for height and width, which may be one number for both, or for each of them that
/// before and after, which are equal.
fn both(attrs: &Json, name: &str, default: [usize; 2]) -> [usize; 2] {
    let one = |json: &Json| match json {
        Json::Array(sides) => number(&sides[0]) as usize,
        json => number(json) as usize,
    };
    match &attrs[name] {
        Json::Null => default,
        Json::Array(list) => [one(&list[0]), one(list.last().expect("a list of two"))],
        json => [one(json); 2],
    }
}
