//! Rules as trait objects.

use graph::Shape;
use serde_json::Value;

use super::{At, Rule, Unit};
use crate::{Number, Slot, Slots, Visit};

/// A rule of whatever type: what an optimizer's work asks of it.
pub trait AnyRule {
    fn name(&self) -> &'static str;
    fn unit(&self) -> Unit;
    fn show(&mut self, visit: &mut Visit<'_>);
    fn slots(&self) -> Vec<Slot>;
    fn numbers(&self) -> &'static [Number];
    fn accepts(&self, shape: &Shape) -> Result<(), &'static str>;
    fn advance(&self, step: u64, numbers: &mut [f64]);
    fn settings(&self) -> Value;
    fn update_single(&self, at: &At<'_>, w: &mut [f32], g: &[f32], state: Slots<'_, f32>);
    fn update_double(&self, at: &At<'_>, w: &mut [f64], g: &[f64], state: Slots<'_, f64>);
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

    fn update_single(&self, at: &At<'_>, w: &mut [f32], g: &[f32], state: Slots<'_, f32>) {
        self.update(at, w, g, state);
    }

    fn update_double(&self, at: &At<'_>, w: &mut [f64], g: &[f64], state: Slots<'_, f64>) {
        self.update(at, w, g, state);
    }
}
