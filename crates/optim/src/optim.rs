//! The optimizer of one rule.

use std::fmt;

use graph::Pattern;
use program::Program;

use crate::engine::What;
use crate::schedule::{ReduceOnPlateau, Schedule};
use crate::segments::Selected;
use crate::state::Ledger;
use crate::work::{Work, without_decay};
use crate::{OptimError, Optimizer, Precision, Rule};

/// An optimizer: a [`Rule`] with its schedules and its state.
///
/// Made by the constructors of the rules ([`Sgd::new`](crate::Sgd), [`Adam::new`](crate::Adam), …),
/// which take any number: what is outside of its domain is refused by [`validate`](Self::validate),
/// and by the first step.
#[derive(Clone)]
pub struct Optim<R, T = f32> {
    rule: R,
    /// The rule at the step that was prepared.
    current: R,
    work: Work<T>,
}

impl<R: fmt::Debug, T: Precision> fmt::Debug for Optim<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Optim {{ rule: {:?}, current: {:?}, work: ", self.rule, self.current)?;
        T::debug_work(&self.work, f)?;
        f.write_str(" }")
    }
}

impl<R: Rule, T: Precision> Optim<R, T> {
    /// The optimizer of a rule.
    pub fn new_rule(rule: R) -> Self {
        Self { rule, current: rule, work: Work::default() }
    }

    /// The hyperparameters as given, before any schedule.
    pub fn rule(&self) -> &R {
        &self.rule
    }

    /// The hyperparameters, to be changed from the next step on.
    ///
    /// What decides the layout of the state (whether there is momentum) has its effect before the
    /// first step only.
    pub fn rule_mut(&mut self) -> &mut R {
        &mut self.rule
    }

    /// The optimizer with the rule changed: how the options of a rule are written.
    pub(crate) fn set(mut self, change: impl FnOnce(&mut R)) -> Self {
        change(&mut self.rule);
        self
    }

    /// Multiplies the learning rate by a schedule: α at step t is α₀·s(t).
    ///
    /// A second schedule multiplies the first. The schedule counts steps, from 0; to count epochs,
    /// write [`schedule.per(steps_in_an_epoch)`](crate::Curve::per).
    ///
    /// ```
    /// use cotangent::optim::{Curve, Sgd, StepDecay};
    /// # use cotangent::optim::Optimizer;
    /// let sgd = Sgd::<f32>::new(0.1).schedule(StepDecay::halve_every(10).per(938));
    /// assert_eq!(sgd.learning_rate(), 0.1);
    /// ```
    pub fn schedule(mut self, schedule: impl Into<Schedule>) -> Self {
        self.work.settings.multiply_rate(schedule.into());
        self
    }

    /// Gives a hyperparameter the values of a schedule: x at step t is s(t), whatever it was.
    ///
    /// The name is the one that errors and files call it by, which is that of the rule's field:
    /// `"momentum"`, `"beta1"`, `"weight_decay"`, or `"learning_rate"` for a schedule of rates
    /// instead of factors. A name that the rule does not have is refused by the first step.
    ///
    /// ```
    /// use cotangent::optim::{Ramp, Sgd};
    /// let growing = Ramp::new(0.85, 0.95, 500);
    /// let sgd = Sgd::<f32>::new(0.1).momentum(0.85).vary("momentum", growing);
    /// ```
    pub fn vary(mut self, hyperparameter: &str, schedule: impl Into<Schedule>) -> Self {
        self.work.settings.schedules.push((hyperparameter.to_owned(), schedule.into()));
        self
    }

    /// Multiplies the learning rate by a value that falls when a metric stops improving. The metric
    /// is told by [`observe`](Optimizer::observe), once an epoch as a rule.
    ///
    /// ```
    /// use cotangent::optim::{Adam, Optimizer, ReduceOnPlateau};
    /// let plateau = ReduceOnPlateau::new(0.1).patience(1);
    /// let mut adam = Adam::<f32>::new(1e-3).reduce_on_plateau(plateau);
    /// for validation_loss in [0.5, 0.5, 0.5] {
    ///     adam.observe(validation_loss);
    /// }
    /// assert_eq!(adam.learning_rate(), 1e-4);
    /// ```
    pub fn reduce_on_plateau(mut self, plateau: ReduceOnPlateau) -> Self {
        self.work.settings.plateau = Some(plateau);
        self
    }

    /// Applies no weight decay to the parameters of a pattern, such as `"*.bias"`.
    pub fn no_decay(mut self, pattern: impl Into<Pattern>) -> Self {
        self.work.settings.no_decay.push(pattern.into());
        self
    }

    /// Checks the hyperparameters, as they are at the next step.
    ///
    /// # Errors
    /// The first that is outside of its domain, or a schedule for one that the rule has not.
    pub fn validate(&self) -> Result<(), OptimError> {
        let mut rule = self.rule;
        self.work.settings.validate(&mut rule)
    }

    /// What the steps with the present parameters run, to be explained: a program for each shape that the rule is compiled
    /// for, which for most rules is one run of all parameters. None before the first step.
    ///
    /// ```
    /// use cotangent::{GradientLayout, Gradients, Params};
    /// use cotangent::optim::{Adam, Optimizer};
    ///
    /// let mut params = Params::<f32>::seeded(0);
    /// params.root().parameter("w", cotangent::ndarray::array![1.0, 2.0].into_dyn());
    /// let layout = GradientLayout::new(params.trainable_entries());
    /// let mut adam = Adam::new(1e-3);
    /// adam.step(&mut params, Gradients::new(&layout, &[3.0, -4.0]))?;
    /// for program in adam.programs() {
    ///     assert!(program.explain().to_string().contains("1 instructions"));
    /// }
    /// # Ok::<(), cotangent::optim::OptimError>(())
    /// ```
    pub fn programs(&self) -> impl Iterator<Item = &Program<T>> {
        self.work.updates.programs()
    }

    /// Copies a slot that is like the weights to where the weights lie, for the parameters that a
    /// step was made with.
    pub(crate) fn read_slot(&self, slot: usize, weights: &mut [T]) {
        self.work.remembered.now.read(slot, weights);
    }
}

impl<R: Rule + Send, T: Precision> Optimizer<T> for Optim<R, T> {
    fn prepare(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        let mut current = self.rule;
        T::rule_work(&mut self.work, &mut current, What::Prepare(selected))?;
        self.current = current;
        Ok(())
    }

    fn update(&mut self, weights: &mut [T], gradients: &[T]) {
        let mut undecayed = self.current;
        without_decay(&mut undecayed);
        T::rule_step(&mut self.work, [&self.current, &undecayed], weights, gradients);
    }

    fn begin(&mut self) {
        self.work.remembered.begin();
    }

    fn remember(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        T::rule_work(&mut self.work, &mut self.rule, What::Remember(selected))
    }

    fn steps(&self) -> u64 {
        self.work.settings.steps
    }

    fn observe(&mut self, metric: f64) {
        if let Some(plateau) = &mut self.work.settings.plateau {
            plateau.observe(metric);
        }
    }

    fn set_rate_factor(&mut self, factor: f64) {
        self.work.settings.rate_factor = factor;
    }

    fn transfer(&mut self, ledger: &mut Ledger<'_, T>) {
        let told = T::rule_work(&mut self.work, &mut self.rule, What::Transfer(ledger));
        told.expect("a transfer does not fail");
    }

    fn learning_rate(&self) -> f64 {
        let mut current = self.rule;
        self.work.settings.schedule(&mut current)
    }
}
