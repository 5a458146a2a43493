//! Finding a learning rate by trying all of them in one short run.

use std::error::Error;

use graph::{Params, RunError};
use serde::Serialize;

use crate::{OptimError, Optimizer, Precision, State, StateError};

/// The learning-rate range test: a short run in which the rate grows by a constant factor from step
/// to step. The loss first stays, then falls, then bursts; the rates to choose from are those at
/// which it falls. (Smith, "Cyclical learning rates for training neural networks", 2017,
/// arXiv:1506.01186; the exponential growth as in fastai.)
///
/// Parameters and optimizer are afterwards as they were before. Schedules are divided out, so that
/// the rates are those of the test; [groups](crate::Groups) keep the ratios of their rates.
///
/// ```
/// use cotangent::{GradientLayout, Gradients, Params};
/// use cotangent::optim::{Optimizer, RangeTest, Sgd};
/// let mut params: Params<f64> = Params::with_seed(0);
/// params.root().parameter("w", cotangent::ndarray::array![1.0].into_dyn());
/// let layout = GradientLayout::new(params.trainable_entries());
/// let mut sgd = Sgd::new(0.1);
///
/// let curve = RangeTest::new(1e-4, 1e2, 100).run(&mut params, &mut sgd, |params, sgd| {
///     let w = params.trainable()[0];
///     sgd.step(params, Gradients::new(&layout, &[2.0 * w]))?;         // of the loss w²
///     Ok::<_, cotangent::optim::OptimError>(w * w)
/// })?;
/// let rate = curve.suggestion().unwrap();
/// assert!(0.01 < rate && rate < 1.0, "above 1, w² grows: {rate}");
/// assert_eq!((params.trainable(), sgd.steps(), sgd.learning_rate()), (&[1.0][..], 0, 0.1));
/// # Ok::<(), cotangent::optim::RangeTestError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RangeTest {
    lowest: f64,
    highest: f64,
    steps: usize,
    smoothing: f64,
    burst: f64,
}

impl RangeTest {
    /// Rates from `lowest` to `highest`, both included, in this many steps.
    ///
    /// The curve is smoothed by a bias-corrected running average of decay 0.8, and the run ends
    /// early when that is 4 times its least value, or a loss or gradient is not finite.
    pub fn new(lowest: f64, highest: f64, steps: usize) -> Self {
        Self { lowest, highest, steps, smoothing: 0.8, burst: 4.0 }
    }

    /// How much of the running average of losses survives a step; in \[0, 1).
    #[must_use]
    pub fn smoothing(self, decay: f64) -> Self {
        Self { smoothing: decay, ..self }
    }

    /// Ends the run when the smoothed loss is this many times its least value; above 1, and infinite
    /// to go on to the last rate.
    #[must_use]
    pub fn stop_at(self, burst: f64) -> Self {
        Self { burst, ..self }
    }

    /// Makes the run. `step` makes one training step, on the next batch, and answers its loss.
    ///
    /// # Errors
    /// If the range, the number of steps or an option is of no use, or whatever `step` fails with.
    /// Parameters and optimizer are then as they were, too.
    pub fn run<T, O, E>(
        &self,
        params: &mut Params<T>,
        optimizer: &mut O,
        step: impl FnMut(&mut Params<T>, &mut O) -> Result<f64, E>,
    ) -> Result<RangeCurve, RangeTestError>
    where
        T: Precision,
        O: Optimizer<T> + ?Sized,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.check()?;
        let (before, state): (_, State<T>) = (params.clone(), optimizer.state(params)?);
        let curve = self.measure(params, optimizer, step);
        params.values_mut().copy_from_slice(before.values());
        params.set_seed(before.seed());
        optimizer.restore(params, &state)?;
        curve
    }

    fn check(&self) -> Result<(), RangeTestError> {
        let Self { lowest, highest, steps, smoothing, burst } = *self;
        if !(0.0 < lowest && lowest < highest && highest.is_finite()) {
            return Err(RangeTestError::Range { lowest, highest });
        }
        if steps < 2 || !(0.0..1.0).contains(&smoothing) || burst.is_nan() || burst <= 1.0 {
            return Err(RangeTestError::Options { steps, smoothing, burst });
        }
        Ok(())
    }

    fn measure<T, O, E>(
        &self,
        params: &mut Params<T>,
        optimizer: &mut O,
        mut step: impl FnMut(&mut Params<T>, &mut O) -> Result<f64, E>,
    ) -> Result<RangeCurve, RangeTestError>
    where
        T: Precision,
        O: Optimizer<T> + ?Sized,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let growth = (self.highest / self.lowest).ln() / (self.steps - 1) as f64;
        let (mut points, mut average, mut gathered) = (Vec::new(), 0.0, 0.0);
        let mut least = f64::INFINITY;
        for i in 0..self.steps {
            let rate = self.lowest * (growth * i as f64).exp();
            set_rate(optimizer, rate)?;
            let loss =
                match step(params, optimizer).map_err(Into::<Box<dyn Error + Send + Sync>>::into) {
                    Ok(loss) => loss,
                    Err(error) if is_burst(&*error) => f64::NAN,
                    Err(error) => return Err(RangeTestError::Step(error)),
                };
            average = self.smoothing * average + (1.0 - self.smoothing) * loss;
            gathered = self.smoothing * gathered + (1.0 - self.smoothing);
            let smoothed = average / gathered;
            points.push(RangePoint { rate, loss, smoothed });
            least = least.min(smoothed);
            if !smoothed.is_finite() || smoothed > self.burst * least {
                break;
            }
        }
        Ok(RangeCurve { points })
    }
}

/// Whether a step failed because numbers were not finite, which here is a result like any other.
fn is_burst(error: &(dyn Error + 'static)) -> bool {
    let optim = |error: &OptimError| {
        matches!(error, OptimError::Diverged { .. } | OptimError::NonFiniteGradient { .. })
    };
    let run = |error: &RunError| matches!(error.innermost(), RunError::Arose { .. });
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref().is_some_and(optim) || error.downcast_ref().is_some_and(run) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Gives the next update a learning rate, whatever its schedule says.
fn set_rate<T: Precision, O: Optimizer<T> + ?Sized>(
    optimizer: &mut O,
    rate: f64,
) -> Result<(), RangeTestError> {
    optimizer.set_rate_factor(1.0);
    let scheduled = optimizer.learning_rate();
    if !(scheduled > 0.0 && scheduled.is_finite()) {
        return Err(RangeTestError::Unscalable { rate: scheduled, step: optimizer.steps() });
    }
    optimizer.set_rate_factor(rate / scheduled);
    Ok(())
}

/// What a [`RangeTest`] has measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RangeCurve {
    /// One for each step, in order; the last loss may not be finite.
    pub points: Vec<RangePoint>,
}

/// One step of a [`RangeTest`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RangePoint {
    /// The learning rate.
    pub rate: f64,
    /// The loss of the step's batch, before its update.
    pub loss: f64,
    /// The bias-corrected running average of the losses.
    pub smoothed: f64,
}

impl RangeCurve {
    /// A learning rate to start with: where the smoothed loss falls most steeply over log α, among
    /// the rates below that of the least. `None` if it never falls.
    pub fn suggestion(&self) -> Option<f64> {
        let falling = &self.points[..=self.bottom()?];
        let slope = |w: &[RangePoint]| (w[2].smoothed - w[0].smoothed, w[1].rate);
        let steepest = falling.windows(3).map(slope).min_by(|a, b| a.0.total_cmp(&b.0))?;
        (steepest.0 < 0.0).then_some(steepest.1)
    }

    /// The lowest rate at which the loss visibly falls: the smoothed loss is less than 0.9 times
    /// the mean of the first tenth of the losses.
    pub fn falls_from(&self) -> Option<f64> {
        let first = &self.points[..self.points.len().div_ceil(10)];
        let start = first.iter().map(|point| point.loss).sum::<f64>() / first.len() as f64;
        self.points.iter().find(|point| point.smoothed < 0.9 * start).map(|point| point.rate)
    }

    /// The lowest rate at which the loss has burst: the smoothed loss is more than twice its least,
    /// which came before, or not finite.
    pub fn bursts_at(&self) -> Option<f64> {
        let bottom = self.bottom()?;
        let least = self.points[bottom].smoothed;
        let burst =
            |point: &&RangePoint| !point.smoothed.is_finite() || point.smoothed > 2.0 * least;
        self.points[bottom..].iter().find(burst).map(|point| point.rate)
    }

    /// Where the smoothed loss is least.
    fn bottom(&self) -> Option<usize> {
        let finite = self.points.iter().enumerate().filter(|(_, point)| point.smoothed.is_finite());
        finite.min_by(|a, b| a.1.smoothed.total_cmp(&b.1.smoothed)).map(|(i, _)| i)
    }
}

/// A range test that was not made. Parameters and optimizer are as they were.
///
/// See [`RangeTest`].
#[derive(thiserror::Error)]
pub enum RangeTestError {
    /// Rates that cannot grow by a factor.
    #[error(
        "the rates of a range test must be 0 < lowest < highest < ∞; given {lowest} and {highest}"
    )]
    Range {
        /// The first rate.
        lowest: f64,
        /// The last rate.
        highest: f64,
    },
    /// Options of no use.
    #[error(
        "a range test needs at least 2 steps, a smoothing in [0, 1) and an end above 1 times the \
         least loss; given {steps}, {smoothing} and {burst}"
    )]
    Options {
        /// The steps.
        steps: usize,
        /// The decay of the running average.
        smoothing: f64,
        /// The end.
        burst: f64,
    },
    /// A learning rate that no factor makes another.
    #[error("the learning rate is {rate} at step {step}, and no factor makes it that of the test")]
    Unscalable {
        /// The learning rate as scheduled.
        rate: f64,
        /// The step: 0 is the first.
        step: u64,
    },
    /// The optimizer cannot be used on the parameters.
    #[error(transparent)]
    Optimizer(#[from] OptimError),
    /// The optimizer's state cannot be taken or given back.
    #[error(transparent)]
    State(#[from] StateError),
    /// The training step failed.
    #[error("a step of the range test: {0}")]
    Step(#[source] Box<dyn Error + Send + Sync>),
}

graph::debug_as_display!(RangeTestError);
