//! Losses: `losses.json`, which `losses.py` writes.

use cotangent::nn::cosine_similarity;
use cotangent::nn::loss::{
    BceWithLogits, Contrastive, CosineEmbedding, CrossEntropy, Ctc, Focal, GaussianNll, Hinge,
    HingeEmbedding, Huber, KlDiv, L1, MarginRanking, Mse, MultiLabelSoftMargin, MultiMargin, Nll,
    PoissonNll, Reduction, SmoothL1, SoftMargin, TripletMargin,
};
use cotangent::{Graph, Params, Var};
use serde_json::Value as Json;

use super::{Table, array, cases, errors, given, list};

/// The loss of a case.
fn loss<'g>(case: &Json, x: &[Var<'g>]) -> Var<'g> {
    let options = &case["options"];
    let reduction = match options["reduction"].as_str().unwrap() {
        "none" => Reduction::None,
        "mean" => Reduction::Mean,
        "sum" => Reduction::Sum,
        other => panic!("{other} is no reduction"),
    };
    let number = |name: &str| options[name].as_f64().unwrap();
    let flag = |name: &str| options[name].as_bool().unwrap();
    let weights = options["weights"].as_array();
    let weights = weights.map(|all| all.iter().map(|w| w.as_f64().unwrap()).collect::<Vec<_>>());
    let ignored = options["ignored"].as_i64();
    macro_rules! reduced {
        ($loss:expr) => {
            $loss.reduction(reduction)
        };
    }
    match case["kind"].as_str().unwrap() {
        "Huber" => reduced!(Huber::new(number("delta"))).of(x[0], x[1]),
        "SmoothL1" => reduced!(SmoothL1::new().beta(number("beta"))).of(x[0], x[1]),
        "KlDiv" => reduced!(KlDiv::new().log_target(flag("log_target"))).of(x[0], x[1]),
        "Hinge" => reduced!(Hinge::new()).of(x[0], x[1]),
        "HingeEmbedding" => reduced!(HingeEmbedding::new().margin(number("margin"))).of(x[0], x[1]),
        "MarginRanking" => {
            reduced!(MarginRanking::new().margin(number("margin"))).of(x[0], x[1], x[2])
        }
        "CosineEmbedding" => {
            reduced!(CosineEmbedding::new().margin(number("margin"))).of(x[0], x[1], x[2])
        }
        "Contrastive" => reduced!(Contrastive::new().margin(number("margin"))).of(x[0], x[1], x[2]),
        "TripletMargin" => {
            let loss = TripletMargin::new().margin(number("margin")).swap(flag("swap"));
            let loss = options["p"].as_f64().map_or(loss, |p| loss.p(p).eps(number("eps")));
            match options["distance"].is_null() {
                true => reduced!(loss).of(x[0], x[1], x[2]),
                false => {
                    reduced!(loss).of_by(x[0], x[1], x[2], |x, y| 1.0 - cosine_similarity(x, y, -1))
                }
            }
        }
        "MultiLabelSoftMargin" => {
            let loss = MultiLabelSoftMargin::new();
            let loss = weights.map_or(loss.clone(), |weights| loss.weights(weights));
            reduced!(loss).of(x[0], x[1])
        }
        "MultiMargin" => {
            let loss = MultiMargin::new().margin(number("margin")).squared(flag("squared"));
            let loss = weights.map_or(loss.clone(), |weights| loss.weights(weights));
            reduced!(loss).of(x[0], x[1])
        }
        "SoftMargin" => reduced!(SoftMargin::new()).of(x[0], x[1]),
        "cosine_similarity" => cosine_similarity(x[0], x[1], number("axis") as isize),
        "Focal" => {
            let loss = Focal::new().alpha(options["alpha"].as_f64()).gamma(number("gamma"));
            reduced!(loss).of(x[0], x[1])
        }
        "PoissonNll" => {
            let loss = PoissonNll::new().log_input(flag("log_input")).full(flag("full"));
            reduced!(loss).of(x[0], x[1])
        }
        "GaussianNll" => reduced!(GaussianNll::new().full(flag("full"))).of(x[0], x[1], x[2]),
        "CrossEntropy" => {
            let loss = CrossEntropy::new().label_smoothing(number("smoothing"));
            let loss = weights.map_or(loss.clone(), |weights| loss.weights(weights));
            let loss = ignored.map_or(loss.clone(), |label| loss.ignore_index(label));
            reduced!(loss).of(x[0], x[1])
        }
        "Mse" => reduced!(Mse::new()).of(x[0], x[1]),
        "L1" => reduced!(L1::new()).of(x[0], x[1]),
        "BceWithLogits" => {
            let positive = serde_json::from_value::<Option<Vec<f64>>>(options["positive"].clone());
            let loss = BceWithLogits::new();
            let loss = positive.unwrap().map_or(loss.clone(), |w| loss.positive_weight(w));
            match x.get(2) {
                Some(&weights) => reduced!(loss).of_weighted(x[0], x[1], weights),
                None => reduced!(loss).of(x[0], x[1]),
            }
        }
        "Nll" => {
            let loss = Nll::new();
            let loss = weights.map_or(loss.clone(), |weights| loss.weights(weights));
            let loss = ignored.map_or(loss.clone(), |label| loss.ignore_index(label));
            reduced!(loss).of(x[0], x[1])
        }
        "Ctc" => {
            let loss = Ctc::new().blank(options["blank"].as_u64().unwrap() as usize);
            let loss = reduced!(loss.zero_infinity(flag("zero_infinity")));
            loss.of(x[0].log_softmax(-1), x[1], [x[2], x[3]])
        }
        other => panic!("{other} is no kind"),
    }
}

/// The inputs of these losses that hold indices.
fn is_index(case: &Json, position: usize) -> bool {
    let kind = case["kind"].as_str().unwrap();
    case["options"]["soft"].is_null()
        && matches!((kind, position), ("CrossEntropy" | "MultiMargin" | "Nll", 1) | ("Ctc", 1..))
}

pub fn compare(table: &mut Table) {
    for case in &cases(include_str!("losses.json")) {
        let (g, kind) = (Graph::new(), case["kind"].as_str().unwrap());
        let mut params = Params::with_seed(0);
        let input = |(i, x): (usize, &Json)| match is_index(case, i) {
            true => g.constant(array(x).mapv(|x| x as i64)),
            false => given(&g, &mut params, array(x)),
        };
        let x: Vec<Var<'_>> = list(&case["inputs"]).iter().enumerate().map(input).collect();
        let real = case["real"].as_u64().unwrap() as usize;
        table.add(kind, &case["options"], errors(case, &params, loss(case, &x), &x[..real]));
    }
}
