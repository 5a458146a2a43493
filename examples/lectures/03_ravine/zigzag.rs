//! Three learning rates in one ravine.

use cotangent::optim::Sgd;
use lab::{Axis, Hue, Lab, Path, Plot, Result, Surface, Symmetric};

/// The condition number of the ravine. What is claimed holds for every one above 3.
const KAPPA: f64 = 25.0;
const START: [f64; 2] = [-4.0, 1.0];

/// How many steps are judged.
const STEPS: usize = 30;

pub fn run(lab: &mut Lab) -> Result {
    let surface = Surface::ravine(KAPPA);
    let condition = Symmetric::new(&surface.hessian(&START)?).condition();
    lab.claim(
        "The Hessian’s largest singular value over its smallest is κ",
        (condition - KAPPA).abs() < 1e-9,
        format!("{condition} from the graph’s Hessian, κ = {KAPPA}"),
    );
    let descend = |share: f64| surface.descend(&START, 60, &mut Sgd::new(share / KAPPA));
    let [small, big, too_big] = [descend(1.0)?, descend(1.9)?, descend(2.03)?];
    let (across, along) = (("shallow direction x", -4.5..4.5), ("steep direction y", -2.5..2.5));
    let caption = format!(
        "Descent in the ravine of κ = {KAPPA}, first steps: the loss is steep across (y) and shallow along (x)"
    );
    let mut plot = surface.map(["paths", &caption], across, along, |grid| grid.levels(14))?;
    let first = |path: &Path, steps| path.pairs().into_iter().take(steps).collect::<Vec<_>>();
    plot.steps(Hue::Vermillion, "α = 2.03/κ diverges", first(&too_big, 32));
    plot.steps(Hue::Blue, "α = 1.9/κ sloshes", first(&big, 40));
    plot.steps(Hue::Green, "α = 1/κ crawls", first(&small, 40));
    lab.show(plot);

    let caption =
        format!("The same three, κ = {KAPPA}: the loss falls or grows by a constant factor a step");
    let mut plot = Plot::new("loss", &caption, Axis::new("step"), Axis::log("loss f"));
    plot.line(Hue::Vermillion, "α = 2.03/κ", too_big.curve());
    plot.line(Hue::Blue, "α = 1.9/κ", big.curve());
    plot.line(Hue::Green, "α = 1/κ", small.curve());
    lab.show(plot);

    let crosses = |pair: &[(f64, f64)]| pair[0].1 * pair[1].1 < 0.0;
    let crossings = big.pairs().windows(2).take(STEPS).filter(|pair| crosses(pair)).count();
    lab.claim(
        "A big learning rate jitters along the steep direction",
        crossings == STEPS,
        format!("α = 1.9/κ crosses the ravine in {crossings} of the first {STEPS} steps"),
    );
    // No rate that converges, α < 2/κ, makes more of the way in a step.
    let left = big.points[STEPS][0] / START[0];
    let step = 1.0 - left.powf(1.0 / STEPS as f64);
    lab.claim(
        "Progress along the shallow direction is very slow all the same",
        step < 2.0 / KAPPA,
        format!(
            "a step makes {:.1} % of the way along it, and at most 2/κ = {:.1} % at any rate that \
             converges; after {STEPS} steps {:.1} % are left",
            100.0 * step,
            200.0 / KAPPA,
            100.0 * left
        ),
    );
    let [below, above] = [descend(1.99)?, descend(2.01)?];
    let change = |path: &Path| path.values[60] / path.values[50];
    lab.claim(
        "A learning rate that is too big diverges, and the bound is 2/κ",
        change(&below) < 0.9 && change(&above) > 1.1,
        format!(
            "over ten steps the loss changes by a factor of {:.2} at α = 1.99/κ, of {:.2} at 2.01/κ",
            change(&below),
            change(&above)
        ),
    );
    Ok(())
}
