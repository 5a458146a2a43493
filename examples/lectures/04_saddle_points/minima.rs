//! Two minima, of which one is higher.

use cotangent::optim::Sgd;
use lab::{Hue, Lab, Result, Surface, Symmetric, xy};

/// Two hollows, of which one is deeper: f = ¼(x² − 1)² + 0.15x + ½y².
pub fn run(lab: &mut Lab) -> Result {
    let surface = Surface::new(|w| {
        let [x, y] = xy(w);
        0.25 * (x.square() - 1.0).square() + 0.15 * x + 0.5 * y.square()
    });
    let descend = |x: f64| surface.descend(&[x, 0.9], 200, &mut Sgd::new(0.1));
    let [left, right] = [descend(-0.2)?, descend(0.5)?];
    let caption = "Two starts, two minima; the one on the right is higher";
    let (across, along) = (("x", -1.7..1.7), ("y", -1.1..1.1));
    let mut plot = surface.map(["minima", caption], across, along, |grid| grid.levels(18))?;
    plot.steps(Hue::Blue, "to the lower one", left.pairs());
    plot.steps(Hue::Vermillion, "to the higher one", right.pairs());
    lab.show(plot);
    let eigenvalues = Symmetric::new(&surface.hessian(&right.end().to_vec())?).values;
    lab.claim(
        "Descent may end in a local minimum",
        right.values[200] > left.values[200] + 0.2 && eigenvalues[0] > 0.1,
        format!(
            "at f = {:.3}, where another minimum has {:.3}",
            right.values[200], left.values[200]
        ),
    );
    Ok(())
}
