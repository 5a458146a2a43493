//! The schedules of the slide, as an optimizer uses them.

use cotangent::ndarray::array;
use cotangent::optim::Sgd;
use cotangent::prelude::{Curve, Optimizer, Params, Step};
use lab::{Axis, Lab, Plot, Result, numbered, scientific};

use crate::decay::{Case, START, cases};

pub fn run(lab: &mut Lab) -> Result {
    let (epochs, batches) = (lab.pick(60, 3), 5);
    let mut plot = Plot::new(
        "rates",
        &format!("The learning rates that the optimizer used, by epoch, from α₀ = {START}"),
        Axis::new("epoch").range(0.0..epochs as f64),
        Axis::log("learning rate α"),
    );
    let mut worst = 0f64;
    for Case { hue, label, schedule, formula } in cases() {
        let mut params = Params::<f64>::with_seed(0);
        let w = params.root().parameter("w", array![0.0].into_dyn());
        // With the loss w every step moves w by the learning rate that was used.
        let mut step = Step::new(|g, []| g.param(&w).sum());
        let mut sgd = Sgd::new(START).schedule(schedule.per(batches));
        let mut rates = Vec::new();
        for _ in 0..epochs {
            for batch in 0..batches {
                let before = params.trainable()[0];
                step.run(&mut params, ())?;
                Optimizer::<f64>::step(&mut sgd, &mut params, step.gradients())?;
                if batch == 0 {
                    rates.push(before - params.trainable()[0]);
                }
            }
        }
        for (epoch, rate) in numbered(0, &rates) {
            worst = worst.max((rate / (START * formula(epoch)) - 1.0).abs());
        }
        plot.line(hue, label, numbered(0, &rates));
    }
    lab.show(plot);
    lab.claim(
        "The optimizer’s steps are those of the slide’s formulas, epoch by epoch",
        worst < 1e-11,
        format!("largest relative difference, over five schedules: {}", scientific(worst, 1)),
    );
    Ok(())
}
