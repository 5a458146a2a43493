//! The running mean and the running sum of gradients.

use cotangent::optim::Sgd;
use lab::{Lab, Result, Surface, Table, scientific};

const BETA: f64 = 0.9;

pub fn run(lab: &mut Lab) -> Result {
    let surface = Surface::ravine(100.0);
    let start = [-4.0, 1.0];
    let rate = 0.01;
    let sum = surface.descend(&start, 300, &mut Sgd::new(rate).momentum(BETA))?;
    let mean =
        |rate: f64| surface.descend(&start, 300, &mut Sgd::new(rate).averaged_momentum(BETA));
    let (scaled, same) = (mean(rate / (1.0 - BETA))?, mean(rate)?);
    let mut table =
        Table::new("The loss after a number of steps", ["form", "α", "10", "50", "300"]);
    for (name, alpha, path) in [
        ("v ← βv + dW", rate, &sum),
        ("v ← βv + (1−β)dW", rate / (1.0 - BETA), &scaled),
        ("v ← βv + (1−β)dW", rate, &same),
    ] {
        let value = |step: usize| scientific(path.values[step], 4);
        table.row([name.into(), format!("{alpha:.2}"), value(10), value(50), value(300)]);
    }
    lab.table(table);
    let (apart, off) = (sum.distance(&scaled), sum.distance(&same));
    lab.claim(
        "The two forms take the same path if one’s learning rate is 1/(1−β) times the other’s",
        apart < 1e-12 && off > 0.5,
        format!(
            "at most {apart} apart over 300 steps; {off:.1} apart at equal rates",
            apart = scientific(apart, 1)
        ),
    );
    Ok(())
}
