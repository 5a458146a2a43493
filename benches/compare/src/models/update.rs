//! An update rule by itself: one step of it for a matrix of a million weights, whose gradient is given.
//!
//! What is trained is the linear loss gᵀθ, whose gradient is the same at every step, so that nothing is computed but the
//! update. The rules are those that optax has, by its conventions and names.

use cotangent::optim::{
    AdaBelief, Adadelta, Adafactor, Adagrad, Adam, Adamax, AmsGrad, Lamb, Lion, Muon, NAdam,
    NovoGrad, Optimizer, RAdam, RmsProp, Rprop, Sgd, Yogi,
};
use cotangent::prelude::*;
use cotangent::{GradientLayout, Gradients};
use serde_json::json;

use super::{Entry, Group, Model, Work};
use crate::Failure;
use crate::generate::Draw;
use crate::ours::{Ours, array, fill, timed};
use crate::plain;
use crate::serve::Training;
use crate::stats::median;
use crate::stepfile::StepFile;

/// Rows and columns of the matrix.
const SIDE: usize = 1024;

type Make = fn(f64) -> Box<dyn Optimizer<f32>>;

/// The name of a rule, a learning rate with which a few steps change the loss by more than rounding, and the rule.
#[rustfmt::skip]
const RULES: &[(&str, f64, Make)] = &[
    ("sgd", 1e-3, |rate| Box::new(Sgd::new(rate))),
    ("momentum", 1e-3, |rate| Box::new(Sgd::new(rate).momentum(0.9))),
    ("nesterov", 1e-3, |rate| Box::new(Sgd::new(rate).momentum(0.9).nesterov())),
    ("adam", 1e-3, |rate| Box::new(Adam::new(rate))),
    ("adamw", 1e-3, |rate| Box::new(Adam::new(rate).decoupled_weight_decay(1e-2))),
    ("amsgrad", 1e-3, |rate| Box::new(AmsGrad::new(rate).optax())),
    ("nadam", 1e-3, |rate| Box::new(NAdam::new(rate).optax())),
    ("radam", 1e-3, |rate| Box::new(RAdam::new(rate).optax())),
    ("adamax", 1e-3, |rate| Box::new(Adamax::new(rate))),
    ("adabelief", 1e-3, |rate| Box::new(AdaBelief::new(rate))),
    ("yogi", 1e-3, |rate| Box::new(Yogi::new(rate))),
    ("rmsprop", 1e-3, |rate| Box::new(RmsProp::new(rate).optax())),
    ("adagrad", 1e-3, |rate| Box::new(Adagrad::new(rate).optax())),
    ("adadelta", 1.0, |rate| Box::new(Adadelta::new(rate))),
    ("adafactor", 1e-3, |rate| Box::new(Adafactor::new(rate))),
    ("rprop", 1e-3, |rate| Box::new(Rprop::new(rate))),
    ("lion", 1e-3, |rate| Box::new(Lion::new(rate))),
    ("lamb", 1e-3, |rate| Box::new(Lamb::new(rate))),
    ("novograd", 1.0, |rate| Box::new(NovoGrad::new(rate))),
    ("muon", 2e-2, |rate| Box::new(Muon::new(rate).weight_decay(0.0))),
];

/// The steps of this kind.
pub fn steps() -> Vec<Entry> {
    let entry = |&(name, rate, make): &(&'static str, f64, Make)| Entry {
        name,
        summary: "an update of 1024×1024 weights",
        group: Group::Update,
        batch: 1,
        optimizer: None,
        model: Box::new(Update { name, rate, make }),
    };
    RULES.iter().map(entry).collect()
}

struct Update {
    name: &'static str,
    rate: f64,
    make: Make,
}

impl Model for Update {
    fn description(&self) -> serde_json::Value {
        json!({ "kind": "update", "rule": self.name, "learning_rate": self.rate })
    }

    fn draw(&self, _: usize, draw: &mut Draw) {
        draw.normal("weight", &[SIDE, SIDE]);
        draw.normal("x", &[SIDE, SIDE]);
    }

    fn reference(&self, file: &StepFile) -> Result<f64, Failure> {
        Ok(dot(&plain::wide(file, "x")?, &plain::wide(file, "weight")?))
    }

    fn work(&self, _: usize) -> Work {
        let (mut params, mut optimizer) = (store(), (self.make)(self.rate));
        let layout = GradientLayout::new(params.trainable_entries());
        let gradients = vec![1.0; SIDE * SIDE];
        let stepped = optimizer.step(&mut params, Gradients::new(&layout, &gradients));
        let state = stepped.and_then(|()| optimizer.state(&params));
        let slots = state.expect("all is finite").size();
        // Weights and slots are read and written, gradients read; the floor counts one pass over the weights itself.
        let activations = 2 * SIDE * SIDE + 2 * slots;
        // Five iterations X ← aX + (bA + cA²)X with A = XXᵀ.
        let products = if self.name == "muon" { 5.0 * 3.0 } else { 0.0 };
        Work { flops: products * 2.0 * (SIDE as f64).powi(3), activations }
    }

    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure> {
        let mut params = store();
        fill(&mut params, file)?;
        let layout = GradientLayout::new(params.trainable_entries());
        let gradients = array(file, "x")?.iter().copied().collect();
        let optimizer = (self.make)(self.rate);
        let mut updated = Updated { params, layout, gradients, optimizer, loss: 0.0 };
        updated.loss = updated.loss_now();
        Ok(Box::new(updated))
    }
}

fn store() -> Params {
    let mut params = Params::seeded(0);
    params.root().parameter("weight", ArrayD::zeros(vec![SIDE, SIDE]));
    params
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

struct Updated {
    params: Params,
    layout: GradientLayout,
    gradients: Vec<f32>,
    optimizer: Box<dyn Optimizer<f32>>,
    /// Before the steps since it was asked for.
    loss: f64,
}

impl Updated {
    fn loss_now(&self) -> f64 {
        let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
        dot(&wide(&self.gradients), &wide(self.params.values()))
    }
}

impl Training for Updated {
    fn step(&mut self) -> Result<(), Failure> {
        let gradients = Gradients::new(&self.layout, &self.gradients).known_finite();
        Ok(self.optimizer.step(&mut self.params, gradients)?)
    }

    fn loss(&mut self) -> Result<f64, Failure> {
        let now = self.loss_now();
        Ok(std::mem::replace(&mut self.loss, now))
    }

    fn checksum(&mut self) -> Result<f64, Failure> {
        Ok(self.params.values().iter().map(|&v| f64::from(v).powi(2)).sum())
    }
}

impl Ours for Updated {
    fn profile(&mut self) -> Result<String, Failure> {
        Ok(format!("{:>6.1} µs for the update\n", median(&timed(self)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;

    #[test]
    fn every_rule_begins_at_the_reference_and_goes_down() {
        // Minutes of products, without optimisation.
        for entry in steps().into_iter().filter(|entry| entry.name != "muon") {
            let file = generate::step_file(&entry);
            let mut ours = entry.model.ours(&file).unwrap();
            let mut losses = [0.0; 3];
            for loss in &mut losses {
                ours.step().unwrap();
                *loss = ours.loss().unwrap();
            }
            let reference = entry.model.reference(&file).unwrap();
            assert!((losses[0] - reference).abs() < 1e-6 * reference.abs(), "{}", entry.name);
            assert!(losses.is_sorted_by(|a, b| a > b), "{}: {losses:?}", entry.name);
        }
    }

    #[test]
    fn the_floor_counts_weights_slots_and_gradients() {
        let numbers = |name: &str| {
            let entry = crate::models::named(name).unwrap();
            entry.model.work(1).activations / (SIDE * SIDE)
        };
        // Weights and each slot twice, of which the gradients' pass is counted with the parameters.
        assert_eq!(["sgd", "momentum", "adam", "amsgrad"].map(numbers), [2, 4, 6, 8]);
    }
}
