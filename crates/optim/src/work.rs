//! What the optimizer of a rule does, whatever the rule.

use graph::Pattern;

use crate::compiled::Slices;
use crate::engine::What;
use crate::memory::{Memory, Remembered};
use crate::rule::any::AnyRule;
use crate::schedule::{Curve, ReduceOnPlateau, Schedule};
use crate::segments::{Chosen, Segment, Selected};
use crate::state::Ledger;
use crate::updates::Updates;
use crate::{Moment, OptimError, Precision};

/// The name under which every rule shows its learning rate.
pub(crate) const LEARNING_RATE: &str = "learning_rate";
const WEIGHT_DECAY: &str = "weight_decay";

/// An optimizer but for its rule.
#[derive(Clone, Debug)]
pub struct Work<T> {
    pub(crate) settings: Settings,
    pub(crate) remembered: Remembered<T>,
    pub(crate) updates: Updates<T>,
}

/// How the hyperparameters of a rule change from step to step.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// By the name of the hyperparameter.
    pub schedules: Vec<(String, Schedule)>,
    rate: Schedule,
    pub plateau: Option<ReduceOnPlateau>,
    pub no_decay: Vec<Pattern>,
    /// What the learning rate is multiplied by beside its schedules.
    pub rate_factor: f64,
    /// How many were made.
    pub steps: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            schedules: Vec::new(),
            rate: Schedule::default(),
            plateau: None,
            no_decay: Vec::new(),
            rate_factor: 1.0,
            steps: 0,
        }
    }
}

impl Settings {
    /// Multiplies the learning rate by one more schedule.
    pub fn multiply_rate(&mut self, schedule: Schedule) {
        self.rate = match std::mem::take(&mut self.rate) {
            Schedule::Constant(constant) if constant.value == 1.0 => schedule,
            first => first.multiplied_by(schedule),
        };
    }

    /// Gives a rule its schedules' values at the next step, and answers the learning rate.
    pub fn schedule(&self, rule: &mut dyn AnyRule) -> f64 {
        let mut rate = 0.0;
        rule.show(&mut |name, _, value| {
            if let Some((_, schedule)) = self.schedules.iter().rfind(|entry| entry.0 == name) {
                *value = schedule.at(self.steps);
            }
            if name == LEARNING_RATE {
                *value *= self.rate.at(self.steps);
                *value *= self.plateau.as_ref().map_or(1.0, ReduceOnPlateau::value);
                *value *= self.rate_factor;
                rate = *value;
            }
        });
        rate
    }

    /// Checks a rule, which becomes the one of the next step.
    pub fn validate(&self, rule: &mut dyn AnyRule) -> Result<(), OptimError> {
        self.check_names(rule)?;
        self.schedule(rule);
        self.check(rule)
    }

    /// Fails if there is a schedule for a hyperparameter that the rule has not.
    fn check_names(&self, rule: &mut dyn AnyRule) -> Result<(), OptimError> {
        let mut known = Vec::new();
        rule.show(&mut |name, _, _| known.push(name));
        match self.schedules.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some((name, _)) => Err(OptimError::UnknownHyperparameter {
                rule: rule.name(),
                name: name.clone(),
                known: known.join(", "),
            }),
        }
    }

    /// Fails if a hyperparameter is outside of its domain.
    fn check(&self, rule: &mut dyn AnyRule) -> Result<(), OptimError> {
        let (of, step, mut refused) = (rule.name(), self.steps, None);
        rule.show(&mut |name, domain, value| {
            if refused.is_none() && !domain.contains(*value) {
                let value = *value;
                refused = Some(OptimError::Hyperparameter { of, name, value, domain, step });
            }
        });
        refused.map_or(Ok(()), Err)
    }
}

/// Makes a rule one for parameters that do not decay.
pub(crate) fn without_decay(rule: &mut dyn AnyRule) {
    rule.show(&mut |name, _, value| {
        if name == WEIGHT_DECAY {
            *value = 0.0;
        }
    });
}

impl<T: Precision> Default for Work<T> {
    fn default() -> Self {
        let (settings, updates) = (Settings::default(), Updates::default());
        Self { settings, remembered: Remembered::nothing(&[]), updates }
    }
}

impl<T: Precision> Work<T> {
    /// Does what is asked. The rule is as it was given, and is scheduled where a step is prepared.
    pub(crate) fn answer(
        &mut self,
        rule: &mut dyn AnyRule,
        what: What<'_, '_, T>,
    ) -> Result<(), OptimError> {
        match what {
            What::Prepare(selected) => self.prepare(rule, selected),
            What::Remember(selected) => {
                self.remembered = self.extended(rule, &Memory::nothing(&[]), selected)?.into();
                Ok(())
            }
            What::Transfer(ledger) => {
                ledger.section(rule.name(), |ledger| self.transfer(rule, ledger));
                Ok(())
            }
        }
    }

    fn prepare(
        &mut self,
        rule: &mut dyn AnyRule,
        selected: Selected<'_, T>,
    ) -> Result<(), OptimError> {
        let rate = self.settings.schedule(rule);
        self.settings.check(rule)?;
        if !self.remembered.fits(selected)? {
            self.check_parameters(rule, selected)?;
            self.remembered.next = Some(self.extended(rule, &self.remembered.now, selected)?);
        }
        selected.check_gradients(self.settings.steps, rate)
    }

    /// Checks what can only be wrong when other parameters take part than in the last step.
    fn check_parameters(
        &self,
        rule: &mut dyn AnyRule,
        selected: Selected<'_, T>,
    ) -> Result<(), OptimError> {
        self.settings.check_names(rule)?;
        selected.check_patterns(&self.settings.no_decay)?;
        for Chosen { param, .. } in selected.iter() {
            rule.accepts(param.shape()).map_err(|requirement| OptimError::UnfitShape {
                rule: rule.name(),
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
        rule: &dyn AnyRule,
        memory: &Memory<T>,
        selected: Selected<'_, T>,
    ) -> Result<Memory<T>, OptimError> {
        let no_decay = &self.settings.no_decay;
        memory.extended(selected, rule.unit(), &|| rule.slots(), &|chosen| Segment {
            decays: !no_decay.iter().any(|p| p.matches(chosen.param.path())),
            numbers: rule.numbers().iter().map(|number| number.1).collect(),
            ..Segment::new(chosen)
        })
    }

    /// Makes the step that was prepared, by the rule and the one for what does not decay.
    pub(crate) fn update(
        &mut self,
        [decaying, undecayed]: [&dyn AnyRule; 2],
        weights: &mut [T],
        gradients: &[T],
    ) {
        self.settings.steps += 1;
        let (memory, updates) = (self.remembered.begin(), &mut self.updates);
        updates.fit(memory, [decaying, undecayed]);
        memory.each(&mut |run, segments, slots| {
            for Segment { steps, numbers, .. } in &mut *segments {
                *steps += 1;
                decaying.advance(*steps, numbers);
            }
            let Segment { decays, steps, numbers, .. } = &segments[0];
            let machine_epsilon = T::MACHINE_EPSILON.to_f64();
            let moment = Moment { step: *steps, numbers, machine_epsilon };
            let rule = if *decays { decaying } else { undecayed };
            let weights = &mut weights[run.weights.clone()];
            let gradients = &gradients[run.gradients.clone()];
            let slices = Slices { weights, gradients, rewritten: &mut [], slots };
            updates.run((rule, *decays), &segments[0], &moment, slices);
        });
    }

    fn transfer(&mut self, rule: &dyn AnyRule, ledger: &mut Ledger<'_, T>) {
        let settings = &mut self.settings;
        ledger.fields(rule.settings());
        ledger.setting("rate_schedule", &settings.rate);
        for (name, schedule) in &settings.schedules {
            ledger.setting(&format!("{name}_schedule"), schedule);
        }
        let no_decay: Vec<_> = settings.no_decay.iter().map(Pattern::to_string).collect();
        ledger.setting("no_decay", &no_decay);
        ledger.count("steps", &mut settings.steps);
        ledger.number("rate_factor", &mut settings.rate_factor);
        if let Some(plateau) = &mut settings.plateau {
            ledger.section("plateau", |ledger| plateau.transfer(ledger));
        }
        self.remembered.now.transfer(&[], rule.numbers(), true, ledger);
    }
}
