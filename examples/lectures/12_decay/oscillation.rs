//! A line fitted in small batches: how close descent comes to the best one.

use cotangent::optim::{Constant, Schedule};
use lab::{Axis, Grid, Hue, Lab, Plot, Result, Table, mean, numbered};

use crate::decay::line::{BATCH, Line, SAMPLES, Walk};
use crate::decay::{Case, START, cases};

const EPOCHS: usize = 60;
pub fn run(lab: &mut Lab) -> Result {
    let (epochs, runs) = (lab.pick(EPOCHS, 3), lab.pick(20, 2));
    let line = Line::new();
    let walk = |schedule: &Schedule| line.fit(schedule, epochs, runs);
    let walks: Vec<Walk> =
        cases().iter().map(|case| walk(&case.schedule)).collect::<Result<_>>()?;
    let crawl = walk(&Constant::new(1.0 / EPOCHS as f64).into())?;
    figures(lab, &line, &walks, &crawl);
    claims(lab, &walks, &crawl);
    Ok(())
}

/// The last values, at most so many.
fn last(values: &[f64], count: usize) -> &[f64] {
    &values[values.len().saturating_sub(count)..]
}

fn figures(lab: &mut Lab, line: &Line, walks: &[Walk], crawl: &Walk) {
    let (w, b) = (line.best[0], line.best[1]);
    let cost = |w: f64, b: f64| (w * &line.x + b - &line.y).mapv(|e| e * e).sum() / SAMPLES as f64;
    let grid = Grid::of(w - 0.5..w + 0.5, b - 0.4..b + 0.4, 81, cost);
    let mut plot = Plot::new(
        "oscillation",
        &format!("A line fitted with batches of {BATCH}: the last 20 epochs, around the minimum"),
        Axis::new("slope w").range(w - 0.5..w + 0.5),
        Axis::new("intercept b").range(b - 0.4..b + 0.4),
    );
    plot.contours(&grid, grid.levels(12));
    let end =
        |walk: &Walk| walk.path[walk.path.len().saturating_sub(20 * SAMPLES / BATCH)..].to_vec();
    plot.trace(Hue::Vermillion, "no decay", end(&walks[0]));
    plot.trace(Hue::Blue, "half every 10 epochs", end(&walks[1]));
    lab.show(plot);

    let mut plot = Plot::new(
        "distance",
        "Distance from the best line by epoch, root mean square over several runs",
        Axis::new("epoch").range(0.0..walks[0].distances.len() as f64),
        Axis::log("distance from the minimum"),
    );
    let mut table = Table::new(
        "The distance from the best line, by schedule",
        ["schedule", "last α/α₀", "first epoch", "last ten epochs"],
    );
    let mut row = |label: &str, walk: &Walk| {
        table.row([
            label.to_owned(),
            format!("{:.3}", walk.last / START),
            format!("{:.3}", walk.distances[0]),
            format!("{:.3}", mean(last(&walk.distances, 10))),
        ]);
    };
    for (Case { hue, label, .. }, walk) in cases().iter().zip(walks) {
        plot.line(*hue, label, numbered(0, &walk.distances));
        row(label, walk);
    }
    plot.line(Hue::Grey, "α₀/60 always", numbered(0, &crawl.distances));
    row("α₀/60 always", crawl);
    lab.show(plot);
    lab.table(table);
}

/// What the distances say.
fn claims(lab: &mut Lab, walks: &[Walk], crawl: &Walk) {
    let constant = &walks[0].distances;
    let middle = constant.len() / 3;
    let (before, after) = (mean(&constant[middle..2 * middle]), mean(last(constant, middle)));
    lab.claim(
        "Mini-batch descent with one learning rate won’t exactly converge",
        (0.85..1.15).contains(&(after / before)) && after > 0.1,
        format!("the distance is {before:.3} in epochs 20 to 40 and {after:.3} in 40 to 60"),
    );
    let ends: Vec<f64> = walks.iter().map(|walk| mean(last(&walk.distances, 10))).collect();
    let widest = ends[1..].iter().copied().fold(0.0, f64::max);
    lab.claim(
        "With the rate slowly reduced it oscillates in a tighter region around the minimum",
        widest < ends[0] / 3.0,
        format!("the widest of the four decays ends {widest:.3} away, no decay {:.3}", ends[0]),
    );
    let [small, kept] = [crawl, &walks[0]].map(|walk| mean(&walk.distances[..5.min(middle + 1)]));
    let end = mean(last(&crawl.distances, 10));
    lab.claim(
        "In the initial steps one can afford much bigger steps",
        small > 2.0 * kept && end > 2.0 * widest,
        format!(
            "over five epochs the distance is {kept:.2} with the big rate and {small:.2} with a \
             sixtieth of it, which ends {end:.2} away"
        ),
    );
}
