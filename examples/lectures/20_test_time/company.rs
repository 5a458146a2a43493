//! One sample in the company of others drawn at random: the probability of its class.

use cotangent::ndarray::Axis as Along;
use cotangent::prelude::{Function, Mode};
use lab::{Axis, Digits, Hue, Lab, Plot, Result, scientific};
use rand::RngExt;

use crate::test_time::trained;

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let (samples, model) = (&digits.validation, &trained(lab, &digits)?);
    let [mut own, mut running] = [Mode::Train, Mode::Eval].map(|mode| {
        let network = model.model.clone();
        Function::new(move |_, [x]| network.forward(x, mode).softmax(-1))
    });
    let mut rng = lab::rng(2);
    let class = samples.labels()[0] as usize;
    let (mut points, mut spreads, mut fixed) = (Vec::new(), Vec::new(), (1f64, 0f64));
    let draws = lab.pick(60, 3);
    let sizes = [2, 4, 8, 16, 32, 64, 128, 256];
    for batch in sizes {
        let mut seen = Vec::new();
        for _ in 0..draws {
            let others = (1..batch).map(|_| rng.random_range(1..samples.len()));
            let rows: Vec<usize> = std::iter::once(0).chain(others).collect();
            let x = samples.features().select(Along(0), &rows);
            seen.push(f64::from(own.run(&model.params, (&x,))?[[0, class]]));
            let same = f64::from(running.run(&model.params, (&x,))?[[0, class]]);
            fixed = (fixed.0.min(same), fixed.1.max(same));
        }
        let (low, high) = seen.iter().fold((1f64, 0f64), |(a, b), &p| (a.min(p), b.max(p)));
        spreads.push(high - low);
        points.extend(seen.into_iter().map(|p| (batch as f64, p)));
    }
    let mut plot = Plot::new(
        "company",
        "One digit among others at random: the probability that the network gives its class",
        Axis::log("test batch size"),
        Axis::new("probability of the right class").range(-0.02..1.02),
    );
    plot.points(Hue::Orange, &format!("the batch’s own statistics, {draws} draws each"), points);
    plot.rule_at_y(Hue::Blue, "running averages", fixed.1);
    lab.show(plot);
    lab.claim(
        "At test time the answer must not depend on the other samples of the batch",
        fixed.1 - fixed.0 < 1e-5 && spreads[1] > 0.3,
        format!(
            "with running averages the probability varies by {}, with own statistics by {:.2} in batches of 4 and {:.2} in batches of 256",
            scientific(fixed.1 - fixed.0, 1),
            spreads[1],
            spreads[7]
        ),
    );
    Ok(())
}
