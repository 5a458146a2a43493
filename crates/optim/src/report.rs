//! What a step did to each parameter.

use std::fmt;

use graph::{Gradients, Params, Var};
use serde::Serialize;

use crate::Precision;
use crate::norm::norm;

/// What one step did, as values: made by [`Optimizer::step_with_report`](crate::Optimizer), and
/// printed as a table.
///
/// ```
/// use cotangent::Params;
/// use cotangent::Step;
/// use cotangent::ndarray::array;
/// use cotangent::optim::{Optimizer, Sgd, zero_share};
///
/// let mut params = Params::seeded(0);
/// let w = params.root().parameter("w", array![[1.0, -1.0], [1.0, -2.0]].into_dyn());
/// let mut step = Step::reporting(|g, [x]| {
///     let hidden = x.matmul(g.param(&w)).relu();
///     (hidden.square().mean(), vec![zero_share(hidden)])
/// });
/// let mut sgd = Sgd::new(0.01);
/// let loss = step.run(&mut params, (&array![[1.0_f32, 1.0]],))?;
/// let report = sgd.step_with_report(&mut params, step.gradients(), loss)?;
/// let report = report.with_zero_share("hidden", step.report(0)[[]].into());
///
/// assert_eq!(report.zero_shares[0].1, 0.5);
/// let w = &report.parameters[0];
/// assert!((w.update_ratio() - 0.01 * w.gradient_norm / w.weight_norm).abs() < 1e-6);
/// assert!(report.to_string().contains("w "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepReport {
    /// The step: 0 is the first.
    pub step: u64,
    /// The loss before it.
    pub loss: f64,
    /// Its learning rate.
    pub learning_rate: f64,
    /// The Euclidean norm of all gradients together, as they were given.
    pub gradient_norm: f64,
    /// Every parameter that there was a gradient of, in order.
    pub parameters: Vec<ParameterReport>,
    /// Shares of activations that are 0, by name, where they were asked for.
    pub zero_shares: Vec<(String, f64)>,
}

/// What one step did to one parameter; all norms are Euclidean.
///
/// It is part of a [`StepReport`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParameterReport {
    /// Its path.
    pub path: String,
    /// The norm of the weights before the step.
    pub weight_norm: f64,
    /// The norm of their gradient, as it was given.
    pub gradient_norm: f64,
    /// The norm of what was added to them.
    pub update_norm: f64,
}

impl ParameterReport {
    /// ‖Δθ‖/‖θ‖, which should be about 10⁻³: much more and the learning rate is too high, much less
    /// and it is too low (CS231n, "Neural networks part 3"). Infinite for weights that were 0, as
    /// biases are at first, and 0 where nothing was changed.
    pub fn update_ratio(&self) -> f64 {
        if self.update_norm == 0.0 { 0.0 } else { self.update_norm / self.weight_norm }
    }
}

impl StepReport {
    /// The report of a step that has been made.
    pub(crate) fn new<T: Precision>(
        (step, loss, learning_rate): (u64, T, f64),
        params: &Params<T>,
        before: &[T],
        gradients: Gradients<'_, T>,
    ) -> Self {
        let after = params.trainable();
        let of = gradients.iter().map(|(id, gradient)| {
            let param = params.entry(id).expect("the step has checked its gradients");
            let range = params.range(param.id());
            let (before, after) = (&before[range.clone()], &after[range]);
            let update = before.iter().zip(after).map(|(&x, &y)| y.to_f64() - x.to_f64());
            let update: Vec<f64> = update.collect();
            ParameterReport {
                path: param.path().to_owned(),
                weight_norm: norm(before),
                gradient_norm: norm(gradient.as_slice().expect("a gradient lies in a row")),
                update_norm: norm(&update),
            }
        });
        Self {
            step,
            loss: loss.to_f64(),
            learning_rate,
            gradient_norm: gradients.norm(),
            parameters: of.collect(),
            zero_shares: Vec::new(),
        }
    }

    /// Adds a share of activations that are 0, as [`zero_share`] computes it.
    #[must_use]
    pub fn with_zero_share(mut self, name: &str, share: f64) -> Self {
        self.zero_shares.push((name.to_owned(), share));
        self
    }
}

/// The share of numbers that are exactly 0, as a node of the graph, to be reported by a
/// [`Step`](program::Step::reporting). After ReLU, a share near 1 is a layer that is dying.
#[track_caller]
pub fn zero_share(activations: Var<'_>) -> Var<'_> {
    activations.eq(0.0).to_real().mean()
}

impl fmt::Display for StepReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, loss, learning_rate, gradient_norm, .. } = self;
        writeln!(
            f,
            "step {step}: loss {loss:.6}, learning rate {learning_rate:.3e}, \
             gradient norm {gradient_norm:.3e}"
        )?;
        let names =
            self.parameters.iter().map(|p| &p.path).chain(self.zero_shares.iter().map(|z| &z.0));
        let width = names.map(|name| name.chars().count()).max().unwrap_or(0).max(9);
        write!(
            f,
            "{:<width$}  {:>10}  {:>10}  {:>10}  {:>12}",
            "parameter", "‖weight‖", "‖gradient‖", "‖update‖", "update ratio"
        )?;
        for p in &self.parameters {
            let (weight, gradient, update) = (p.weight_norm, p.gradient_norm, p.update_norm);
            let (path, ratio) = (&p.path, p.update_ratio());
            write!(
                f,
                "\n{path:<width$}  {weight:>10.3e}  {gradient:>10.3e}  {update:>10.3e}  {ratio:>12.1e}"
            )?;
        }
        for (name, share) in &self.zero_shares {
            write!(f, "\n{name:<width$}  {:.1} % of activations are 0", 100.0 * share)?;
        }
        Ok(())
    }
}
