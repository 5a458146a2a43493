//! All optimizers race: in a valley, from a saddle, and on the digits.
//!
//! `cargo run --release -p lectures --example gallery -- race`

#[path = "10_race"]
mod parts {
    pub mod digits;
    pub mod saddle;
    pub mod valley;
}

use cotangent::Precision;
use cotangent::optim::{Adagrad, Adam, Nesterov, Optimizer, RmsProp, Sgd};
use lab::{Deck, Experiment, Hue, Lab, Result};
use parts::{digits, saddle, valley};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "The race of the optimizers",
    deck: Deck::Optimization,
    slides: "Example (source: cs231n); In practice",
    quotes: &[
        "RMSprop, AdaGrad, and Adam can adaptively tune the update vector size (per parameter). \
         Known also as methods with adaptive learning rates.",
        "Adam is a good default choice in most cases.",
    ],
    formulas: &[
        r"\text{valley (Beale)}\quad f = (1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
        r"\text{saddle}\quad f = x^2 - y^2",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "10_race": valley, saddle, digits)
}

/// An optimizer in the precision T: name, colour, and how it is made of a learning rate.
type Racer<T> = (&'static str, Hue, fn(f64) -> Box<dyn Optimizer<T>>);

/// All racers.
fn racers<T: Precision>() -> [Racer<T>; 6] {
    [
        ("SGD", Hue::Blue, |rate| Box::new(Sgd::new(rate))),
        ("Momentum", Hue::Vermillion, |rate| Box::new(Sgd::new(rate).momentum(0.9))),
        ("Nesterov", Hue::Green, |rate| Box::new(Nesterov::new(rate, 0.9))),
        ("Adagrad", Hue::Purple, |rate| Box::new(Adagrad::new(rate))),
        ("RMSprop", Hue::Orange, |rate| Box::new(RmsProp::new(rate).lecture())),
        ("Adam", Hue::Ink, |rate| Box::new(Adam::new(rate).lecture())),
    ]
}

/// 1, 2, 5 times powers of ten, from 10⁻⁴ to 50.
fn rates() -> Vec<f64> {
    (-4..=1).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(power))).collect()
}
