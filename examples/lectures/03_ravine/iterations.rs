//! What the condition number costs.

use cotangent::optim::Sgd;
use lab::{Axis, Hue, Lab, Plot, Result, Surface, Table};

/// The steps that descent needs at its best learning rate, for growing condition numbers.
pub fn run(lab: &mut Lab) -> Result {
    let kappas = [2.0, 5.0, 10.0, 30.0, 100.0, 300.0, 1000.0];
    let mut table = Table::new(
        "Steps until f is a millionth of its start, at the best learning rate 2/(1 + κ)",
        ["κ", "α", "steps", "steps/κ"],
    );
    let mut needed = Vec::new();
    for kappa in kappas {
        let surface = Surface::ravine(kappa);
        let rate = 2.0 / (1.0 + kappa);
        // From (κ, 1) both directions contribute alike.
        let path = surface.descend(&[kappa, 1.0], 8000, &mut Sgd::new(rate))?;
        let steps = path.steps_to(1e-6 * path.values[0]).ok_or("too few steps")?;
        needed.push((kappa, steps as f64));
        table.row([
            format!("{kappa}"),
            format!("{rate:.4}"),
            format!("{steps}"),
            format!("{:.2}", steps as f64 / kappa),
        ]);
    }
    lab.table(table);

    let mut plot = Plot::new(
        "iterations",
        "The number of steps grows in proportion to the condition number",
        Axis::log("condition number κ"),
        Axis::log("steps to a millionth"),
    );
    let predicted = |kappa: f64| 0.5 * 1e-6f64.ln() / ((kappa - 1.0) / (kappa + 1.0)).ln();
    plot.line(Hue::Grey, "ln 10⁻³ / ln((κ−1)/(κ+1))", kappas.map(|k| (k, predicted(k))));
    plot.points(Hue::Blue, "measured", needed.clone());
    lab.show(plot);

    let worst = needed.iter().map(|&(k, n)| (n - predicted(k)).abs()).fold(0.0, f64::max);
    let [(_, from), (_, to)] = [needed[4], needed[6]];
    lab.claim(
        "Ten times the condition number takes ten times the steps",
        (to / from - 10.0).abs() < 0.3 && worst <= 1.0,
        format!("κ = 100: {from}, κ = 1000: {to}; at most {worst:.1} steps off the prediction"),
    );
    Ok(())
}
