//! L-BFGS where the cost function changes from batch to batch.

use cotangent::data::Dataset;
use cotangent::minimize::{MinimizeError, NewtonCg, Objective, Recorded, TorchLbfgs};
use cotangent::prelude::{Lbfgs, Minimizer};
use lab::{Axis, Digits, Hue, Lab, Plot, Result, scientific};

use crate::lbfgs::{Walker, objective};

const BATCH: usize = 64;
/// The learning rate of Adam.
const ADAM: f64 = 0.01;

/// The objectives of the batches, of which one at a time is minimised.
struct Batches {
    all: Vec<Recorded<'static>>,
    now: usize,
    evaluated: usize,
}

impl Objective for Batches {
    fn value_and_gradient(
        &mut self,
        x: &[f64],
        gradient: &mut [f64],
    ) -> std::result::Result<f64, MinimizeError> {
        self.evaluated += 1;
        self.all[self.now].value_and_gradient(x, gradient)
    }
}

impl Batches {
    /// The batches of a data set, in the order of its rows.
    fn of(samples: &Dataset, widths: &[usize]) -> Result<Self> {
        let rows: Vec<usize> = (0..samples.len()).collect();
        let batch = |rows: &[usize]| Ok(objective(widths, &samples.select(rows)?).0);
        let all = rows.chunks(BATCH).map(batch).collect::<Result<_>>()?;
        Ok(Self { all, now: 0, evaluated: 0 })
    }

    /// Goes through the batches, again and again, for so many passes' worth of evaluations: `step`
    /// moves x on the batch that it is given. Answers the loss on all samples after each pass.
    fn walk(
        &mut self,
        passes: usize,
        x: &mut Vec<f64>,
        mut step: impl FnMut(&mut Self, &mut Vec<f64>) -> Result,
        mut loss: impl FnMut(&[f64]) -> Result<f64>,
    ) -> Result<Vec<(f64, f64)>> {
        let mut curve = vec![(0.0, loss(x)?)];
        (self.now, self.evaluated) = (0, 0);
        while self.evaluated < passes * self.all.len() {
            step(self, x)?;
            self.now = (self.now + 1) % self.all.len();
            let passed = self.evaluated as f64 / self.all.len() as f64;
            if passed >= curve[curve.len() - 1].0 + 1.0 {
                curve.push((passed, loss(x)?));
            }
        }
        Ok(curve)
    }
}

pub fn run(lab: &mut Lab) -> Result {
    let digits = Digits::load()?;
    let passes = lab.pick(40, 2);
    let widths = [64, 10];
    let (mut full, start) = objective(&widths, &digits.train);
    let least = NewtonCg::new().minimize(&mut full, &start)?.value;
    let deterministic = Lbfgs::new().max_iterations(passes).minimize(&mut full, &start)?;
    let mut unused = vec![0.0; start.len()];
    let mut above = |x: &[f64]| Ok(full.value_and_gradient(x, &mut unused)? - least);
    let mut batches = Batches::of(&digits.train, &widths)?;
    let mut plot = Plot::new(
        "batches",
        &format!(
            "Softmax regression on batches of {BATCH} digits: the loss on all of them above its minimum"
        ),
        Axis::new("passes over the data").range(0.0..passes as f64),
        Axis::log("J − J*"),
    );
    let mut lowest = f64::INFINITY;
    for (hue, label, mut lbfgs) in [
        (Hue::Purple, "L-BFGS, α = 1", TorchLbfgs::new(1.0)),
        (Hue::Orange, "L-BFGS, Wolfe", TorchLbfgs::new(1.0).strong_wolfe()),
        (Hue::Green, "one step a batch", TorchLbfgs::new(0.1).max_iterations(1)),
    ] {
        let step =
            |batches: &mut Batches, x: &mut Vec<f64>| Ok(lbfgs.step(batches, x).map(|_| ())?);
        let curve = batches.walk(passes, &mut start.clone(), step, &mut above)?;
        let second_half = &curve[curve.len() / 2..];
        let least = second_half.iter().map(|at| at.1).fold(f64::INFINITY, f64::min);
        lowest = lowest.min(least);
        plot.line(hue, label, curve);
    }
    let mut adam = Walker::new(&start, ADAM);
    let step = |batches: &mut Batches, x: &mut Vec<f64>| {
        adam.step(batches)?;
        x.copy_from_slice(adam.params.trainable());
        Ok(())
    };
    let curve = batches.walk(passes, &mut start.clone(), step, &mut above)?;
    let adam = curve[curve.len() - 1].1;
    plot.line(Hue::Vermillion, &format!("Adam {ADAM}"), curve);
    let history = deterministic.history.iter().filter(|at| at.functions <= passes);
    let curve: Vec<_> = history.map(|at| (at.functions as f64, at.value - least)).collect();
    let full_batch = curve[curve.len() - 1].1;
    plot.line(Hue::Blue, "L-BFGS, full batch", curve);
    lab.show(plot);
    lab.claim(
        "On mini-batches L-BFGS gives bad results",
        lowest > 10.0 * adam && lowest > 10.0 * full_batch,
        format!(
            "over the last {} of {passes} passes three ways to use it stay {lowest:.2} or more above the \
             minimum; Adam on the same batches ends {} above it, and L-BFGS on all samples {}",
            passes / 2,
            scientific(adam, 1),
            scientific(full_batch, 1)
        ),
    );
    Ok(())
}
