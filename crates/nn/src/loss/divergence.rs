//! The Kullback–Leibler divergence.

use graph::Var;

use super::{Reduction, expect_same_shape};

/// p·(ln p − ln q) for true probabilities p and the logarithms ln q of the predicted ones, by
/// default summed and divided by the number of samples, the extent of axis 0 (PyTorch's
/// `batchmean`, which is the divergence as it is defined; its default `mean` is not).
///
/// Where p = 0 the value and all derivatives are exactly 0, even if ln q is −∞ there. Probabilities
/// are not checked to sum to 1; a negative one makes NaN.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::Loss;
///
/// let g = Graph::new();
/// let log_q = g.constant(array![[0.5_f64.ln(), 0.5_f64.ln()]]);
/// let p = g.constant(array![[1.0, 0.0]]);
/// assert_eq!(log_q.kl_div(p).eval()?[[]], 2f64.ln());
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KlDiv {
    reduction: Reduction,
    log_target: bool,
}

impl Default for KlDiv {
    fn default() -> Self {
        Self { reduction: Reduction::BatchMean, log_target: false }
    }
}

impl KlDiv {
    /// Reduced to the mean over samples.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the terms of all elements become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }

    /// Whether the target holds the logarithms of the true probabilities, too. One of −∞ stands for
    /// p = 0.
    pub fn log_target(self, log_target: bool) -> Self {
        Self { log_target, ..self }
    }

    /// The divergence of the predicted distribution from the true one, both of one shape `[N, ..]`.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn of<'g>(self, log_q: Var<'g>, p: Var<'g>) -> Var<'g> {
        expect_same_shape("kl_div", log_q, p);
        if self.log_target {
            return self.reduction.of(p.exp().mul_no_nan(p - log_q));
        }
        let zero = p.eq(0.0);
        let log_ratio = zero.select(1.0, p).ln() - log_q;
        self.reduction.of(zero.select(0.0, p.mul_no_nan(log_ratio)))
    }
}
