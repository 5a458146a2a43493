//! Optimizer updates in one pass over parameters, gradients and state.
//!
//! The hyperparameters of the whole slice are a plain struct; the loop holds no branch on them, only factors that are
//! 0 or 1 where a term is off. Long slices are shared among threads, with the same result for any number of them.

mod shared;

use crate::elementary::lit;
use crate::isa::{Isa, Kernel, Simd, fma};
use crate::pool::Pool;
use crate::scalar::Scalar;
pub(crate) use crate::update::shared::in_parts;

/// Stochastic gradient descent with momentum.
///
/// With g the gradient plus `weight_decay`·θ,
///
/// > v ← μ·v + (1 − dampening)·g,  θ ← θ − lr·v,
///
/// or θ ← θ − lr·(g + μ·v) with `nesterov`. On the `first` step v ← g, as in PyTorch. Without momentum, θ ← θ − lr·g.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// The learning rate.
    pub learning_rate: f64,
    /// μ: how much of the velocity survives a step.
    pub momentum: f64,
    /// What is taken from the gradient before it enters the velocity; 1 − μ is implied by `dampening` = μ.
    pub dampening: f64,
    /// Looks ahead along the new velocity.
    pub nesterov: bool,
    /// The strength of the pull towards zero.
    pub weight_decay: f64,
    /// Decay multiplies θ by 1 − lr·weight_decay instead of joining the gradient.
    pub decoupled: bool,
    /// No step was made before: the velocity starts as the gradient.
    pub first: bool,
}

/// Adam and AdamW, at step `step` = 1, 2, …
///
/// With g the gradient plus `weight_decay`·θ,
///
/// > m ← β₁·m + (1 − β₁)·g,  v ← β₂·v + (1 − β₂)·g²,  θ ← θ − lr·m̂/(√v̂ + ε),
///
/// with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ) where `bias_correction` is on. (Kingma and Ba, arXiv:1412.6980;
/// decoupled decay: Loshchilov and Hutter, arXiv:1711.05101.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// The learning rate.
    pub learning_rate: f64,
    /// β₁: how much of the mean survives a step.
    pub beta1: f64,
    /// β₂: how much of the mean square survives a step.
    pub beta2: f64,
    /// ε: keeps the divisor from zero.
    pub epsilon: f64,
    /// Divides by √(v̂ + ε) instead of √v̂ + ε.
    pub epsilon_inside: bool,
    /// Divides the averages by the weight they have gathered.
    pub bias_correction: bool,
    /// The strength of the pull towards zero.
    pub weight_decay: f64,
    /// Decay multiplies θ by 1 − lr·weight_decay instead of joining the gradient.
    pub decoupled: bool,
    /// t: the number of this step, from 1.
    pub step: u64,
}

impl Sgd {
    /// Makes one step. `velocity` may be empty where the momentum is 0.
    ///
    /// # Panics
    ///
    /// When the slices differ in length.
    #[track_caller]
    pub fn step<T: Scalar>(
        &self,
        isa: Isa,
        pool: &Pool,
        parameters: &mut [T],
        gradients: &[T],
        velocity: &mut [T],
    ) {
        assert_eq!(parameters.len(), gradients.len(), "one gradient for each parameter");
        if self.momentum != 0.0 {
            assert_eq!(parameters.len(), velocity.len(), "one velocity for each parameter");
        }
        T::sgd(isa, pool, self, parameters, gradients, velocity);
    }

    /// The step as compiled for a type.
    pub(crate) fn run<T: Scalar>(
        &self,
        isa: Isa,
        pool: &Pool,
        parameters: &mut [T],
        gradients: &[T],
        velocity: &mut [T],
    ) {
        in_parts(pool, gradients, [parameters, velocity], |gradients, [parameters, velocity]| {
            self.part(isa, parameters, gradients, velocity);
        });
    }

    #[inline(always)]
    fn part<T: Scalar>(&self, isa: Isa, parameters: &mut [T], gradients: &[T], velocity: &mut [T]) {
        let (shrink, decay) = decay(self.weight_decay, self.learning_rate, self.decoupled);
        let rate = lit(-self.learning_rate);
        if self.momentum == 0.0 {
            return isa.run(Plain { parameters, gradients, shrink, decay, rate });
        }
        let (keep, take) =
            if self.first { (0.0, 1.0) } else { (self.momentum, 1.0 - self.dampening) };
        let (gradient, ahead) = if self.nesterov { (1.0, self.momentum) } else { (0.0, 1.0) };
        isa.run(Momentum {
            plain: Plain { parameters, gradients, shrink, decay, rate },
            velocity,
            keep: lit(keep),
            take: lit(take),
            gradient: lit(gradient),
            ahead: lit(ahead),
        });
    }
}

impl Adam {
    /// Makes one step of number `self.step`.
    ///
    /// # Panics
    ///
    /// When the slices differ in length.
    #[track_caller]
    pub fn step<T: Scalar>(
        &self,
        isa: Isa,
        pool: &Pool,
        parameters: &mut [T],
        gradients: &[T],
        mean: &mut [T],
        square: &mut [T],
    ) {
        assert_eq!(parameters.len(), gradients.len(), "one gradient for each parameter");
        assert_eq!(parameters.len(), mean.len(), "one mean for each parameter");
        assert_eq!(parameters.len(), square.len(), "one mean square for each parameter");
        T::adam(isa, pool, self, parameters, gradients, mean, square);
    }

    /// The step as compiled for a type.
    pub(crate) fn run<T: Scalar>(
        &self,
        isa: Isa,
        pool: &Pool,
        parameters: &mut [T],
        gradients: &[T],
        mean: &mut [T],
        square: &mut [T],
    ) {
        in_parts(
            pool,
            gradients,
            [parameters, mean, square],
            |gradients, [parameters, mean, square]| {
                self.part(isa, parameters, gradients, mean, square);
            },
        );
    }

    #[inline(always)]
    fn part<T: Scalar>(
        &self,
        isa: Isa,
        parameters: &mut [T],
        gradients: &[T],
        mean: &mut [T],
        square: &mut [T],
    ) {
        let (shrink, decay) = decay(self.weight_decay, self.learning_rate, self.decoupled);
        let weight =
            |beta: f64| if self.bias_correction { 1.0 - beta.powf(self.step as f64) } else { 1.0 };
        let (inside, outside) =
            if self.epsilon_inside { (self.epsilon, 0.0) } else { (0.0, self.epsilon) };
        isa.run(Moments {
            plain: Plain {
                parameters,
                gradients,
                shrink,
                decay,
                rate: lit(-self.learning_rate / weight(self.beta1)),
            },
            mean,
            square,
            take_mean: lit(1.0 - self.beta1),
            keep_square: lit(self.beta2),
            take_square: lit(1.0 - self.beta2),
            unbias_square: lit(1.0 / weight(self.beta2)),
            inside: lit(inside),
            outside: lit(outside),
        });
    }
}

/// (what θ is multiplied by, what times θ joins the gradient).
fn decay<T: Scalar>(weight_decay: f64, learning_rate: f64, decoupled: bool) -> (T, T) {
    if decoupled {
        (lit(1.0 - learning_rate * weight_decay), T::zero())
    } else {
        (T::one(), lit(weight_decay))
    }
}

/// What all updates share; by itself, gradient descent.
struct Plain<'a, T> {
    parameters: &'a mut [T],
    gradients: &'a [T],
    shrink: T,
    decay: T,
    rate: T,
}

impl<T: Scalar> Kernel for Plain<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        for (p, &g) in self.parameters.iter_mut().zip(self.gradients) {
            let g = fma::<S, T>(self.decay, *p, g);
            *p = fma::<S, T>(self.rate, g, *p * self.shrink);
        }
    }
}

struct Momentum<'a, T> {
    plain: Plain<'a, T>,
    velocity: &'a mut [T],
    keep: T,
    take: T,
    /// The shares of gradient and velocity in the step.
    gradient: T,
    ahead: T,
}

impl<T: Scalar> Kernel for Momentum<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Plain { parameters, gradients, shrink, decay, rate } = self.plain;
        for ((p, &g), v) in parameters.iter_mut().zip(gradients).zip(self.velocity) {
            let g = fma::<S, T>(decay, *p, g);
            *v = fma::<S, T>(self.keep, *v, self.take * g);
            let direction = fma::<S, T>(self.ahead, *v, self.gradient * g);
            *p = fma::<S, T>(rate, direction, *p * shrink);
        }
    }
}

struct Moments<'a, T> {
    plain: Plain<'a, T>,
    mean: &'a mut [T],
    square: &'a mut [T],
    take_mean: T,
    keep_square: T,
    take_square: T,
    unbias_square: T,
    inside: T,
    outside: T,
}

impl<T: Scalar> Kernel for Moments<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self) {
        let Plain { parameters, gradients, shrink, decay, rate } = self.plain;
        for (((p, &g), m), v) in
            parameters.iter_mut().zip(gradients).zip(self.mean).zip(self.square)
        {
            let g = fma::<S, T>(decay, *p, g);
            *m = fma::<S, T>(self.take_mean, g - *m, *m);
            *v = fma::<S, T>(self.keep_square, *v, self.take_square * g * g);
            let divisor = fma::<S, T>(*v, self.unbias_square, self.inside).sqrt() + self.outside;
            *p = fma::<S, T>(rate, *m / divisor, *p * shrink);
        }
    }
}

#[cfg(test)]
mod tests;
