//! Conventions that rules share: where ε stands, and how weights decay.

use graph::Var;
use serde::Serialize;

use crate::{At, Moment, Rule};

/// Where ε keeps a divisor √s from zero.
///
/// PyTorch adds it outside of the root; the lecture, and optax's `eps_root`, inside. At ε = 10⁻⁸
/// the two differ by 3·10⁻⁶ over 60 steps of Adam on a quadratic.
///
/// ```
/// use cotangent::optim::{Adam, Epsilon};
/// let adam = Adam::<f32>::new(1e-3).epsilon(Epsilon::Inside(1e-6));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Epsilon {
    /// √s + ε.
    Outside(f64),
    /// √(s + ε).
    Inside(f64),
}

impl Epsilon {
    /// The value, to be checked or scheduled.
    pub fn value_mut(&mut self) -> &mut f64 {
        match self {
            Self::Outside(value) | Self::Inside(value) => value,
        }
    }

    /// The same value inside of the root.
    pub fn inside(self) -> Self {
        Self::Inside(self.value())
    }

    /// The value, wherever it stands.
    pub fn value(self) -> f64 {
        match self {
            Self::Outside(value) | Self::Inside(value) => value,
        }
    }

    /// x over √(s + ε) or √s + ε; x itself where both are 0, which is where every gradient has been 0.
    pub(crate) fn divide<'g, R: Rule>(
        at: &At<'g, '_, R>,
        form: &R,
        of: fn(&R) -> Epsilon,
        [x, square]: [Var<'g>; 2],
    ) -> Var<'g> {
        let epsilon = || at.number(move |rule, _| of(rule).value());
        match of(form) {
            form if form.value() == 0.0 => {
                let root = square.sqrt();
                root.eq(0.0).and(x.eq(0.0)).select(x, x / root)
            }
            Self::Outside(_) => x / (square.sqrt() + epsilon()),
            Self::Inside(_) => x / (square + epsilon()).sqrt(),
        }
    }
}

/// How a rule pulls the weights towards zero.
///
/// Coupled, λθ joins the gradient and passes through the rule's averages and divisors (the gradient
/// of ½λ‖θ‖²). Decoupled, θ is multiplied by 1 − αλ beside the rule's own step. Without averages
/// and divisors the two are the same. (Loshchilov and Hutter, "Decoupled weight decay
/// regularization", arXiv:1711.05101.)
///
/// ```
/// use cotangent::optim::{Sgd, WeightDecay};
/// let sgd = Sgd::<f32>::new(0.1).decoupled_weight_decay(0.01);
/// assert_eq!(sgd.rule().weight_decay, WeightDecay::decoupled(0.01));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WeightDecay {
    /// λ.
    pub strength: f64,
    /// Beside the rule's step, instead of in the gradient.
    pub decoupled: bool,
}

impl WeightDecay {
    /// No decay; coupled, once it is given a strength.
    pub const NONE: Self = Self { strength: 0.0, decoupled: false };

    /// λθ joins the gradient.
    pub fn coupled(strength: f64) -> Self {
        Self { strength, decoupled: false }
    }

    /// θ is multiplied by 1 − αλ.
    pub fn decoupled(strength: f64) -> Self {
        Self { strength, decoupled: true }
    }

    /// The gradient, with λθ if that joins it.
    pub(crate) fn gradient<'g, R: Rule>(
        at: &At<'g, '_, R>,
        form: &R,
        of: fn(&R) -> WeightDecay,
        [w, g]: [Var<'g>; 2],
    ) -> Var<'g> {
        let Self { strength, decoupled } = of(form);
        if decoupled || strength == 0.0 {
            return g;
        }
        g + at.number(move |rule, _| of(rule).strength) * w
    }

    /// θ, multiplied by 1 − αλ if it decays beside the step, at the rate α times a factor.
    pub(crate) fn shrunk<'g, R: Rule>(
        at: &At<'g, '_, R>,
        form: &R,
        of: fn(&R) -> WeightDecay,
        factor: impl Fn(&R, &Moment<'_>) -> f64 + Send + Sync + 'static,
        w: Var<'g>,
    ) -> Var<'g> {
        let Self { strength, decoupled } = of(form);
        if !decoupled || strength == 0.0 {
            return w;
        }
        w * at.shrink(move |rule, moment| of(rule).strength * factor(rule, moment))
    }
}

/// Adam's running means of the gradient and of its square, by β₁ and β₂:
///
/// > m ← m + (1 − β₁)·(g − m),  v ← β₂·v + (1 − β₂)·g².
pub(crate) fn averages<'g, R: Rule>(
    at: &At<'g, '_, R>,
    [mean, square]: [Var<'g>; 2],
    g: Var<'g>,
    betas: fn(&R) -> [f64; 2],
) -> [Var<'g>; 2] {
    let mean = mean + at.number(move |rule, _| 1.0 - betas(rule)[0]) * (g - mean);
    let joins = at.number(move |rule, _| 1.0 - betas(rule)[1]) * g.square();
    [mean, at.number(move |rule, _| betas(rule)[1]) * square + joins]
}

/// ‖x‖², in the pass that computes x. [`Var::norm`] scales x by its largest element first, two passes more, and so holds
/// where squares are 0 or ∞, below 10⁻¹⁹ and above 10¹⁹ in single precision: no lengths of weights, nor of a direction that was
/// divided by a root mean square.
pub(crate) fn sum_of_squares<'g>(x: Var<'g>) -> Var<'g> {
    x.square().sum()
}

/// Writes the options that several rules have alike, as methods of their optimizers.
macro_rules! options {
    ($($option:ident),*) => { $(crate::convention::options!(@ $option);)* };
    (@ betas) => {
        /// β₁ and β₂, how much of each running average survives a step.
        pub fn betas(self, beta1: f64, beta2: f64) -> Self {
            self.set(|rule| (rule.beta1, rule.beta2) = (beta1, beta2))
        }
    };
    (@ epsilon) => {
        /// ε, and its place in the divisor.
        pub fn epsilon(self, epsilon: crate::Epsilon) -> Self {
            self.set(|rule| rule.epsilon = epsilon)
        }
    };
    (@ weight_decay) => {
        /// Pulls the weights towards zero: λθ joins the gradient.
        pub fn weight_decay(self, strength: f64) -> Self {
            self.set(|rule| rule.weight_decay = crate::WeightDecay::coupled(strength))
        }

        /// Pulls the weights towards zero beside the step: θ is multiplied by 1 − αλ.
        pub fn decoupled_weight_decay(self, strength: f64) -> Self {
            self.set(|rule| rule.weight_decay = crate::WeightDecay::decoupled(strength))
        }
    };
    (@ inner_decay) => {
        /// λ: pulls the weights towards zero, as a part of what the weights move along.
        pub fn weight_decay(self, strength: f64) -> Self {
            self.set(|rule| rule.weight_decay = strength)
        }
    };
}
pub(crate) use options;

/// Writes the hyperparameters of rules that scale Adam's averages by a norm: they differ in β₂ alone.
macro_rules! by_norm {
    ($(#[doc = $doc:literal])* $rule:ident, beta2 = $beta2:literal) => {
        $crate::hyperparameters! {
            $(#[doc = $doc])*
            #[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
            pub struct $rule {
                /// α.
                pub learning_rate in NonNegative: f64,
                /// β₁: how much of the mean, or the velocity, survives a step.
                pub beta1 in Decay: f64 = 0.9,
                /// β₂: how much of the mean square survives a step.
                pub beta2 in Decay: f64 = $beta2,
                /// ε: keeps the divisor from zero.
                pub epsilon in NonNegative: $crate::Epsilon = $crate::Epsilon::Outside(1e-6),
                /// λ: pulls the weights towards zero, as a part of what the weights move along.
                pub weight_decay in NonNegative: f64 = 0.0,
            }
        }
    };
}
pub(crate) use by_norm;
