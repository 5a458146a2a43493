//! Methods with adaptive learning rates in a ravine.

use cotangent::optim::Sgd;
use lab::{Hue, Lab, Path, Result, Surface, scientific};

use crate::adaptive::METHODS;

/// In the ravine of condition number 100.
pub fn run(lab: &mut Lab) -> Result {
    let (kappa, rate, shown) = (100.0, 0.4, 25);
    let surface = Surface::ravine(kappa);
    let start = [-4.0, 1.0];
    let mut paths: Vec<(&str, Hue, Path)> = Vec::new();
    for (name, hue, method) in METHODS {
        paths.push((name, hue, surface.descend(&start, 400, &mut method(rate))?));
    }
    let caption = format!(
        "The first {shown} steps in the ravine of κ = {kappa}, all with α = {rate}, at which plain descent diverges"
    );
    let (across, along) = (("shallow direction x", -4.6..3.0), ("steep direction y", -2.4..2.4));
    let mut plot = surface.map(["ravine", &caption], across, along, |grid| grid.levels(14))?;
    for (name, hue, path) in &paths {
        plot.steps(*hue, name, path.pairs()[..=shown].to_vec());
    }
    lab.show(plot);

    let plain = surface.descend(&start, 400, &mut Sgd::new(rate))?;
    let ends: Vec<f64> = paths.iter().map(|(.., path)| path.values[400] / path.values[0]).collect();
    lab.claim(
        "One can use a larger learning rate",
        plain.values.len() < 400 && ends.iter().all(|&end| end < 0.1),
        format!(
            "at {:.0} times the bound 2/κ plain descent overflows after {} steps; the others bring the \
             loss to {} of its start",
            rate * kappa / 2.0,
            plain.values.len() - 1,
            ends.iter().map(|&end| scientific(end, 1)).collect::<Vec<_>>().join(", ")
        ),
    );
    let overshoot = |path: &Path| path.points.iter().map(|w| w[0]).fold(0.0, f64::max);
    let (raw, corrected) = (overshoot(&paths[2].2), overshoot(&paths[3].2));
    lab.claim(
        "The correction keeps Adam from being thrown far beyond the minimum",
        raw > 2.0 * corrected,
        format!("from x = −4 it is thrown to {raw:.2} without, and to {corrected:.2} with it"),
    );
    Ok(())
}
