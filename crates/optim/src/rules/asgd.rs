//! Averaged stochastic gradient descent.

use graph::Params;
use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{At, Moment, Optim, Precision, Rule, Slot, Updated, WeightDecay, hyperparameters};

/// Averaged SGD: gradient descent that also keeps the average of its weights.
///
/// > θ ← (1 − λη)·θ − η·g,  a ← a + μ·(θ − a),
/// > η = α/(1 + λα(t − 1))^κ,  μ = 1/max(1, t − 1 − t₀).
///
/// The average a follows θ until step t₀ and is the mean of what comes after.
/// [`averaged`](Self::averaged) answers it. (Polyak and Juditsky, SIAM J. Control Optim. 30, 1992.)
/// Defaults are those of PyTorch: λ = 10⁻⁴, κ = 0.75, t₀ = 10⁶. [`torch`](Self::torch) also rounds
/// η and μ as PyTorch does.
pub type Asgd<T = f32> = Optim<AsgdRule, T>;

hyperparameters! {
    /// The hyperparameters of [`Asgd`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct AsgdRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// λ: pulls θ towards zero, and makes η fall.
        pub lambda in NonNegative: f64 = 1e-4,
        /// κ: the power with which η falls.
        pub power in NonNegative: f64 = 0.75,
        /// t₀: the step at which averaging starts.
        pub start in NonNegative: f64 = 1e6,
        /// η and μ are rounded to single precision, as PyTorch keeps them.
        pub single_precision_rates: bool = false,
        /// Pulls the weights towards zero.
        pub weight_decay in NonNegative: WeightDecay = WeightDecay::NONE,
    }
}

impl<T: Precision> Asgd<T> {
    /// Averaged SGD with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(AsgdRule::new(learning_rate))
    }

    options!(weight_decay);

    /// λ.
    pub fn lambda(self, lambda: f64) -> Self {
        self.set(|rule| rule.lambda = lambda)
    }

    /// κ.
    pub fn power(self, power: f64) -> Self {
        self.set(|rule| rule.power = power)
    }

    /// t₀.
    pub fn start(self, step: u64) -> Self {
        self.set(|rule| rule.start = step as f64)
    }

    /// Rounds η and μ to single precision, as PyTorch keeps them whatever the weights are in.
    pub fn torch(self) -> Self {
        self.set(|rule| rule.single_precision_rates = true)
    }

    /// The parameters with the average in place of the weights; as they are before the first step.
    pub fn averaged(&self, params: &Params<T>) -> Params<T> {
        let mut averaged = params.clone();
        self.read_slot(0, averaged.trainable_mut());
        averaged
    }
}

impl AsgdRule {
    /// What the learning rate is divided by at a step, as a factor.
    fn fall(&self, at: &Moment<'_>) -> f64 {
        let before = (at.step - 1) as f64;
        let fall = (1.0 + self.lambda * self.learning_rate * before).powf(self.power);
        self.rounded(self.learning_rate / fall) / self.learning_rate
    }

    fn rounded(&self, x: f64) -> f64 {
        if self.single_precision_rates { f64::from(x as f32) } else { x }
    }
}

impl Rule for AsgdRule {
    const NAME: &'static str = "asgd";
    described!();

    fn slots(&self) -> Vec<Slot> {
        vec![Slot::copy_of_weights("average")]
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let (w, g, [average]) = at.arguments();
        let g = WeightDecay::gradient(at, self, |r| r.weight_decay, [w, g]);
        let w = WeightDecay::shrunk(at, self, |r| r.weight_decay, Self::fall, w);
        let w = w * at.shrink(|r, t| r.lambda * r.fall(t)) - at.rate(Self::fall) * g;
        let share = at.number(|r, t| r.rounded(1.0 / ((t.step - 1) as f64 - r.start).max(1.0)));
        Updated::new(w, [average + share * (w - average)])
    }
}
