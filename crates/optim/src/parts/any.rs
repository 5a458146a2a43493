//! Parts as trait objects.

use serde_json::Value;

use super::{Call, Part};
use crate::{Number, Optimizer, Slot, Unit, Visit};

/// A part of whatever type: what is asked of it around an optimizer.
pub trait AnyPart {
    fn name(&self) -> &'static str;
    fn unit(&self) -> Unit;
    fn rewrites(&self) -> bool;
    fn takes_non_finite(&self) -> bool;
    fn counts(&self) -> bool;
    fn show(&mut self, visit: &mut Visit<'_>);
    fn slots(&self) -> Vec<Slot>;
    fn numbers(&self) -> &'static [Number];
    fn settings(&self) -> Value;
    fn update_single(&self, inner: &mut dyn Optimizer<f32>, call: Call<'_, f32>);
    #[cfg(feature = "double")]
    fn update_double(&self, inner: &mut dyn Optimizer<f64>, call: Call<'_, f64>);
}

impl<P: Part> AnyPart for P {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn unit(&self) -> Unit {
        P::UNIT
    }

    fn rewrites(&self) -> bool {
        P::REWRITES
    }

    fn takes_non_finite(&self) -> bool {
        P::TAKES_NON_FINITE
    }

    fn counts(&self) -> bool {
        P::COUNTS
    }

    fn show(&mut self, visit: &mut Visit<'_>) {
        self.hyperparameters(visit);
    }

    fn slots(&self) -> Vec<Slot> {
        Part::slots(self)
    }

    fn numbers(&self) -> &'static [Number] {
        Part::numbers(self)
    }

    fn settings(&self) -> Value {
        Part::settings(self)
    }

    fn update_single(&self, inner: &mut dyn Optimizer<f32>, call: Call<'_, f32>) {
        self.update(inner, call);
    }

    #[cfg(feature = "double")]
    fn update_double(&self, inner: &mut dyn Optimizer<f64>, call: Call<'_, f64>) {
        self.update(inner, call);
    }
}
