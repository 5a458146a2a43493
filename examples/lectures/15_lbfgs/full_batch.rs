//! The same objective minimised by Adam at several rates and by L-BFGS, counted in evaluations of the
//! loss and its gradient on all samples.

use cotangent::minimize::{NewtonCg, Recorded};
use cotangent::prelude::{Lbfgs, Minimizer};
use lab::{Axis, Digits, Hue, Lab, Plot, Result, scientific};

use crate::lbfgs::{Walker, objective};

/// How long Adam runs, and at which rates.
const EVALUATIONS: usize = 300;
const RATES: [(Hue, f64); 6] = [
    (Hue::Sky, 0.01),
    (Hue::Green, 0.03),
    (Hue::Orange, 0.1),
    (Hue::Vermillion, 0.3),
    (Hue::Purple, 1.0),
    (Hue::Ink, 3.0),
];

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let (mut loss, start) = objective(&[64, 10], &digits.train);
    // The minimum by a third method: it is convex.
    let least = NewtonCg::new().minimize(&mut loss, &start)?.value;
    let regression = Plot::new(
        "regression",
        "Softmax regression on all digits: the loss above its minimum",
        Axis::new("evaluations of the loss and its gradient"),
        Axis::log("J − J*").range(1e-8..10.0),
    );
    let [adam, evaluations] = contest(lab, regression, &mut loss, &start, least)?;
    lab.claim(
        "L-BFGS works very well in full batch",
        evaluations < 150.0,
        format!(
            "in {evaluations:.0} evaluations it is below {}, where Adam is after {EVALUATIONS} at the best of \
             {} rates",
            scientific(adam, 1),
            RATES.len()
        ),
    );
    let (mut hidden, from) = objective(&[64, 32, 10], &digits.train);
    let network = Plot::new(
        "network",
        "A network with a hidden layer on all digits: the loss",
        Axis::new("evaluations of the loss and its gradient"),
        Axis::log("J").range(0.01..3.0),
    );
    let [adam, evaluations] = contest(lab, network, &mut hidden, &from, 0.0)?;
    lab.claim(
        "With a network too, without a rate to choose",
        evaluations < 150.0,
        format!("in {evaluations:.0} evaluations it is below {adam:.4}, where the best Adam is after {EVALUATIONS}"),
    );
    Ok(())
}

/// The loss above `least` that Adam ends at with its best rate, and the evaluations that L-BFGS needs
/// to get there.
fn contest(
    lab: &mut Lab,
    mut plot: Plot,
    loss: &mut Recorded<'_>,
    start: &[f64],
    least: f64,
) -> Result<[f64; 2]> {
    let evaluations = lab.pick(EVALUATIONS, 5);
    let mut runs = Vec::new();
    for (hue, rate) in RATES {
        let mut adam = Walker::new(start, rate);
        let mut curve = Vec::new();
        for i in 1..=evaluations {
            curve.push((i as f64, adam.step(loss)? - least));
        }
        runs.push(curve[evaluations - 1].1);
        plot.line(hue, &format!("Adam {rate}"), curve);
    }
    let best = lab.lowest(runs, |loss| *loss)?;
    let minimum = Lbfgs::new().max_iterations(evaluations).minimize(loss, start)?;
    let history = minimum.history.iter().filter(|at| at.functions <= evaluations);
    let curve: Vec<_> = history.map(|at| (at.functions as f64, at.value - least)).collect();
    let there = curve.iter().find(|at| at.1 <= best).map_or(f64::INFINITY, |at| at.0);
    plot.line(Hue::Blue, "L-BFGS", curve);
    lab.show(plot);
    Ok([best, there])
}
