//! Learning rate decay: big steps first, small ones near the minimum.
//!
//! `cargo run --release -p lectures --example gallery -- decay`

#[path = "12_decay"]
mod parts {
    pub mod digits;
    pub mod line;
    pub mod oscillation;
    pub mod schedules;
}

use cotangent::optim::{Constant, Exponential, Geometric, InverseTime, Schedule, StepDecay};
use lab::{Deck, Experiment, Hue, Lab, Result};
use parts::{digits, line, oscillation, schedules};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Learning rate decay",
    deck: Deck::Optimization,
    slides: "Learning rate decay; Learning rate decay over time; Learning rate",
    quotes: &[
        "Maybe during the initial steps of learning, you could afford to take much bigger steps. But \
         then as learning approaches converges, then having a slower learning rate allows you to \
         take smaller steps.",
        "Mini-batch gradient descent: it won't exactly converge. Slowly reduce learning rate over \
         the time: oscillating in a tighter region around this minimum.",
        "Step decay: decay learning rate by half every few epochs.",
    ],
    formulas: &[
        r"\alpha = \alpha_0\, e^{-\text{decay rate} \times \text{epoch}}",
        r"\alpha = \frac{\alpha_0}{1 + \text{decay rate} \times \text{epoch}}",
        r"\alpha = \alpha_0\, 0.95^{\text{epoch}}",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "12_decay": schedules, oscillation, digits)
}

/// The learning rate to begin with.
const START: f64 = 0.3;

/// A schedule of the slide, and its formula written out: α/α₀ by epoch.
struct Case {
    hue: Hue,
    label: &'static str,
    schedule: Schedule,
    formula: fn(f64) -> f64,
}

fn cases() -> [Case; 5] {
    let case = |hue, label, schedule, formula| Case { hue, label, schedule, formula };
    let halved: fn(f64) -> f64 = |epoch| 0.5f64.powf((epoch / 10.0).floor());
    [
        case(Hue::Vermillion, "no decay", Constant::new(1.0).into(), |_| 1.0),
        case(Hue::Blue, "half every 10 epochs", StepDecay::halve_every(10).into(), halved),
        case(Hue::Green, "exponential, 0.07", Exponential::new(0.07).into(), |t| (-0.07 * t).exp()),
        case(Hue::Purple, "1/t, rate 1", InverseTime::new(1.0).into(), |t| 1.0 / (1.0 + t)),
        case(Hue::Orange, "0.95^epoch", Geometric::new(0.95).into(), |t| 0.95f64.powf(t)),
    ]
}
