//! The digits, and training a network on them.

use cotangent::Gradients;
use cotangent::data::{self, Dataset, Standardizer};
use cotangent::nn::{l2_penalty, parameters_where};
use cotangent::optim::OptimError;
use cotangent::prelude::*;
use rand::rngs::ChaCha12Rng;

use crate::{Network, Result};

/// The embedded digits, normalised by the statistics of the training part.
#[derive(Clone, Debug)]
pub struct Digits {
    /// To learn from: 80 %.
    pub train: Dataset,
    /// To judge by: 20 %.
    pub validation: Dataset,
}

impl Digits {
    /// The digits, split by a fixed seed.
    ///
    /// # Errors
    /// None is known.
    pub fn load() -> Result<Self> {
        let [train, validation] = data::digits().split([0.8, 0.2], 0)?;
        let standardizer = Standardizer::fit(&train)?;
        Ok(Self {
            train: standardizer.apply(&train)?,
            validation: standardizer.apply(&validation)?,
        })
    }
}

/// A network of linear layers of these widths, with an activation between them.
pub fn mlp(scope: &mut Scope<'_>, widths: &[usize], activation: Activation) -> Sequential {
    Network::new(widths, activation).build(scope)
}

/// A network with what it takes to train it: the objective is mean cross-entropy + λ·Σw², over the
/// weights but not the biases.
#[derive(Debug)]
pub struct Classifier {
    /// The parameters.
    pub params: Params,
    /// The network.
    pub model: Sequential,
    step: Step<'static, f32, 2>,
    logits: Function<'static, f32, 1>,
    cost: Function<'static, f32, 2>,
}

/// How long a network trains, and in which batches.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// Passes over the samples.
    pub epochs: usize,
    /// Samples in a batch.
    pub batch: usize,
    /// Decides the order of the samples.
    pub seed: u64,
}

impl Classifier {
    /// A network 64-32-10 with relu on the digits, with the strength λ of the penalty.
    pub fn of_digits(lambda: f64) -> Self {
        Self::new(0, lambda, |scope| mlp(scope, &[64, 32, 10], Activation::Relu))
    }

    /// Trains, and answers the cost on all samples before and after each epoch, by epoch.
    ///
    /// # Errors
    /// As [`learn`](Self::learn).
    pub fn train(
        &mut self,
        samples: &Dataset,
        Course { epochs, batch, seed }: Course,
        optimizer: &mut dyn Optimizer<f32>,
    ) -> Result<Vec<(f64, f64)>> {
        let mut order = crate::rng(seed);
        let mut curve = vec![(0.0, self.cost(samples)?)];
        for epoch in 1..=epochs {
            self.epoch(samples, batch, &mut order, optimizer)?;
            curve.push((epoch as f64, self.cost(samples)?));
        }
        Ok(curve)
    }

    /// The classifier of a model in a store of this seed, with the strength λ of the penalty.
    pub fn new(seed: u64, lambda: f64, build: impl FnOnce(&mut Scope<'_>) -> Sequential) -> Self {
        let mut params = Params::seeded(seed);
        let model = build(&mut params.root());
        let weights = parameters_where(&params, |path| path.ends_with("weight"));
        let [of_step, of_logits, of_cost] = [model.clone(), model.clone(), model.clone()];
        Self {
            params,
            model,
            step: Step::new(move |graph, [x, labels]| {
                let cost = of_step.forward(x, Mode::Train).cross_entropy(labels);
                if lambda == 0.0 { cost } else { cost + l2_penalty(graph, &weights, lambda) }
            })
            .allow_non_finite(),
            logits: Function::new(move |_, [x]| of_logits.forward(x, Mode::Eval)),
            cost: Function::new(move |_, [x, labels]| {
                of_cost.forward(x, Mode::Eval).cross_entropy(labels)
            }),
        }
    }

    /// The objective on a batch; its gradients are then [`gradients`](Self::gradients).
    ///
    /// # Errors
    /// If the batch does not fit the model.
    pub fn forward_backward(&mut self, x: &Array2<f32>, labels: &Array1<i64>) -> Result<f64> {
        Ok(f64::from(self.step.run(&mut self.params, (x, labels))?))
    }

    /// The gradients of the last batch.
    pub fn gradients(&self) -> Gradients<'_, f32> {
        self.step.gradients()
    }

    /// Makes a step of the optimizer by the gradients of a batch, and answers the objective before it.
    ///
    /// Lectures show rates that are too high: a network whose gradients are not finite has burst, and
    /// its weights become what a step by them would make of them, which optimizers refuse.
    ///
    /// # Errors
    /// If the batch does not fit, or the optimizer refuses its hyperparameters.
    pub fn learn(
        &mut self,
        x: &Array2<f32>,
        labels: &Array1<i64>,
        optimizer: &mut dyn Optimizer<f32>,
    ) -> Result<f64> {
        let cost = self.forward_backward(x, labels)?;
        match optimizer.step(&mut self.params, self.step.gradients()) {
            Err(OptimError::NonFiniteGradient { .. }) => self.params.trainable_mut().fill(f32::NAN),
            made => made?,
        }
        Ok(cost)
    }

    /// Goes once through the samples in shuffled batches, and answers the objective at each step.
    ///
    /// # Errors
    /// As [`learn`](Self::learn).
    pub fn epoch(
        &mut self,
        samples: &Dataset,
        batch: usize,
        rng: &mut ChaCha12Rng,
        optimizer: &mut dyn Optimizer<f32>,
    ) -> Result<Vec<f64>> {
        let batches = samples.batches(batch)?.shuffled(rng);
        batches.map(|(x, labels)| self.learn(&x, &labels, optimizer)).collect()
    }

    /// The mean cross-entropy on all samples, in evaluation mode, without the penalty.
    ///
    /// # Errors
    /// If the samples do not fit the model.
    pub fn cost(&mut self, samples: &Dataset) -> Result<f64> {
        let cost = self.cost.run(&self.params, (samples.features(), samples.labels()))?;
        Ok(f64::from(cost[[]]))
    }

    /// The share of samples that are classified right, in evaluation mode; NaN for a network that has
    /// burst and says nothing.
    ///
    /// # Errors
    /// If the samples do not fit the model.
    pub fn accuracy(&mut self, samples: &Dataset) -> Result<f64> {
        let logits = self.logits.run(&self.params, (samples.features(),))?;
        if logits.iter().any(|x| x.is_nan()) {
            return Ok(f64::NAN);
        }
        let rows = logits.rows();
        let hits = rows.into_iter().zip(samples.labels()).filter(|(row, label)| {
            let own = row[**label as usize];
            row.iter().enumerate().all(|(class, &x)| class as i64 == **label || own > x)
        });
        Ok(hits.count() as f64 / samples.len() as f64)
    }
}
