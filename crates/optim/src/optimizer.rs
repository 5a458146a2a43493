//! What an optimizer is.

use std::fmt::Debug;

use graph::{Gradients, Params};
use program::{Feeds, Step};

use crate::engine::What;
use crate::{
    Ledger, OptimError, Part, Precision, Selected, State, StateError, StepReport, TrainError, With,
};

/// Changes parameters by their gradients, step after step.
///
/// [`step`](Self::step) is all that training needs:
///
/// ```
/// use cotangent::{GradientLayout, Gradients, Params};
/// use cotangent::optim::{Adam, Optimizer, StepDecay};
///
/// let mut params = Params::seeded(0);
/// params.root().parameter("w", cotangent::ndarray::array![1.0, -2.0].into_dyn());
/// let layout = GradientLayout::new(params.trainable_entries());
///
/// let mut adam = Adam::new(0.1).schedule(StepDecay::halve_every(10));
/// for _ in 0..100 {
///     let gradient: Vec<f32> = params.trainable().to_vec();        // of ½‖w‖²
///     adam.step(&mut params, Gradients::new(&layout, &gradient))?;
/// }
/// assert!(params.trainable().iter().all(|w| w.abs() < 1.0));
/// assert_eq!((adam.steps(), adam.learning_rate()), (100, 0.1 * 0.5_f64.powi(10)));
/// # Ok::<(), cotangent::optim::OptimError>(())
/// ```
///
/// A step is made in two halves, so that a composition of optimizers is refused whole or done
/// whole: [`prepare`](Self::prepare) checks everything and changes no parameter, and
/// [`update`](Self::update) cannot fail. A step moves the parameters that its gradients are of, but
/// for those that are [frozen](Params::freeze): all others stay as they are, whatever there is of
/// momentum and weight decay. State is keyed by parameter id, laid out at the first step with a
/// parameter, and saved by path; that of a parameter that takes no part in a step waits, and so does
/// the count of its steps, by which running averages are corrected. A step with the same parameters
/// as the last allocates no memory.
///
/// A method that evaluates the objective several times for one step (a line search, a trust region)
/// does not take gradients but a function, and so is no `Optimizer`.
pub trait Optimizer<T: Precision = f32>: Debug + Send {
    /// Checks that the next step can be made with these parameters, and gets ready for it. What is
    /// remembered does not change before the [update](Self::update).
    ///
    /// # Errors
    /// Whatever stands in the way: a hyperparameter outside of its domain, a parameter whose shape
    /// the rule does not fit, another store, [gradients](Selected::check_gradients) that are not
    /// finite. Nothing is changed then.
    fn prepare(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError>;

    /// Makes the step that was prepared. `weights` is [`Params::trainable_mut`], and `gradients`
    /// lies like those it was prepared for; only what was selected is changed.
    fn update(&mut self, weights: &mut [T], gradients: &[T]);

    /// Begins the step that was prepared: its parameters are remembered from now on, as they are before their first update.
    /// [`update`](Self::update) does so by itself. A part, as [`Accumulate`](crate::Accumulate), may make the update of the optimizer
    /// inside later, or not at all, and a state that is saved in between is of the same parameters within and without.
    /// An optimizer around others hands this on; one that remembers nothing need not have it.
    fn begin(&mut self) {}

    /// Lays out a state of exactly these parameters, as it is before the first step: what was
    /// remembered is forgotten, and another state can be read in its place.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    fn remember(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError>;

    /// How many updates of the parameters were made.
    fn steps(&self) -> u64;

    /// The learning rate of the next update.
    fn learning_rate(&self) -> f64;

    /// Transfers settings and state to or from a ledger: what is saved, and restored.
    fn transfer(&mut self, ledger: &mut Ledger<'_, T>);

    /// Takes note of a metric, such as the validation loss of an epoch, for what waits for a
    /// [plateau](crate::ReduceOnPlateau) of it.
    fn observe(&mut self, metric: f64);

    /// Multiplies the learning rate of every update to come by a factor, beside its schedules: by 1
    /// until another is set. It is a part of the state.
    fn set_rate_factor(&mut self, factor: f64);

    /// Makes one step.
    ///
    /// # Errors
    /// If the gradients are not those of trainable parameters of the store, one of them is infinite or
    /// NaN (unless [`SkipNonFinite`](crate::SkipNonFinite) sees to it), or the step cannot be
    /// [prepared](Self::prepare). The parameters and the state are then as they were.
    fn step(
        &mut self,
        params: &mut Params<T>,
        gradients: Gradients<'_, T>,
    ) -> Result<(), OptimError> {
        self.prepare(T::checked(params, gradients)?)?;
        self.update(params.trainable_mut(), gradients.values());
        Ok(())
    }

    /// Makes a whole training step: the loss of `step` on these inputs, its gradients, the update, and running statistics, done
    /// or refused as one. It is what [`Step::run`] and [`step`](Self::step) do, one after the other, to the bit; but if the
    /// optimizer refuses, running statistics and seed are as before, too.
    ///
    /// ```
    /// use cotangent::prelude::*;
    ///
    /// let mut params = Params::seeded(0);
    /// let layer = Linear::new(2, 1).build(&mut params.root(), "layer");
    /// let mut step = Step::new(|_, [x, y]| (layer.forward(x) - y).square().mean());
    /// let mut adam = Adam::new(0.1);
    /// let (x, y) = (array![[1.0_f32, 0.0], [0.0, 1.0]], array![[0.5_f32], [-0.5]]);
    /// let losses: Vec<f32> = (0..100)
    ///     .map(|_| adam.train(&mut step, &mut params, (&x, &y)))
    ///     .collect::<Result<_, _>>()?;
    /// assert!(losses[99] < 1e-3 * losses[0]);
    /// # Ok::<(), cotangent::optim::TrainError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Step::run`] and [`step`](Self::step). Nothing is changed then.
    ///
    /// # Panics
    /// As [`Step::run`].
    fn train<'a, const N: usize>(
        &mut self,
        step: &mut Step<'_, T, N>,
        params: &mut Params<T>,
        inputs: impl Feeds<'a, T, N>,
    ) -> Result<T, TrainError>
    where
        Self: Sized,
        T: 'a,
    {
        step.run_and(params, inputs, |params, gradients| Ok(self.step(params, gradients)?))
    }

    /// Makes one step if the loss is finite, and answers what it did to each parameter: norms of
    /// weights, gradients and updates, see [`StepReport`]. It costs a copy of the weights and a few
    /// passes over them: meant for every hundredth step, say.
    ///
    /// # Errors
    /// [`OptimError::Diverged`] if the loss is not finite, and as [`step`](Self::step). Nothing is
    /// changed then.
    fn step_with_report(
        &mut self,
        params: &mut Params<T>,
        gradients: Gradients<'_, T>,
        loss: T,
    ) -> Result<StepReport, OptimError> {
        self.check_loss(loss)?;
        let before = params.trainable().to_vec();
        let (step, learning_rate) = (self.steps(), self.learning_rate());
        self.step(params, gradients)?;
        Ok(T::report((step, loss, learning_rate), params, &before, gradients))
    }

    /// Checks that the loss is finite, before a step is made by its gradients.
    ///
    /// # Errors
    /// [`OptimError::Diverged`] if it is infinite or NaN.
    fn check_loss(&self, loss: T) -> Result<(), OptimError> {
        if loss.is_finite() {
            Ok(())
        } else {
            Err(OptimError::Diverged {
                loss: loss.to_f64(),
                step: self.steps(),
                learning_rate: self.learning_rate(),
            })
        }
    }

    /// Puts a part around the optimizer: clipping, accumulation, an average of the parameters, …
    ///
    /// What is written last meets the gradient first: here gradients are accumulated, their mean is
    /// clipped, and Adam makes an update with what is left.
    ///
    /// ```
    /// use cotangent::optim::{Accumulate, Adam, ClipGlobalNorm, Optimizer};
    /// let adam = Adam::<f32>::new(1e-3).with(ClipGlobalNorm::new(1.0)).with(Accumulate::new(4));
    /// ```
    fn with<P: Part>(self, part: P) -> With<Self, P, T>
    where
        Self: Sized,
    {
        With::new(self, part)
    }

    /// Everything the optimizer remembers, to be [saved](State::save) or
    /// [restored](Self::restore): of the parameters, those that a step was made with.
    ///
    /// # Errors
    /// If no step can be [prepared](Self::prepare) on these parameters.
    fn state(&mut self, params: &Params<T>) -> Result<State<T>, OptimError> {
        T::state_of(params, &mut |what| ask(self, what))
    }

    /// Takes up a state, so that what follows is bitwise what would have followed it.
    ///
    /// # Errors
    /// If the state is not that of the same optimizer with the same settings on parameters of the
    /// same paths and shapes; the error lists every difference, and nothing is changed. To change
    /// the settings on purpose, see [`State::without_settings`].
    fn restore(&mut self, params: &Params<T>, state: &State<T>) -> Result<(), StateError> {
        let differences = T::take_up(&mut |what| ask(self, what), params, state, &State::empty)?;
        if differences.is_empty() { Ok(()) } else { Err(StateError::Mismatch { differences }) }
    }
}

/// Asks an optimizer of a known type.
pub(crate) fn ask<T, O>(optimizer: &mut O, what: What<'_, '_, T>) -> Result<(), OptimError>
where
    T: Precision,
    O: Optimizer<T> + ?Sized,
{
    match what {
        What::Prepare(selected) => optimizer.prepare(selected),
        What::Remember(selected) => optimizer.remember(selected),
        What::Transfer(ledger) => {
            optimizer.transfer(ledger);
            Ok(())
        }
    }
}

impl<T: Precision, O: Optimizer<T> + ?Sized> Optimizer<T> for Box<O> {
    fn prepare(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        (**self).prepare(selected)
    }

    fn update(&mut self, weights: &mut [T], gradients: &[T]) {
        (**self).update(weights, gradients);
    }

    fn begin(&mut self) {
        (**self).begin();
    }

    fn remember(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        (**self).remember(selected)
    }

    fn steps(&self) -> u64 {
        (**self).steps()
    }

    fn learning_rate(&self) -> f64 {
        (**self).learning_rate()
    }

    fn observe(&mut self, metric: f64) {
        (**self).observe(metric);
    }

    fn set_rate_factor(&mut self, factor: f64) {
        (**self).set_rate_factor(factor);
    }

    fn transfer(&mut self, ledger: &mut Ledger<'_, T>) {
        (**self).transfer(ledger);
    }
}
