//! Internal covariate shift: the inputs of a hidden layer while a network trains.
//!
//! `cargo run --release -p lectures --example gallery -- covariate_shift`

#[path = "19_covariate_shift"]
mod parts {
    pub mod bands;
    pub mod coupling;
    pub mod shifts;
}

use cotangent::ndarray::Array2;
use cotangent::nn::Module;
use cotangent::nn::init::Xavier;
use cotangent::optim::Sgd;
use cotangent::prelude::{Activation, Function, Mode};
use lab::{Classifier, Deck, Digits, Experiment, Lab, Network, Result};
use parts::{bands, coupling, shifts};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Internal covariate shift",
    deck: Deck::Both,
    slides: "Why Batch Normalization works?; Batch normalization: summary; Learning on shifting input distributions",
    quotes: &[
        "We define Internal Covariate Shift as the change in the distribution of network activations \
         due to the change in network parameters during training.",
        "Standardizing the activations of the prior layer essentially means that the assumptions the \
         subsequent layer makes about the spread and distribution of inputs during the weight update \
         will not change, at least not dramatically.",
        "Speedup the learning process. Weaken the coupling between the earlier layers and later layers parameters",
        "This has the effect of stabilizing and speeding-up the training process",
    ],
    formulas: &[
        r"\text{shift at step } t = \frac{1}{n} \sum_{j=1}^{n} \frac{|\mu_j(t) - \mu_j(0)|}{\sigma_j(0)} \qquad \text{spread} = \frac{1}{n} \sum_{j=1}^{n} \frac{\sigma_j(t)}{\sigma_j(0)}",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "19_covariate_shift": bands, shifts, coupling)
}

/// The hidden layer that is watched, of three.
const LAYER: usize = 3;

/// What the watched layer received in the course of a training.
struct Record {
    /// The step of each look.
    steps: Vec<f64>,
    /// The inputs at each look: a row for each of the watched samples, a column for each unit.
    inputs: Vec<Array2<f64>>,
    /// The training loss by step.
    losses: Vec<f64>,
    accuracy: f64,
}

/// Trains three layers of 100 sigmoid units, as Ioffe and Szegedy (2015, figure 1) did, and looks at
/// what goes into the third layer’s sigmoid on 512 samples.
fn watch(lab: &Lab, digits: &Digits, norm: bool) -> Result<Record> {
    let network = Network::new(&[64, 100, 100, 100, 10], Activation::Sigmoid)
        .init(Xavier::normal())
        .batch_norm(norm);
    let mut classifier = Classifier::new(0, 0.0, |scope| network.build(scope));
    let model = classifier.model.clone();
    let mut look = Function::new(move |_, [x]| {
        let (mut z, mut layer) = (x, 0);
        for part in model.layers() {
            layer += usize::from(part.downcast_ref::<Activation>().is_some());
            if layer == LAYER {
                break;
            }
            z = part.forward(z, Mode::Train);
        }
        z
    });
    let watched = digits.train.select(&(0..512).collect::<Vec<_>>())?;
    let (mut sgd, mut rng) = (Sgd::new(0.5), lab::rng(0));
    let mut record =
        Record { steps: Vec::new(), inputs: Vec::new(), losses: Vec::new(), accuracy: 0.0 };
    for _ in 0..lab.pick(40, 2) {
        for (x, labels) in digits.train.batches(64)?.drop_last().shuffled(&mut rng) {
            if record.losses.len().is_multiple_of(10) {
                let inputs = look.run(&classifier.params, (watched.features(),))?;
                record.steps.push(record.losses.len() as f64);
                record.inputs.push(inputs.mapv(f64::from).into_dimensionality()?);
            }
            record.losses.push(classifier.learn(&x, &labels, &mut sgd)?);
        }
    }
    record.accuracy = classifier.accuracy(&digits.validation)?;
    Ok(record)
}

/// The trainings without batch normalization and with it.
fn records(lab: &Lab) -> Result<[Record; 2]> {
    let digits = Digits::load()?;
    Ok([watch(lab, &digits, false)?, watch(lab, &digits, true)?])
}
