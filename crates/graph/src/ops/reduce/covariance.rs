//! Weighted means, and how numbers vary together.

use crate::ops::registry::{Example, Sample, shaped};
use crate::{Axes, Type, Var, keep, misfit};

impl<'g> Var<'g> {
    /// The mean with weights along some axes, Σ w·x/Σ w (numpy's `average`). The weights have this shape or broadcast to it.
    ///
    /// The axes are dropped from the shape, or stay with extent 1 under [`keep`](crate::keep).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let (x, w) = (g.constant(array![1.0, 2.0]), g.constant(array![3.0, 1.0]));
    /// assert_eq!(x.average_over(0, w).eval()?[[]], 1.25);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, the weights do not broadcast to them, or an axis does not exist or is named twice.
    #[track_caller]
    pub fn average_over(self, axes: impl Into<Axes>, weights: Var<'g>) -> Var<'g> {
        average(self, axes.into(), weights)
    }

    /// The covariances of variables: row i holds the observations of variable i, and element (i, j) is
    /// Σ (xᵢ − x̄ᵢ)(xⱼ − x̄ⱼ)/(n − `ddof`) (numpy's and PyTorch's `cov`, whose default is a ddof of 1).
    ///
    /// From `[p, n]`, `[p, p]`. Of no more than `ddof` observations it is an error of the run
    /// ([`Graph::refused`](crate::Graph::refused)).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0, 3.0], [0.0, 2.0, 4.0]]);
    /// assert_eq!(x.cov(1).eval()?, array![[1.0, 2.0], [2.0, 4.0]].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or there are not two axes.
    #[track_caller]
    pub fn cov(self, ddof: usize) -> Var<'g> {
        let [variables, observations] = of_variables(self, "cov");
        if observations <= ddof {
            let rule = format!(
                "with ddof {ddof} it takes more than {ddof} observations, and was given {observations}"
            );
            return self.graph().refused("cov", rule, Type::real([variables; 2]), &[self]);
        }
        let deviations = self - self.mean_over(keep(1));
        deviations.matmul(deviations.t()) * (1.0 / (observations - ddof) as f64)
    }

    /// The correlations of variables, each the covariance over both standard deviations (numpy's and PyTorch's `corrcoef`, which
    /// cut what rounding makes larger than 1). NaN for a variable that does not vary.
    ///
    /// From `[p, n]`, `[p, p]`, as [`cov`](Var::cov).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    /// let g = Graph::new();
    /// let x = g.constant(array![[1.0, 2.0, 3.0], [0.0, -2.0, -4.0]]);
    /// let r = x.corrcoef().eval()?;
    /// assert!((r[[0, 1]] + 1.0).abs() < 1e-15);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// If the elements are not real, or there are not two axes.
    #[track_caller]
    pub fn corrcoef(self) -> Var<'g> {
        of_variables(self, "corrcoef");
        let deviations = self - self.mean_over(keep(1));
        let units = deviations / deviations.square().sum_over(keep(1)).sqrt();
        units.matmul(units.t())
    }
}

/// The numbers of variables and of observations.
#[track_caller]
fn of_variables(x: Var<'_>, name: &'static str) -> [usize; 2] {
    match x.shape()[..] {
        [variables, observations] => [variables, observations],
        _ => misfit(name, "takes a matrix with a row for each variable", &[x]),
    }
}

/// Not generic, and so compiled here.
#[track_caller]
fn average<'g>(x: Var<'g>, axes: Axes, weights: Var<'g>) -> Var<'g> {
    let weights = weights.broadcast_to(x.shape());
    (x * weights).sum_over(axes.clone()) / weights.sum_over(axes)
}

pub(super) fn examples() -> Vec<Example> {
    let weighted = [Sample::real([2, 3], -2.0..2.0), Sample::real([3], 0.5..2.0)];
    vec![
        Example::new("sum", weighted, |_, x| x[0].average_over(1, x[1])),
        shaped("matmul", [2, 4], |x| (x + 0.1 * x.square()).cov(1)),
        shaped("matmul", [2, 4], |x| (x + 0.1 * x.square()).corrcoef()),
    ]
}
