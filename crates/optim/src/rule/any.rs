//! Rules as trait objects.

use std::any::Any;
use std::cell::RefCell;

use graph::{Shape, Var};
use serde_json::Value;

use super::at::Numbers;
use super::{At, Moment, Rule, Unit, Updated};
use crate::{Number, Slot, Visit};

/// How a number of a rule of whatever type comes about.
pub(crate) type AnyFormula = Box<dyn Fn(&dyn AnyRule, &Moment<'_>) -> f64 + Send + Sync>;

/// An update with its numbers, which are inputs of the graph in this order, after the others.
pub struct Recorded<'g> {
    pub(crate) updated: Updated<'g>,
    pub(crate) numbers: Vec<(Var<'g>, AnyFormula)>,
}

/// A rule of whatever type: what an optimizer's work asks of it.
pub trait AnyRule: Send {
    fn name(&self) -> &'static str;
    fn unit(&self) -> Unit;
    fn show(&mut self, visit: &mut Visit<'_>);
    fn slots(&self) -> Vec<Slot>;
    fn numbers(&self) -> &'static [Number];
    fn accepts(&self, shape: &Shape) -> Result<(), &'static str>;
    fn advance(&self, step: u64, numbers: &mut [f64]);
    fn settings(&self) -> Value;
    /// What decides which formula an update is: the rule without its numbers.
    fn form(&self) -> Box<dyn AnyRule>;
    /// Whether this is the form of a rule.
    fn is_form_of(&self, rule: &dyn AnyRule) -> bool;
    /// Records the update of a rule of this form.
    fn record<'g>(&self, weights: Var<'g>, gradient: Var<'g>, state: &[Var<'g>]) -> Recorded<'g>;
    fn as_any(&self) -> &dyn Any;
}

impl<R: Rule> AnyRule for R {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn unit(&self) -> Unit {
        R::UNIT
    }

    fn show(&mut self, visit: &mut Visit<'_>) {
        self.hyperparameters(visit);
    }

    fn slots(&self) -> Vec<Slot> {
        Rule::slots(self)
    }

    fn numbers(&self) -> &'static [Number] {
        Rule::numbers(self)
    }

    fn accepts(&self, shape: &Shape) -> Result<(), &'static str> {
        Rule::accepts(self, shape)
    }

    fn advance(&self, step: u64, numbers: &mut [f64]) {
        Rule::advance(self, step, numbers);
    }

    fn settings(&self) -> Value {
        Rule::settings(self)
    }

    fn form(&self) -> Box<dyn AnyRule> {
        Box::new(form(self))
    }

    fn is_form_of(&self, rule: &dyn AnyRule) -> bool {
        rule.as_any().downcast_ref::<R>().is_some_and(|rule| form(rule) == *self)
    }

    fn record<'g>(&self, weights: Var<'g>, gradient: Var<'g>, state: &[Var<'g>]) -> Recorded<'g> {
        let numbers = Numbers::Fed(RefCell::default());
        let at = At { weights, gradient, state, numbers };
        let updated = self.update(&at);
        let Numbers::Fed(fed) = at.numbers else { unreachable!("they were made so") };
        let numbers = fed.into_inner().into_iter().map(|(number, formula)| {
            let of_any = move |rule: &dyn AnyRule, moment: &Moment<'_>| {
                formula(rule.as_any().downcast_ref().expect("a rule of this type"), moment)
            };
            (number, Box::new(of_any) as AnyFormula)
        });
        Recorded { updated, numbers: numbers.collect() }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A rule with ∞ for every hyperparameter that is not 0. Who takes one for a constant of a formula gets weights that are not
/// finite, where a constant of the first step would go unnoticed.
fn form<R: Rule>(rule: &R) -> R {
    let mut form = *rule;
    form.hyperparameters(&mut |_, _, value| {
        if *value != 0.0 {
            *value = f64::INFINITY;
        }
    });
    form
}
