//! The error across the weights, before and after.

use cotangent::prelude::Loss;
use lab::{Hue, Lab, Result, Surface, scientific};

use crate::normalising_inputs::neurons;

pub fn run(lab: &mut Lab) -> Result {
    let [raw, normalised] = &neurons()?;
    let start = [-2.0, -2.0, 0.0];
    let many = lab.pick(10_000, 20);
    let figures = [
        ("raw", "Features on scales (1, 1000) and (0, 1): the error across the weights", raw, many),
        ("normalised", "The same features normalised: the bowl is round", normalised, 20),
    ];
    let mut left = Vec::new();
    for (name, caption, neuron, steps) in figures {
        let path = neuron.descend(start, steps)?;
        let (x, y, b) = (neuron.x.clone(), neuron.y.clone(), path.end()[2]);
        let slice = Surface::new(move |w| {
            (w.graph().constant(x.clone()).matmul(w) + b).mse(w.graph().constant(y.clone()))
        });
        let (across, along) = (("weight w₁", -4.0..4.0), ("weight w₂", -4.0..4.0));
        let mut plot = slice.map([name, caption], across, along, |grid| grid.levels(14))?;
        let every = steps.div_ceil(20);
        let shown: Vec<_> = path.pairs().into_iter().step_by(every).collect();
        let label = if every > 1 { format!(", one in {every} shown") } else { String::new() };
        plot.steps(Hue::Blue, &format!("{steps} steps{label}"), shown);
        plot.points(Hue::Vermillion, "minimum", [(neuron.lowest[0], neuron.lowest[1])]);
        lab.show(plot);
        left.push((neuron.lowest[1] - path.end()[1]) / (neuron.lowest[1] - start[1]));
    }
    lab.claim(
        "The ravine becomes a round bowl",
        raw.hessian.condition() > 1e6 && normalised.hessian.condition() < 1.5 && left[0] > 0.9 && left[1].abs() < 1e-3,
        format!(
            "condition number {} before, {:.2} after; of the way along w₂ {:.0} % are left after {many} \
             steps, and {} % after 20 in the bowl",
            scientific(raw.hessian.condition(), 1),
            normalised.hessian.condition(),
            100.0 * left[0],
            scientific(100.0 * left[1].abs(), 1)
        ),
    );
    Ok(())
}
