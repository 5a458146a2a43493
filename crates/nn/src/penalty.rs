//! Regularisation: λR(W) over chosen parameters.

use graph::{Graph, Param, Params, Scalar, Var};

use crate::error::{accept, not_negative};

/// λ·Σ|w| over all elements of these parameters (the lasso; Tibshirani, 1996). Its derivative is
/// λ·sign(w), and 0 at 0.
///
/// ```
/// use cotangent::{Evaluator, Graph, Params};
/// use cotangent::nn::{l1_penalty, parameters_where};
///
/// let mut params = Params::<f64>::with_seed(0);
/// params.root().parameter("weight", cotangent::ndarray::array![3.0, -4.0].into_dyn());
/// let weights = parameters_where(&params, |path| path.ends_with("weight"));
///
/// let g = Graph::new();
/// let penalty = l1_penalty(&g, &weights, 0.5);
/// let value = Evaluator::new(&g).params(&params).run(&[penalty])?.remove(0).into_real();
/// assert_eq!(value[[]], 3.5);
/// # Ok::<(), cotangent::RunError>(())
/// ```
///
/// # Panics
/// Unless λ is finite and not negative.
#[track_caller]
pub fn l1_penalty<'g, 'p>(
    graph: &'g Graph,
    weights: impl IntoIterator<Item = &'p Param>,
    lambda: f64,
) -> Var<'g> {
    accept(not_negative("l1_penalty", "λ", lambda));
    let mut total = graph.full([], 0.0);
    for weight in weights {
        total = total + graph.param(weight).abs().sum();
    }
    lambda * total
}

/// λ·Σw² over all elements of these parameters (ridge; Hoerl and Kennard, 1970): the λR(W) of
/// J = mean loss + λR(W).
///
/// Its derivative is 2λw: SGD with PyTorch's `weight_decay` = 2λ makes the same steps.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::{Linear, Loss, l2_penalty};
///
/// let mut params = Params::seeded(0);
/// let fc = Linear::new(3, 2).build(&mut params.root(), "fc");
/// let g = Graph::new();
/// let (x, target) = (g.input("x", [8, 3]), g.input("target", [8, 2]));
/// let objective = fc.forward(x).mse(target) + l2_penalty(&g, [&fc.weight], 1e-3);
/// assert_eq!(objective.rank(), 0);
/// ```
///
/// # Panics
/// Unless λ is finite and not negative.
#[track_caller]
pub fn l2_penalty<'g, 'p>(
    graph: &'g Graph,
    weights: impl IntoIterator<Item = &'p Param>,
    lambda: f64,
) -> Var<'g> {
    accept(not_negative("l2_penalty", "λ", lambda));
    let mut total = graph.full([], 0.0);
    for weight in weights {
        total = total + graph.param(weight).square().sum();
    }
    lambda * total
}

/// The trainable parameters whose path fulfils a condition, in the order of building: what a
/// penalty runs over. For an example see [`l1_penalty`].
pub fn parameters_where<T: Scalar>(
    params: &Params<T>,
    condition: impl Fn(&str) -> bool,
) -> Vec<Param> {
    params.trainable_entries().filter(|param| condition(param.path())).cloned().collect()
}
