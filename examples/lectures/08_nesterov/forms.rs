//! Three ways to write Nesterov's momentum down.

use cotangent::ndarray::Array1;
use cotangent::optim::{Nesterov, Sgd};
use cotangent::prelude::Var;
use lab::{Hue, Lab, Path, Result, Surface, scientific, xy};

/// A curved valley, so that the forms are compared where gradients change: Rosenbrock's function.
fn valley(w: Var<'_>) -> Var<'_> {
    let [x, y] = xy(w);
    (1.0 - x).square() + 10.0 * (y - x.square()).square()
}

pub fn run(lab: &mut Lab) -> Result {
    let (start, rate, rho, steps) = ([-1.2, 0.6], 0.005, 0.9, 200);
    let surface = Surface::new(valley);
    let look_ahead = surface.descend(&start, steps, &mut Nesterov::new(rate, rho))?;
    let changed = surface.descend(&start, steps, &mut Sgd::new(rate).momentum(rho).nesterov())?;

    // By hand, the gradient from the graph.
    let (mut x, mut v) = (Array1::from(start.to_vec()), Array1::zeros(2));
    let mut tilde = Path { points: Vec::new(), values: Vec::new() };
    let mut probe = surface.probe(2);
    for _ in 0..lab.pick(60, 5) {
        let ahead = &x + rho * &v;
        let (value, gradient) = probe.at(&ahead.to_vec())?;
        tilde.points.push(ahead);
        tilde.values.push(value);
        v = rho * v - rate * gradient;
        x += &v;
    }

    let caption = "In a curved valley: the look-ahead form and the one after the change of variables take one path";
    let (across, along) = (("x", -1.6..1.6), ("y", -0.6..1.6));
    let mut plot = surface.map(["forms", caption], across, along, |grid| grid.levels(16))?;
    plot.points(Hue::Orange, "look-ahead form", look_ahead.pairs());
    plot.trace(Hue::Green, "after the change of variables", changed.pairs());
    lab.show(plot);

    let (forms, hand) = (look_ahead.distance(&changed), look_ahead.distance(&tilde));
    lab.claim(
        "Both forms give the same path",
        forms < 1e-12,
        format!(
            "at most {forms} apart over {steps} steps in a curved valley",
            forms = scientific(forms, 1)
        ),
    );
    lab.claim(
        "That path is the formulas’: the gradient is taken at x + ρv",
        hand < 1e-12,
        format!("at most {hand} from the formulas written out", hand = scientific(hand, 1)),
    );
    Ok(())
}
