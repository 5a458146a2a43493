//! Nesterov's momentum against the standard one in quadratic ravines.

use cotangent::optim::Sgd;
use lab::{Axis, Hue, Lab, Plot, Result, Surface, Table};

/// Quadratic ravines, at the learning rate 1/κ that the theory prescribes.
pub fn run(lab: &mut Lab) -> Result {
    let mut table = Table::new(
        "Steps until f is a millionth of its start, at α = 1/κ",
        ["κ", "ρ", "momentum", "Nesterov", "ratio"],
    );
    let mut ratios = Vec::new();
    for kappa in [10.0, 100.0, 1000.0] {
        for rho in [0.9, 0.95, 0.99] {
            let surface = Surface::ravine(kappa);
            let steps = |mut sgd: Sgd<f64>| -> Result<usize> {
                let path = surface.descend(&[kappa, 1.0], 2500, &mut sgd)?;
                Ok(path.steps_to(1e-6 * path.values[0]).ok_or("too few steps")?)
            };
            let standard = Sgd::new(1.0 / kappa).momentum(rho);
            let (momentum, nesterov) = (steps(standard.clone())?, steps(standard.nesterov())?);
            let ratio = nesterov as f64 / momentum as f64;
            ratios.push(ratio);
            table.row([
                format!("{kappa}"),
                format!("{rho}"),
                format!("{momentum}"),
                format!("{nesterov}"),
                format!("{ratio:.2}"),
            ]);
        }
    }
    lab.table(table);

    let surface = Surface::ravine(10.0);
    let mut plot = Plot::new(
        "loss",
        "κ = 10, ρ = 0.95: momentum rolls to and fro, looking ahead brakes it",
        Axis::new("step"),
        Axis::log("loss f").range(1e-9..100.0),
    );
    let sgd = || Sgd::new(0.1).momentum(0.95);
    plot.line(Hue::Vermillion, "momentum", surface.descend(&[10.0, 1.0], 250, &mut sgd())?.curve());
    let nesterov = surface.descend(&[10.0, 1.0], 250, &mut sgd().nesterov())?;
    plot.line(Hue::Green, "Nesterov", nesterov.curve());
    lab.show(plot);

    let mean = (ratios.iter().map(|ratio| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
    lab.claim(
        "Nesterov works better than standard momentum on convex functions",
        mean < 0.8,
        format!("over {} ravines it takes {mean:.2} times the steps on average", ratios.len()),
    );
    let worst = ratios.iter().copied().fold(0.0, f64::max);
    let worse = ratios.iter().filter(|&&ratio| ratio > 1.0).count();
    lab.contradicted(
        "It works slightly better consistently",
        worse == 0,
        format!(
            "in {worse} of {} ravines it takes more steps, up to {worst:.3} times",
            ratios.len()
        ),
    );
    Ok(())
}
