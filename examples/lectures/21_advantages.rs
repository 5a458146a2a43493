//! The advantages of batch normalization, measured on the digits.
//!
//! `cargo run --release -p lectures --example gallery -- advantages`

#[path = "21_advantages"]
mod parts {
    pub mod dropout;
    pub mod faster;
    pub mod noise;
    pub mod rates_and_scales;
}

use cotangent::data::Dataset;
use cotangent::prelude::{Activation, Sgd};
use lab::{Classifier, Course, Deck, Digits, Experiment, Hue, Lab, Network, Result};
use parts::{dropout, faster, noise, rates_and_scales};
use rand::RngExt;

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Advantages of batch normalization",
    deck: Deck::Both,
    slides: "Advantages of Batch Normalization; Batch normalization: summary",
    quotes: &[
        "Networks train faster. Allows for higher learning rates. Makes weights easier to \
         initialise. Provides some regularization.",
        "Makes neural networks more robust to the range of hyperparameters",
        "Acts as a form of regularization in a funny way (as we will see)",
    ],
    formulas: &[
        r"\sigma_W = s \cdot \sqrt{2 / n} \quad (s \text{: the scale of the initialisation})",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "21_advantages": rates_and_scales, faster, noise, dropout)
}

const NAMES: [(&str, Hue, bool); 2] =
    [("without batch norm", Hue::Vermillion, false), ("with batch norm", Hue::Blue, true)];

/// The widths of five hidden layers.
const DEEP: [usize; 7] = [64, 32, 32, 32, 32, 32, 10];

/// A network that learns from samples by plain SGD.
struct Training<'a> {
    network: Network<'a>,
    samples: &'a Dataset,
    batch: usize,
    rate: f64,
    seed: u64,
}

impl Training<'_> {
    /// The classifier after so many epochs, with its training loss after each.
    fn run(&self, epochs: usize) -> Result<(Classifier, Vec<(f64, f64)>)> {
        let mut model = Classifier::new(self.seed, 0.0, |scope| self.network.build(scope));
        let course = Course { epochs, batch: self.batch, seed: self.seed };
        let curve = model.train(self.samples, course, &mut Sgd::new(self.rate))?;
        Ok((model, curve))
    }
}

/// How many digits, and which share of them has a wrong label.
const FEW: usize = 400;
const WRONG: f64 = 0.3;

/// How they are learned: the learning rate, epochs, seeds.
const RATE: f64 = 0.1;
const EPOCHS: usize = 40;
const SEEDS: u64 = 4;

/// A few digits, of which some have a wrong label: what is learnt by heart there does harm.
fn mislabelled(digits: &Digits) -> Result<Dataset> {
    let mut rng = lab::rng(7);
    let (features, labels) = digits.train.select(&(0..FEW).collect::<Vec<_>>())?.into_parts();
    let labels = labels.mapv(|label| match rng.random_bool(WRONG) {
        true => (label + rng.random_range(1..10)) % 10,
        false => label,
    });
    Ok(Dataset::new(features, labels, 10)?)
}

/// Accuracy on the training set and on the validation set after training two hidden layers of 64,
/// the mean over seeds.
fn overfit(
    lab: &Lab,
    (samples, digits): (&Dataset, &Digits),
    (norm, dropout): (bool, f64),
    batch: usize,
) -> Result<[f64; 2]> {
    let (mut means, seeds) = ([0.0; 2], lab.pick(SEEDS, 1));
    for seed in 0..seeds {
        let network = Network::new(&[64, 64, 64, 10], Activation::Relu);
        let network = network.batch_norm(norm).dropout(dropout);
        let training = Training { network, samples, batch, rate: RATE, seed };
        let (mut model, _) = training.run(lab.pick(EPOCHS, 1))?;
        means[0] += model.accuracy(samples)? / seeds as f64;
        means[1] += model.accuracy(&digits.validation)? / seeds as f64;
    }
    Ok(means)
}
