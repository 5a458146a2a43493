//! The optimizer of one rule.

use graph::Pattern;
use program::Precision;

use crate::memory::{Memory, Remembered};
use crate::schedule::{Curve, ReduceOnPlateau, Schedule};
use crate::segments::{Chosen, Segment, Selected};
use crate::state::Ledger;
use crate::{At, Domain, OptimError, Optimizer, Rule};

/// The name under which every rule shows its learning rate.
const LEARNING_RATE: &str = "learning_rate";
const WEIGHT_DECAY: &str = "weight_decay";

/// An optimizer: a [`Rule`] with its schedules and its state.
///
/// Made by the constructors of the rules ([`Sgd::new`](crate::Sgd), [`Adam::new`](crate::Adam), …),
/// which take any number: what is outside of its domain is refused by [`validate`](Self::validate),
/// and by the first step.
#[derive(Clone, Debug)]
pub struct Optim<R, T = f32> {
    rule: R,
    /// The rule at the step that was prepared.
    current: R,
    schedules: Vec<(String, Schedule)>,
    rate: Schedule,
    plateau: Option<ReduceOnPlateau>,
    no_decay: Vec<Pattern>,
    /// What the learning rate is multiplied by beside its schedules.
    rate_factor: f64,
    steps: u64,
    remembered: Remembered<T>,
}

impl<R: Rule, T: Precision> Optim<R, T> {
    /// The optimizer of a rule.
    pub fn new_rule(rule: R) -> Self {
        Self {
            rule,
            current: rule,
            schedules: Vec::new(),
            rate: Schedule::default(),
            plateau: None,
            no_decay: Vec::new(),
            rate_factor: 1.0,
            steps: 0,
            remembered: Remembered::nothing(&[]),
        }
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
    /// write [`schedule.per(steps_in_an_epoch)`](Curve::per).
    ///
    /// ```
    /// use cotangent::optim::{Curve, Sgd, StepDecay};
    /// # use cotangent::optim::Optimizer;
    /// let sgd = Sgd::<f32>::new(0.1).schedule(StepDecay::halve_every(10).per(938));
    /// assert_eq!(sgd.learning_rate(), 0.1);
    /// ```
    pub fn schedule(mut self, schedule: impl Into<Schedule>) -> Self {
        let schedule = schedule.into();
        self.rate = match std::mem::take(&mut self.rate) {
            Schedule::Constant(constant) if constant.value == 1.0 => schedule,
            first => first.multiplied_by(schedule),
        };
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
        self.schedules.push((hyperparameter.to_owned(), schedule.into()));
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
        self.plateau = Some(plateau);
        self
    }

    /// Applies no weight decay to the parameters of a pattern, such as `"*.bias"`.
    pub fn no_decay(mut self, pattern: impl Into<Pattern>) -> Self {
        self.no_decay.push(pattern.into());
        self
    }

    /// Checks the hyperparameters, as they are at the next step.
    ///
    /// # Errors
    /// The first that is outside of its domain, or a schedule for one that the rule has not.
    pub fn validate(&self) -> Result<(), OptimError> {
        for (name, _) in &self.schedules {
            let mut known = Vec::new();
            visit(self.rule, |candidate, _, _| known.push(candidate));
            if !known.contains(&name.as_str()) {
                return Err(OptimError::UnknownHyperparameter {
                    rule: R::NAME,
                    name: name.clone(),
                    known: known.join(", "),
                });
            }
        }
        self.check(self.rule_at(self.steps))
    }

    /// Copies a slot that is like the weights to where the weights lie, for the parameters that a
    /// step was made with.
    pub(crate) fn read_slot(&self, slot: usize, weights: &mut [T]) {
        self.remembered.now.read(slot, weights);
    }

    /// The rule with its schedules' values at a step.
    fn rule_at(&self, step: u64) -> R {
        visit(self.rule, |name, _, value| {
            if let Some((_, schedule)) = self.schedules.iter().rfind(|entry| entry.0 == name) {
                *value = schedule.at(step);
            }
            if name == LEARNING_RATE {
                *value *= self.rate.at(step);
                *value *= self.plateau.as_ref().map_or(1.0, ReduceOnPlateau::value);
                *value *= self.rate_factor;
            }
        })
    }

    fn check(&self, rule: R) -> Result<(), OptimError> {
        let mut refused = None;
        visit(rule, |name, domain, value| {
            if refused.is_none() && !domain.contains(*value) {
                refused = Some((name, domain, *value));
            }
        });
        match refused {
            None => Ok(()),
            Some((name, domain, value)) => Err(OptimError::Hyperparameter {
                of: R::NAME,
                name,
                value,
                domain,
                step: self.steps,
            }),
        }
    }

    /// Checks what can only be wrong when other parameters take part than in the last step.
    fn check_parameters(&self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        self.validate()?;
        selected.check_patterns(&self.no_decay)?;
        for Chosen { param, .. } in selected.iter() {
            self.rule.accepts(param.shape()).map_err(|requirement| OptimError::UnfitShape {
                rule: R::NAME,
                path: param.path().to_owned(),
                shape: param.shape().clone(),
                requirement,
            })?;
        }
        Ok(())
    }

    /// What is remembered, laid out for a step in which other parameters take part.
    fn extended(
        &self,
        memory: &Memory<T>,
        selected: Selected<'_, T>,
    ) -> Result<Memory<T>, OptimError> {
        memory.extended(
            selected,
            R::UNIT,
            || self.rule.slots(),
            |chosen| Segment {
                decays: !self.no_decay.iter().any(|p| p.matches(chosen.param.path())),
                numbers: self.rule.numbers().iter().map(|number| number.1).collect(),
                ..Segment::new(chosen)
            },
        )
    }
}

/// The rule after its hyperparameters were shown, and perhaps changed.
fn visit<R: Rule>(mut rule: R, mut visit: impl FnMut(&'static str, Domain, &mut f64)) -> R {
    rule.hyperparameters(&mut visit);
    rule
}

/// The rule for parameters that do not decay.
fn without_decay<R: Rule>(rule: R) -> R {
    visit(rule, |name, _, value| {
        if name == WEIGHT_DECAY {
            *value = 0.0;
        }
    })
}

impl<R: Rule + Send, T: Precision> Optimizer<T> for Optim<R, T> {
    fn prepare(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        let current = self.rule_at(self.steps);
        self.check(current)?;
        if !self.remembered.fits(selected)? {
            self.check_parameters(selected)?;
            self.remembered.next = Some(self.extended(&self.remembered.now, selected)?);
        }
        selected.check_gradients(self.steps, self.learning_rate())?;
        self.current = current;
        Ok(())
    }

    fn update(&mut self, weights: &mut [T], gradients: &[T]) {
        self.steps += 1;
        let (decaying, undecayed) = (self.current, without_decay(self.current));
        self.remembered.begin().each(|run, segments, slots| {
            for Segment { steps, numbers, .. } in &mut *segments {
                *steps += 1;
                decaying.advance(*steps, numbers);
            }
            let Segment { shape, decays, steps, numbers, .. } = &segments[0];
            let at = At { step: *steps, shape, numbers };
            let rule = if *decays { &decaying } else { &undecayed };
            let weights = &mut weights[run.weights.clone()];
            rule.update(&at, weights, &gradients[run.gradients.clone()], slots);
        });
    }

    fn remember(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        self.remembered = self.extended(&Memory::nothing(&[]), selected)?.into();
        Ok(())
    }

    fn steps(&self) -> u64 {
        self.steps
    }

    fn observe(&mut self, metric: f64) {
        if let Some(plateau) = &mut self.plateau {
            plateau.observe(metric);
        }
    }

    fn set_rate_factor(&mut self, factor: f64) {
        self.rate_factor = factor;
    }

    fn transfer(&mut self, ledger: &mut Ledger<'_, T>) {
        ledger.section(R::NAME, |ledger| {
            ledger.settings(&self.rule);
            ledger.setting("rate_schedule", &self.rate);
            for (name, schedule) in &self.schedules {
                ledger.setting(&format!("{name}_schedule"), schedule);
            }
            let no_decay: Vec<_> = self.no_decay.iter().map(Pattern::to_string).collect();
            ledger.setting("no_decay", &no_decay);
            ledger.count("steps", &mut self.steps);
            ledger.number("rate_factor", &mut self.rate_factor);
            if let Some(plateau) = &mut self.plateau {
                ledger.section("plateau", |ledger| plateau.transfer(ledger));
            }
            self.remembered.now.transfer(&[], self.rule.numbers(), true, ledger);
        });
    }

    fn learning_rate(&self) -> f64 {
        let mut rate = 0.0;
        visit(self.rule_at(self.steps), |name, _, value| {
            if name == LEARNING_RATE {
                rate = *value;
            }
        });
        rate
    }
}
