//! Losses: `losses.json`, which `losses.py` writes.

use cotangent::nn::loss::{
    Contrastive, CosineEmbedding, CrossEntropy, Ctc, Focal, GaussianNll, Hinge, HingeEmbedding,
    Huber, KlDiv, MarginRanking, MultiLabelSoftMargin, Nll, PoissonNll, Reduction, SmoothL1,
    TripletMargin,
};
use cotangent::{Graph, Params, Var};
use serde_json::Value as Json;

use crate::{Table, array, errors, given, list};

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
    macro_rules! reduced {
        ($loss:expr) => {
            $loss.reduction(reduction)
        };
    }
    match case["kind"].as_str().unwrap() {
        "huber" => reduced!(Huber::new(number("delta"))).of(x[0], x[1]),
        "smooth_l1" => reduced!(SmoothL1::new().beta(number("beta"))).of(x[0], x[1]),
        "kl_div" => reduced!(KlDiv::new().log_target(flag("log_target"))).of(x[0], x[1]),
        "hinge" => reduced!(Hinge::new()).of(x[0], x[1]),
        "hinge_embedding" => {
            reduced!(HingeEmbedding::new().margin(number("margin"))).of(x[0], x[1])
        }
        "margin_ranking" => {
            reduced!(MarginRanking::new().margin(number("margin"))).of(x[0], x[1], x[2])
        }
        "cosine_embedding" => {
            reduced!(CosineEmbedding::new().margin(number("margin"))).of(x[0], x[1], x[2])
        }
        "contrastive" => reduced!(Contrastive::new().margin(number("margin"))).of(x[0], x[1], x[2]),
        "triplet_margin" => {
            let loss = TripletMargin::new().margin(number("margin")).swap(flag("swap"));
            reduced!(loss).of(x[0], x[1], x[2])
        }
        "multi_label_soft_margin" => {
            let mut loss = MultiLabelSoftMargin::new();
            if let Some(weights) = options["weights"].as_array() {
                let weights: Vec<f64> = weights.iter().map(|w| w.as_f64().unwrap()).collect();
                loss = loss.weights(weights);
            }
            reduced!(loss).of(x[0], x[1])
        }
        "focal" => {
            let loss = Focal::new().alpha(options["alpha"].as_f64()).gamma(number("gamma"));
            reduced!(loss).of(x[0], x[1])
        }
        "poisson_nll" => {
            let loss = PoissonNll::new().log_input(flag("log_input")).full(flag("full"));
            reduced!(loss).of(x[0], x[1])
        }
        "gaussian_nll" => reduced!(GaussianNll::new().full(flag("full"))).of(x[0], x[1], x[2]),
        "cross_entropy" => {
            let loss = CrossEntropy::new().label_smoothing(number("smoothing"));
            reduced!(loss).of(x[0], x[1])
        }
        "nll" => reduced!(Nll::new()).of(x[0], x[1]),
        "ctc" => {
            let loss = Ctc::new().blank(options["blank"].as_u64().unwrap() as usize);
            let loss = reduced!(loss.zero_infinity(flag("zero_infinity")));
            loss.of(x[0].log_softmax(-1), x[1], [x[2], x[3]])
        }
        other => panic!("{other} is no kind"),
    }
}

/// The inputs of these losses that hold indices.
fn is_index(kind: &str, position: usize) -> bool {
    matches!((kind, position), ("cross_entropy" | "nll", 1) | ("ctc", 1..))
}

#[test]
fn losses_and_gradients_are_pytorchs() {
    let json: Json = serde_json::from_str(include_str!("losses.json")).unwrap();
    let mut table = Table::default();
    for case in json["cases"].as_array().unwrap() {
        let (g, kind) = (Graph::new(), case["kind"].as_str().unwrap());
        let mut params = Params::with_seed(0);
        let input = |(i, x): (usize, &Json)| match is_index(kind, i) {
            true => g.constant(array(x).mapv(|x| x as i64)),
            false => given(&g, &mut params, array(x)),
        };
        let x: Vec<Var<'_>> = list(&case["inputs"]).iter().enumerate().map(input).collect();
        let real = case["real"].as_u64().unwrap() as usize;
        table.add(case, errors(case, &params, loss(case, &x), &x[..real]));
    }
    table.print();
}
