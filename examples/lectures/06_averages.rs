//! Exponentially weighted averages, on a year of daily temperatures.
//!
//! The temperatures are made up: a season, and weather that lasts some days, from a fixed seed.
//! The averages are the velocity of gradient descent with momentum, whose gradients they are.
//!
//! `cargo run --release --example gallery -- averages`

use cotangent::ndarray::{Array1, array};
use cotangent::optim::{Optimizer, Sgd};
use cotangent::prelude::{Params, Step};
use lab::{Axis, Deck, Experiment, Hue, Lab, Plot, Result, Table, scientific};
use rand::RngExt;

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

const BETAS: [(f64, Hue); 3] = [(0.5, Hue::Green), (0.9, Hue::Vermillion), (0.98, Hue::Blue)];

/// A year of daily temperatures in °F that were never measured: the season is a cosine, coldest on
/// day 20; the weather keeps 0.7 of its departure from one day to the next.
fn temperatures() -> Vec<f64> {
    let mut rng = lab::rng(2017);
    let mut weather = 0.0;
    let mut day = |t: i32| {
        // Twelve uniform numbers make a nearly normal one.
        let gust: f64 = (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        weather = 0.7 * weather + 4.0 * gust;
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

fn days(values: &[f64]) -> Vec<(f64, f64)> {
    values.iter().enumerate().map(|(i, &value)| ((i + 1) as f64, value)).collect()
}

fn run(lab: &mut Lab) -> Result {
    let theta = temperatures();
    let day = || Axis::new("day of the year").range(0.0..366.0);
    let mut plot = Plot::new(
        "year",
        "A year of made-up daily temperatures, and their averages without bias correction",
        day(),
        Axis::new("temperature in °F").range(0.0..95.0),
    );
    plot.points(Hue::Grey, "one day", days(&theta));
    let mut table = Table::new(
        "What β does: roughness is the mean change from day to day, delay that of a steady rise",
        ["β", "days 1/(1−β)", "β^(1/(1−β))", "roughness in °F", "delay in days"],
    );
    let (mut roughnesses, mut worst_delay, mut worst_sum, mut worst_e) = (vec![], 0f64, 0f64, 0f64);
    for (beta, hue) in BETAS {
        let v = averages(&theta, Sgd::new(1.0).averaged_momentum(beta))?;
        plot.line(hue, &format!("β = {beta}"), days(&v));
        let unrolled = |t: usize| -> f64 {
            (1.0 - beta) * (0..=t).map(|k| beta.powi(k as i32) * theta[t - k]).sum::<f64>()
        };
        worst_sum = (0..365).map(|t| (v[t] - unrolled(t)).abs()).fold(worst_sum, f64::max);
        let changes = v[100..].windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let roughness = changes.sum::<f64>() / 264.0;
        let rise: Vec<f64> = (1..=3000).map(f64::from).collect();
        let delay = 3000.0 - averages(&rise, Sgd::new(1.0).averaged_momentum(beta))?[2999];
        worst_delay = worst_delay.max((delay - beta / (1.0 - beta)).abs());
        let (memory, e) = (1.0 / (1.0 - beta), (-1.0f64).exp());
        let left = beta.powf(memory);
        if beta >= 0.9 {
            worst_e = worst_e.max((left / e - 1.0).abs());
        }
        roughnesses.push(roughness);
        table.row([
            format!("{beta}"),
            format!("{memory:.0}"),
            format!("{left:.4}"),
            format!("{roughness:.2}"),
            format!("{delay:.2}"),
        ]);
    }
    lab.show(plot);
    lab.table(table);
    lab.claim(
        "The velocity of momentum is a moving average with exponentially decaying weights",
        worst_sum < 1e-10,
        format!(
            "at most {worst_sum} °F from the sum written out, over a year and three β",
            worst_sum = scientific(worst_sum, 1)
        ),
    );
    lab.claim(
        "A greater β averages over more days: a smoother curve",
        roughnesses[0] > 2.0 * roughnesses[1] && roughnesses[1] > 2.0 * roughnesses[2],
        format!(
            "{:.2}, {:.2} and {:.2} °F from day to day",
            roughnesses[0], roughnesses[1], roughnesses[2]
        ),
    );
    lab.claim(
        "A smoother average comes later: it lags behind by β/(1−β) days",
        worst_delay < 1e-6,
        format!(
            "on a steady rise 1, 9 and 49 days, to {worst_delay}",
            worst_delay = scientific(worst_delay, 1)
        ),
    );
    lab.claim(
        "After 1/(1−β) days the weight has fallen to 1/e",
        worst_e < 0.06,
        format!("0.9¹⁰ and 0.98⁵⁰ are within {:.1} % of 1/e", 100.0 * worst_e),
    );
    bias(lab, &theta)
}

fn bias(lab: &mut Lab, theta: &[f64]) -> Result {
    let beta = 0.98;
    let raw = averages(theta, Sgd::new(1.0).averaged_momentum(beta))?;
    let corrected = averages(theta, Sgd::new(1.0).averaged_momentum(beta).bias_corrected())?;
    let mut plot = Plot::new(
        "bias",
        "β = 0.98, the first months: from v = 0 the average starts far too low, and the correction mends it",
        Axis::new("day of the year").range(0.0..150.0),
        Axis::new("temperature in °F").range(0.0..80.0),
    );
    plot.points(Hue::Grey, "one day", days(theta));
    plot.line(Hue::Purple, "v", days(&raw));
    plot.line(Hue::Green, "v / (1 − βᵗ)", days(&corrected));
    lab.show(plot);

    let slide = (0.0196 * theta[0] + 0.02 * theta[1]) / 0.0396;
    lab.claim(
        "The slide’s example: v₂ᶜ = (0.0196 θ₁ + 0.02 θ₂)/0.0396",
        (corrected[1] - slide).abs() < 1e-10 && (raw[0] - 0.02 * theta[0]).abs() < 1e-10,
        format!("{:.4} against {slide:.4}, and v₁ = 0.02 θ₁", corrected[1]),
    );
    let early = theta[..10].iter().sum::<f64>() / 10.0;
    lab.claim(
        "Warming up, the correction helps",
        raw[9] < 0.25 * early && (corrected[9] - early).abs() < 0.05 * early,
        format!(
            "mean of ten days {early:.1} °F, v₁₀ = {:.1}, corrected {:.1}",
            raw[9], corrected[9]
        ),
    );
    let late = (200..365).map(|t| (corrected[t] / raw[t] - 1.0).abs()).fold(0.0, f64::max);
    lab.claim(
        "When t is large enough it makes almost no difference",
        late < 0.02,
        format!("from day 200 on at most {:.1} %", 100.0 * late),
    );
    Ok(())
}
