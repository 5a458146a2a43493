//! The optimizer of one rule.

use program::Scalar;

use crate::memory::{Memory, Piece};
use crate::schedule::{Curve, ReduceOnPlateau, Schedule};
use crate::segments::{self, Run, Segment, Selected};
use crate::state::Ledger;
use crate::{At, Domain, OptimError, Optimizer, Pattern, Rule, Unit};

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
    state: Option<State<T>>,
}

#[derive(Clone, Debug)]
struct State<T> {
    memory: Memory<T>,
    runs: Vec<Run>,
}

impl<R: Rule, T: Scalar> Optim<R, T> {
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
            state: None,
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
    /// use optim::{Curve, Sgd, StepDecay};
    /// # use optim::Optimizer;
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
    /// use optim::{Ramp, Sgd};
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
    /// use optim::{Adam, Optimizer, ReduceOnPlateau};
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

    /// Copies a slot that is like the weights to where the weights lie; not before the first step.
    pub(crate) fn read_slot(&self, slot: usize, weights: &mut [T]) {
        if let Some(state) = &self.state {
            state.memory.read(slot, weights);
        }
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

    /// State for these parameters, as it is before the first step.
    fn lay_out(&self, selected: Selected<'_, T>) -> Result<State<T>, OptimError> {
        self.validate()?;
        let memory = Memory::new(selected, &self.rule.slots(), self.rule.numbers());
        segments::check_patterns(&memory.segments, &self.no_decay)?;
        for Segment { path, shape, .. } in &memory.segments {
            self.rule.accepts(shape).map_err(|requirement| OptimError::UnfitShape {
                rule: R::NAME,
                path: path.clone(),
                shape: shape.clone(),
                requirement,
            })?;
        }
        let decays = |s: &Segment| !self.no_decay.iter().any(|pattern| pattern.matches(&s.path));
        let runs = match R::UNIT {
            Unit::Element => segments::joined(&memory.segments, decays),
            Unit::Parameter => segments::separate(&memory.segments, decays),
        };
        Ok(State { memory, runs })
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

impl<R: Rule + Send, T: Scalar> Optimizer<T> for Optim<R, T> {
    fn prepare(&mut self, selected: Selected<'_, T>) -> Result<(), OptimError> {
        let current = self.rule_at(self.steps);
        self.check(current)?;
        match &self.state {
            Some(state) => state.memory.check(selected)?,
            None => self.state = Some(self.lay_out(selected)?),
        }
        selected.check_gradients(self.steps, self.learning_rate())?;
        self.current = current;
        Ok(())
    }

    fn update(&mut self, weights: &mut [T], gradients: &[T]) {
        let State { memory, runs } = self.state.as_mut().expect("a step is prepared first");
        self.steps += 1;
        self.current.advance(self.steps, &mut memory.numbers);
        let undecayed = without_decay(self.current);
        for run in runs {
            let Piece { shape, numbers, slots } = memory.of(run);
            let at = At { step: self.steps, shape, numbers };
            let rule = if run.decays { &self.current } else { &undecayed };
            let range = run.range.clone();
            rule.update(&at, &mut weights[range.clone()], &gradients[range], slots);
        }
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
            ledger.setting("no_decay", &self.no_decay);
            ledger.count("steps", &mut self.steps);
            ledger.number("rate_factor", &mut self.rate_factor);
            if let Some(plateau) = &mut self.plateau {
                ledger.section("plateau", |ledger| plateau.transfer(ledger));
            }
            if let Some(state) = &mut self.state {
                state.memory.transfer(self.rule.numbers(), ledger);
            }
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
