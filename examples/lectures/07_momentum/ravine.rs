//! Plain descent at its best learning rate in a ravine, and momentum.

use cotangent::optim::Sgd;
use lab::{Axis, Hue, Lab, Path, Plot, Result, Surface};

const KAPPA: f64 = 100.0;
const BETA: f64 = 0.9;
const START: [f64; 2] = [-4.0, 1.0];

/// Plain descent at its best learning rate, and momentum at the same.
pub fn run(lab: &mut Lab) -> Result {
    let surface = Surface::ravine(KAPPA);
    let best = 2.0 / (1.0 + KAPPA);
    let plain = surface.descend(&START, 500, &mut Sgd::new(best))?;
    let momentum = surface.descend(&START, 500, &mut Sgd::new(best).momentum(BETA))?;

    let (shown, label) = (40, format!("momentum, β = {BETA}"));
    let caption = format!(
        "The first {shown} steps in the ravine of κ = {KAPPA}, both at the learning rate that is best for \
         plain descent, 2/(1 + κ)"
    );
    let (across, along) = (("shallow direction x", -4.5..3.5), ("steep direction y", -1.3..1.3));
    let mut plot = surface.map(["paths", &caption], across, along, |grid| grid.levels(12))?;
    plot.steps(Hue::Blue, "plain", plain.pairs()[..=shown].to_vec());
    plot.steps(Hue::Vermillion, &label, momentum.pairs()[..=shown].to_vec());
    lab.show(plot);

    let rates: Vec<f64> = (0..15).map(|i| best * 0.75f64.powi(10 - i)).collect();
    let mut plot = Plot::new(
        "rates",
        &format!(
            "Steps until the loss is a millionth, κ = {KAPPA}; a line that ends diverges beyond"
        ),
        Axis::log("learning rate α"),
        Axis::log("steps"),
    );
    let (mut fewest, mut reach) = (Vec::new(), Vec::new());
    for (beta, hue, label) in [(0.0, Hue::Blue, "plain"), (BETA, Hue::Vermillion, &label)] {
        let mut curve = Vec::new();
        for &rate in &rates {
            let path = surface.descend(&START, 6000, &mut Sgd::new(rate).momentum(beta))?;
            let steps = path.steps_to(1e-6 * path.values[0]);
            curve.push((rate, steps.map_or(f64::NAN, |steps| steps as f64)));
        }
        reach.push(curve.iter().filter(|point| point.1.is_finite()).count());
        plot.line(hue, label, curve.clone());
        fewest.push(lab.lowest(curve, |point| point.1)?);
    }
    plot.rule_at_x(Hue::Grey, "2/(1 + κ)", best);
    lab.show(plot);

    let needed = |path: &Path| path.steps_to(1e-6 * path.values[0]).ok_or("too few steps");
    let (slow, fast) = (needed(&plain)?, needed(&momentum)?);
    lab.claim(
        "Momentum needs at most half the steps of plain descent in the ravine",
        2 * fast <= slow,
        format!("{fast} against {slow} steps at plain descent’s best learning rate {best:.4}"),
    );
    lab.claim(
        "At its own best rate too",
        2.0 * fewest[1].1 <= fewest[0].1,
        format!(
            "of {} rates: {} steps at {:.4} with momentum, {} at {:.4} without",
            rates.len(),
            fewest[1].1,
            fewest[1].0,
            fewest[0].1,
            fewest[0].0
        ),
    );
    lab.claim(
        "Momentum bears learning rates at which plain descent diverges",
        reach[1] > reach[0] + 1,
        format!("{} of {} rates converge with it, {} without", reach[1], rates.len(), reach[0]),
    );
    Ok(())
}
