//! Exponentially weighted averages, on a year of daily temperatures.
//!
//! The temperatures are made up: a season, and weather that lasts some days, from a fixed seed.
//! The averages are the velocity of gradient descent with momentum, whose gradients they are.
//!
//! `cargo run --release -p lectures --example gallery -- averages`

#[path = "06_averages"]
mod parts {
    pub mod bias;
    pub mod year;
}

use cotangent::ndarray::{Array1, array};
use cotangent::optim::{Optimizer, Sgd};
use cotangent::prelude::{Params, Step};
use lab::{Deck, Experiment, Lab, Result, normal};
use parts::{bias, year};

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Exponentially weighted averages",
    deck: Deck::Optimization,
    slides: "Exponentially weighted averages; Bias correction",
    quotes: &[
        "v_dW is moving average of recent gradients with exponentially decaying weights.",
        "(1 − ε)^(1/ε) = 1/e: 0.9¹⁰ = 1/e, 0.98⁵⁰ = 1/e.",
        "When you’re still warming up your estimates, the bias correction can help; when t is large \
         enough, the bias correction makes almost no difference.",
    ],
    formulas: &[
        r"v_t = \beta v_{t-1} + (1 - \beta)\,\theta_t",
        r"v_t = (1 - \beta)\left(\theta_t + \beta\theta_{t-1} + \dots + \beta^{t-1}\theta_1\right)",
        r"v_t^c = \frac{v_t}{1 - \beta^t}",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    lab::parts!(lab, "06_averages": year, bias)
}

/// A year of daily temperatures in °F that were never measured: the season is a cosine, coldest on
/// day 20; the weather keeps 0.7 of its departure from one day to the next.
fn temperatures() -> Vec<f64> {
    let mut rng = lab::rng(2017);
    let mut weather = 0.0;
    let mut day = |t: i32| {
        weather = 0.7 * weather + 4.0 * normal(&mut rng);
        season(f64::from(t)) + weather
    };
    (1..=365).map(&mut day).collect()
}

fn season(t: f64) -> f64 {
    55.0 - 17.0 * (std::f64::consts::TAU * (t - 20.0) / 365.0).cos()
}

/// The averages of these numbers: with the loss w·θ the gradient is θ, and with α = 1 every step
/// moves w by the velocity.
fn averages(theta: &[f64], mut sgd: Sgd<f64>) -> Result<Vec<f64>> {
    let mut params = Params::<f64>::with_seed(0);
    let w = params.root().parameter("w", array![0.0].into_dyn());
    let mut step = Step::new(|g, [theta]| (g.param(&w) * theta).sum());
    let mut averages = Vec::new();
    for &theta in theta {
        let before = params.trainable()[0];
        step.run(&mut params, (&Array1::from(vec![theta]),))?;
        sgd.step(&mut params, step.gradients())?;
        averages.push(before - params.trainable()[0]);
    }
    Ok(averages)
}
