//! A long bent valley, each racer at its best learning rate.

use cotangent::prelude::Var;
use lab::{Hue, Lab, Path, Result, Surface, Table, xy};

use crate::race::{racers, rates};

/// The loss that counts as down.
const DOWN: f64 = 0.01;

fn beale(w: Var<'_>) -> Var<'_> {
    let [x, y] = xy(w);
    let part = |c: f64, power: f64| (c - x + x * y.powf(power)).square();
    part(1.5, 1.0) + part(2.25, 2.0) + part(2.625, 3.0)
}

/// A racer's run at its best rate.
struct Run {
    name: &'static str,
    hue: Hue,
    rate: f64,
    path: Path,
}

impl Run {
    /// The steps until it is down; infinitely many if it does not arrive.
    fn steps(&self) -> f64 {
        self.path.steps_to(DOWN).map_or(f64::INFINITY, |steps| steps as f64)
    }
}

pub fn run(lab: &mut Lab) -> Result {
    let surface = Surface::new(beale);
    let (start, steps) = ([1.0, 1.5], lab.pick(800, 60));
    let mut best = Vec::new();
    for (name, hue, optimizer) in racers() {
        let mut runs = Vec::new();
        for rate in rates() {
            let path = surface.descend(&start, steps, &mut optimizer(rate))?;
            runs.push(Run { name, hue, rate, path });
        }
        best.push(lab.lowest(runs, Run::steps)?);
    }
    let mut table = Table::new(
        &format!(
            "In the valley, each at the best of {} learning rates from 10⁻⁴ to 50",
            rates().len()
        ),
        ["optimizer", "α", &format!("steps to f < {DOWN}"), "length of its path"],
    );
    // At places without a digit beyond two, so that lines are what their labels say.
    let levels = |_: &_| {
        vec![0.04, 0.09, 0.2, 0.45, 1.0, 2.2, 4.8, 11.0, 23.0, 52.0, 110.0, 250.0, 550.0, 1200.0]
    };
    let caption = "A long bent valley, animated: each point is a step, the minimum lies at (3, ½)";
    let mut plot = surface.map(["valley", caption], ("x", -1.2..4.4), ("y", -1.9..1.8), levels)?;
    for run in &best {
        let to_end = run.steps().min(run.path.points.len() as f64 - 1.0) as usize;
        let legs = run.path.points[..=to_end].windows(2);
        let length: f64 = legs.map(|pair| (&pair[1] - &pair[0]).mapv(|d| d * d).sum().sqrt()).sum();
        let (rate, steps) = (format!("{}", run.rate), format!("{}", run.steps()));
        table.row([run.name.into(), rate, steps, format!("{length:.1}")]);
        let shown = (to_end + 21).min(run.path.points.len()).min(260);
        plot.runner(run.hue, run.name, run.path.pairs()[..shown].to_vec());
    }
    lab.table(table);
    lab.show(plot);

    let needed =
        |name: &str| best.iter().find(|run| run.name == name).map_or(f64::INFINITY, Run::steps);
    let words = |names: [&str; 3]| names.map(|name| format!("{name} {}", needed(name))).join(", ");
    let sgd = needed("SGD");
    let (fast, adaptive) = (["Momentum", "Nesterov", "Adam"], ["Adagrad", "RMSprop", "Adam"]);
    lab.claim(
        "Momentum, Nesterov and Adam are faster than plain SGD in the valley",
        fast.iter().all(|name| needed(name) <= 0.75 * sgd),
        format!("{} steps, SGD {sgd}", words(fast)),
    );
    lab.contradicted(
        "All methods with adaptive learning rates are faster than plain SGD there",
        adaptive.iter().all(|name| needed(name) < sgd),
        format!("{} steps, SGD {sgd}", words(adaptive)),
    );
    Ok(())
}
