//! The steps of the comparison. A kind of model is one file here, and one function in each of `python/torch_models.py`
//! and `python/jax_models.py`: its numbers, its arrays, its loss in plain `f64`, its unavoidable work, and itself on
//! Cotangent. A step is an entry that a kind's `steps` lists.

mod convolution;
mod embedding;
mod hessian;
mod hessian_product;
mod jacobian;
mod lenet;
mod lstm;
mod per_sample;
mod perceptron;
mod pinn;
mod resnet;
mod sampling;
mod tanh;
mod transformer;
mod update;

use crate::Failure;
use crate::generate::Draw;
use crate::ours::Ours;
use crate::spec::{Optimizer, Spec};
use crate::stepfile::StepFile;

/// A kind of model with its numbers.
pub trait Model {
    /// What the other frameworks read of it in the step file: the `kind`, and its numbers.
    fn description(&self) -> serde_json::Value;

    /// Draws parameters, batch and labels.
    fn draw(&self, batch: usize, draw: &mut Draw);

    /// The loss of the first step, computed as plainly as possible in `f64`; where something else than a loss is
    /// computed, the sum of its results weighed by `v.*` of the file. For a product Hv with a matrix this is vᵀHv.
    fn reference(&self, file: &StepFile) -> Result<f64, Failure>;

    /// What no implementation can do without.
    fn work(&self, batch: usize) -> Work;

    /// The step on Cotangent.
    fn ours(&self, file: &StepFile) -> Result<Box<dyn Ours>, Failure>;
}

/// What a step must do at least, but for its update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Work {
    /// Flops of matrix products, forward and backward.
    pub flops: f64,
    /// Numbers of hidden activations, each moved once; where nothing is trained, also of vectors that are read, and of
    /// results.
    pub activations: usize,
}

/// What kind of network a step is of: a summary has one column for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Linear layers.
    Dense,
    /// Convolutions.
    Image,
    /// Attention and recurrence.
    Sequence,
    /// Derivatives beyond the gradient.
    Second,
    /// Update rules alone.
    Update,
}

impl Group {
    /// All, in the order of the steps.
    pub const ALL: [Self; 5] =
        [Self::Dense, Self::Image, Self::Sequence, Self::Second, Self::Update];

    /// What tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::Image => "images",
            Self::Sequence => "sequences",
            Self::Second => "derivatives",
            Self::Update => "updates",
        }
    }
}

/// A step of the comparison.
pub struct Entry {
    /// Its name in the tables and on the command line.
    pub name: &'static str,
    /// The network, its batch and its update rule, in a few words.
    pub summary: &'static str,
    /// What kind of network it is.
    pub group: Group,
    /// How many samples the batch has.
    pub batch: usize,
    /// The update rule; none where nothing is trained.
    pub optimizer: Option<Optimizer>,
    /// The model.
    pub model: Box<dyn Model>,
}

impl Entry {
    /// What stands in the step file.
    pub fn spec(&self) -> Spec {
        let (name, model) = (self.name.to_owned(), self.model.description());
        Spec { name, batch: self.batch, model, optimizer: self.optimizer }
    }
}

/// All steps, in the order of the tables.
pub fn all() -> Vec<Entry> {
    [
        perceptron::steps(),
        lenet::steps(),
        resnet::steps(),
        convolution::steps(),
        transformer::steps(),
        lstm::steps(),
        sampling::steps(),
        embedding::steps(),
        hessian_product::steps(),
        per_sample::steps(),
        jacobian::steps(),
        hessian::steps(),
        pinn::steps(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The steps that are an update alone, by a rule each.
pub fn updates() -> Vec<Entry> {
    update::steps()
}

/// The step of this name.
pub fn named(name: &str) -> Result<Entry, Failure> {
    let entry = all().into_iter().chain(updates()).find(|entry| entry.name == name);
    entry.ok_or_else(|| format!("no step has the name {name:?}").into())
}

/// Flops of the products of a Linear layer on so many rows: x·Wᵀ, dyᵀ·x and, unless x is the batch itself, dy·W.
fn linear_flops(rows: usize, inputs: usize, outputs: usize, first: bool) -> f64 {
    let products = if first { 2.0 } else { 3.0 };
    products * 2.0 * (rows * inputs * outputs) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate;

    #[test]
    fn a_spec_survives_json() {
        for entry in all().into_iter().chain(updates()) {
            let spec = entry.spec();
            let json = serde_json::to_string(&spec).unwrap();
            assert_eq!(serde_json::from_str::<Spec>(&json).unwrap(), spec);
            assert!(spec.model["kind"].is_string(), "{}", entry.name);
        }
    }

    #[test]
    fn ours_finds_the_loss_of_the_reference() {
        let large = ["wide", "lstm-256", "resnet20", "conv64"]; // minutes, without optimisation
        for entry in all().into_iter().filter(|entry| !large.contains(&entry.name)) {
            let file = generate::step_file(&entry);
            let reference = entry.model.reference(&file).unwrap();
            let mut ours = entry.model.ours(&file).unwrap();
            ours.step().unwrap();
            let found = ours.loss().unwrap();
            assert!(
                (found - reference).abs() < 1e-4 * reference.abs(),
                "{}: {found} {reference}",
                entry.name
            );
        }
    }
}
