//! Gradient descent, with momentum.

use serde::Serialize;

use crate::convention::options;
use crate::engine::described;
use crate::{
    At, Domain, Hyperparameter, Moment, Optim, Precision, Rule, Slot, Updated, Visit, WeightDecay,
    hyperparameters,
};

/// Stochastic gradient descent, with momentum in every convention.
///
/// Without momentum θ ← θ − α·g. With [`momentum`](Self::momentum) μ
///
/// > v ← μ·v + (1 − τ)·g,  θ ← θ − α·v,
///
/// and with [`nesterov`](Self::nesterov) θ ← θ − α·(g + μ·v). What frameworks and lectures differ
/// in is the dampening τ and the first step:
///
/// | written as | formula | |
/// |---|---|---|
/// | `momentum(μ)` | v ← μ·v + g | PyTorch, optax, the lecture's second form |
/// | `momentum(μ).dampening(τ)` | v ← μ·v + (1 − τ)·g, but v ← g at the first step | PyTorch |
/// | `averaged_momentum(μ)` | v ← μ·v + (1 − μ)·g from v = 0 | the lecture's first form |
/// | `… .bias_corrected()` | the step takes v/(1 − μᵗ) | the lecture's running average |
///
/// The averaged form takes steps 1 − μ as long: it wants a learning rate 1/(1 − μ) times that of
/// the other. Nesterov's look-ahead form v ← μ·v − α·∇f(θ + μ·v), θ ← θ + v becomes this one under
/// the change of variables θ + μ·v, at a constant α (lecture "Optimization", slides on Nesterov
/// momentum).
///
/// Defaults are those of PyTorch: no momentum, no decay; decay joins the gradient.
///
/// ```
/// use cotangent::optim::Sgd;
/// let sgd = Sgd::<f32>::new(0.1).momentum(0.9).nesterov().weight_decay(5e-4);
/// sgd.validate()?;
/// # Ok::<(), cotangent::optim::OptimError>(())
/// ```
pub type Sgd<T = f32> = Optim<SgdRule, T>;

hyperparameters! {
    /// The hyperparameters of [`Sgd`].
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub struct SgdRule {
        /// α.
        pub learning_rate in NonNegative: f64,
        /// Momentum, if any.
        pub momentum in Decay: Option<Momentum> = None,
        /// Pulls the weights towards zero.
        pub weight_decay in NonNegative: WeightDecay = WeightDecay::NONE,
    }
}

/// Momentum and its conventions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Momentum {
    /// μ: how much of the velocity survives a step; in \[0, 1).
    pub decay: f64,
    /// τ: what is withheld of the gradient that enters the velocity.
    pub dampening: f64,
    /// τ is μ, so that the velocity is a running average of gradients.
    pub averaged: bool,
    /// At the first step the velocity is the gradient, undamped, as in PyTorch; otherwise it starts
    /// at 0, as in the lecture.
    pub starts_at_gradient: bool,
    /// The step divides the velocity by 1 − μᵗ, the weight it has gathered.
    pub bias_corrected: bool,
    /// The step looks ahead along the velocity.
    pub nesterov: bool,
}

impl Momentum {
    fn new(decay: f64) -> Self {
        Self {
            decay,
            dampening: 0.0,
            averaged: false,
            starts_at_gradient: true,
            bias_corrected: false,
            nesterov: false,
        }
    }

    /// How much of the velocity is kept at a step.
    fn keeps(&self, at: &Moment<'_>) -> f64 {
        if self.starts_at_gradient && at.step == 1 { 0.0 } else { self.decay }
    }

    /// How much of the gradient enters the velocity.
    fn takes(&self, at: &Moment<'_>) -> f64 {
        let dampening = if self.averaged { self.decay } else { self.dampening };
        if self.starts_at_gradient && at.step == 1 { 1.0 } else { 1.0 - dampening }
    }

    /// The weight that the step divides the velocity by.
    fn gathered(&self, at: &Moment<'_>) -> f64 {
        if self.bias_corrected { at.gathered(self.decay) } else { 1.0 }
    }
}

impl Hyperparameter for Momentum {
    /// μ under the name of the whole, and τ.
    fn show(&mut self, name: &'static str, domain: Domain, visit: &mut Visit<'_>) {
        visit(name, domain, &mut self.decay);
        visit("dampening", Domain::Fraction, &mut self.dampening);
    }
}

impl<T: Precision> Sgd<T> {
    /// Gradient descent with the learning rate α.
    pub fn new(learning_rate: f64) -> Self {
        Self::new_rule(SgdRule::new(learning_rate))
    }

    /// Accumulates a velocity v ← μ·v + g. (Polyak, 1964.)
    pub fn momentum(self, decay: f64) -> Self {
        self.set(|rule| rule.momentum = Some(Momentum::new(decay)))
    }

    /// Averages a velocity v ← μ·v + (1 − μ)·g from v = 0, the lecture's first form.
    pub fn averaged_momentum(self, decay: f64) -> Self {
        let averaged =
            Momentum { averaged: true, starts_at_gradient: false, ..Momentum::new(decay) };
        self.set(|rule| rule.momentum = Some(averaged))
    }

    /// Withholds a part τ of the gradient from the velocity. Without momentum it has no effect.
    pub fn dampening(self, dampening: f64) -> Self {
        self.with_momentum(|momentum| momentum.dampening = dampening)
    }

    /// Divides the velocity by 1 − μᵗ. Without momentum it has no effect.
    pub fn bias_corrected(self) -> Self {
        self.with_momentum(|momentum| momentum.bias_corrected = true)
    }

    /// Looks ahead along the velocity. Without momentum it has no effect.
    pub fn nesterov(self) -> Self {
        self.with_momentum(|momentum| momentum.nesterov = true)
    }

    options!(weight_decay);

    fn with_momentum(self, change: impl FnOnce(&mut Momentum)) -> Self {
        self.set(|rule| {
            if let Some(momentum) = &mut rule.momentum {
                change(momentum);
            }
        })
    }
}

impl Rule for SgdRule {
    const NAME: &'static str = "sgd";
    described!();

    fn slots(&self) -> Vec<Slot> {
        self.momentum.map(|_| Slot::like_weights("velocity")).into_iter().collect()
    }

    fn update<'g>(&self, at: &At<'g, '_, Self>) -> Updated<'g> {
        let decay = |r: &Self| r.weight_decay;
        let Some(momentum) = self.momentum else {
            let (w, g, []) = at.arguments();
            let g = WeightDecay::gradient(at, self, decay, [w, g]);
            let w = WeightDecay::shrunk(at, self, decay, |_, _| 1.0, w);
            return Updated::new(w - at.rate(|_, _| 1.0) * g, []);
        };
        let (w, g, [velocity]) = at.arguments();
        let g = WeightDecay::gradient(at, self, decay, [w, g]);
        let [keep, take] = [Momentum::keeps, Momentum::takes].map(|share| {
            at.number(move |r, t| r.momentum.map_or(0.0, |momentum| share(&momentum, t)))
        });
        let velocity = keep * velocity + take * g;
        let ahead = || at.number(|r, _| r.momentum.map_or(0.0, |momentum| momentum.decay));
        let direction = if momentum.nesterov { g + ahead() * velocity } else { velocity };
        let w = WeightDecay::shrunk(at, self, decay, |_, _| 1.0, w);
        let rate = at.rate(|r, t| 1.0 / r.momentum.map_or(1.0, |m| m.gathered(t)));
        Updated::new(w - rate * direction, [velocity])
    }
}
