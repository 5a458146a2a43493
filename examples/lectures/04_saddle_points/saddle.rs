//! A saddle between two minima, and the plateau around it.

use cotangent::optim::Sgd;
use lab::{Axis, Hue, Lab, Plot, Result, Surface, xy};

/// A saddle at 0 between two minima: f = ½x² − ½y² + ¼y⁴.
pub fn run(lab: &mut Lab) -> Result {
    let surface = Surface::new(|w| {
        let [x, y] = xy(w);
        0.5 * x.square() - 0.5 * y.square() + 0.25 * y.powf(4.0)
    });
    let steps = 400;
    let descend = |y: f64| surface.descend(&[-1.8, y], steps, &mut Sgd::new(0.1));
    let [on_axis, beside, off] = [descend(0.0)?, descend(-1e-9)?, descend(0.2)?];
    let caption = "Descent to a saddle point, and from there into one of the minima beside it";
    let mut plot = surface.map(["saddle", caption], ("x", -2.0..2.0), ("y", -1.6..1.6), |_| {
        vec![-0.24, -0.2, -0.15, -0.1, -0.05, 0.0, 0.1, 0.25, 0.5, 0.8, 1.2, 1.6]
    })?;
    plot.steps(Hue::Green, "from y = 0.2", off.pairs());
    plot.steps(Hue::Blue, "from y = −10⁻⁹", beside.pairs());
    plot.steps(Hue::Vermillion, "from y = 0", on_axis.pairs());
    lab.show(plot);

    let mut plot = Plot::new(
        "plateau",
        "The same descents: near the saddle the loss stands still for a long time",
        Axis::new("step"),
        Axis::new("loss f").range(-0.3..0.5),
    );
    plot.line(Hue::Green, "from y = 0.2", off.curve());
    plot.line(Hue::Blue, "from y = −10⁻⁹", beside.curve());
    plot.line(Hue::Vermillion, "from y = 0", on_axis.curve());
    lab.show(plot);

    let norms = surface.at(beside.points.iter().map(|point| point.to_vec()))?;
    let flat = norms.iter().filter(|(_, g)| g.dot(g).sqrt() < 0.01).count();
    let flat_above = norms.iter().filter(|(f, g)| g.dot(g).sqrt() < 0.01 && *f > -0.01).count();
    lab.claim(
        "On a plateau the derivative is close to zero for a long time",
        flat_above >= 100 && flat > flat_above,
        format!(
            "from y = −10⁻⁹ the gradient stays below 0.01 for {flat_above} steps at the height of the saddle"
        ),
    );
    lab.claim(
        "Finally it finds its way off the plateau",
        (beside.values[steps] + 0.25).abs() < 1e-6 && on_axis.values[steps].abs() < 1e-6,
        format!(
            "from y = −10⁻⁹ it ends at f = {:.4}; from y = 0 exactly it stays at {:.4}",
            beside.values[steps], on_axis.values[steps]
        ),
    );
    Ok(())
}
