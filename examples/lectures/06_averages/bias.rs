//! The first days of an average, which begins at 0.

use cotangent::optim::Sgd;
use lab::{Axis, Hue, Lab, Plot, Result, numbered};

use crate::averages::{averages, temperatures};

pub fn run(lab: &mut Lab) -> Result {
    let theta = &temperatures();
    let beta = 0.98;
    let raw = averages(theta, Sgd::new(1.0).averaged_momentum(beta))?;
    let corrected = averages(theta, Sgd::new(1.0).averaged_momentum(beta).bias_corrected())?;
    let mut plot = Plot::new(
        "bias",
        &format!(
            "β = {beta}, the first months: from v = 0 the average starts far too low, and the correction mends it"
        ),
        Axis::new("day of the year").range(0.0..150.0),
        Axis::new("temperature in °F").range(0.0..80.0),
    );
    // The months shown alone, so that no day lies beyond the edge and is told by an arrow.
    plot.points(Hue::Grey, "one day", numbered(1, &theta[..150]));
    plot.line(Hue::Purple, "v", numbered(1, &raw[..150]));
    plot.line(Hue::Green, "v / (1 − βᵗ)", numbered(1, &corrected[..150]));
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
