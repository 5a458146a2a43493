//! Time and memory of a Newton step against the number of variables.

use std::time::Instant;

use cotangent::minimize::{Hessian, Newton, Objective, Recorded};
use cotangent::prelude::{Minimizer, Var};
use lab::{Axis, Hue, Lab, Plot, Result, Surface, Table, scientific};

/// A function of N variables that takes O(N) to evaluate: a chain of neighbours.
fn chain(w: Var<'_>) -> Var<'_> {
    let n = w.shape()[0];
    let [left, right] = [w.slice_axis(0, ..n - 1), w.slice_axis(0, 1..)];
    w.square().square().sum() + (left - right).square().sum() + w.sum()
}

fn fastest(times: usize, mut work: impl FnMut() -> Result) -> Result<f64> {
    let mut seconds = f64::INFINITY;
    for _ in 0..times {
        let start = Instant::now();
        work()?;
        seconds = seconds.min(start.elapsed().as_secs_f64());
    }
    Ok(seconds)
}

pub fn run(lab: &mut Lab) -> Result {
    let mut table = Table::new(
        "A Newton step for a function that takes O(N) to evaluate; H is inverted by its eigenvalues",
        ["N", "H in kB", "ms: gradient", "Hessian", "inverting H"],
    );
    let (mut slopes, mut hessians, mut inverses) = (vec![], vec![], vec![]);
    for n in lab.pick(vec![32, 64, 128, 256, 512], vec![4, 8]) {
        let mut recorded = Recorded::new(n, |_, w| chain(w));
        let at = vec![1.0; n];
        let (mut gradient, mut hessian) = (vec![0.0; n], Surface::new(chain).hessian(&at)?);
        let repeats = if n > 256 { 3 } else { 10 };
        let of_gradient =
            fastest(20, || Ok(recorded.value_and_gradient(&at, &mut gradient).map(|_| ())?))?;
        let numbers = hessian.as_slice_mut().ok_or("a new matrix lies row by row")?;
        let of_hessian = fastest(repeats, || Ok(recorded.hessian(&at, numbers)?))?;
        let mut models = 1;
        let of_step = fastest(repeats, || {
            let minimum = Newton::new().max_iterations(1).minimize(&mut recorded, &at)?;
            models = minimum.evaluations.hessians;
            Ok(())
        })?;
        // A minimisation of one step has a quadratic model at both of its ends.
        let inverting = of_step / models as f64 - of_hessian;
        let ms = |seconds: f64| format!("{:.3}", 1e3 * seconds);
        table.row([
            format!("{n}"),
            format!("{:.0}", hessian.len() as f64 * 8e-3),
            ms(of_gradient),
            ms(of_hessian),
            ms(inverting),
        ]);
        for (points, time) in
            [(&mut slopes, of_gradient), (&mut hessians, of_hessian), (&mut inverses, inverting)]
        {
            points.push((n as f64, 1e3 * time));
        }
    }
    lab.table(table);
    let (n, time) = inverses[inverses.len() - 1];
    let cubic = |&(m, _): &(f64, f64)| (m, time * (m / n).powi(3));
    let guide: Vec<_> = inverses.iter().map(cubic).collect();
    let from = inverses.len().saturating_sub(3);
    let smallest = inverses[from].0;
    let exponent = (time / inverses[from].1).ln() / (n / inverses[from].0).ln();
    let mut plot = Plot::new(
        "cost",
        "Time of the parts of a Newton step on this machine: inverting grows with the cube of N",
        Axis::log("number of variables N"),
        Axis::log("time in ms"),
    );
    plot.line(Hue::Grey, "∝ N³", guide);
    plot.steps(Hue::Vermillion, "inverting H", inverses);
    plot.steps(Hue::Blue, "Hessian", hessians);
    plot.steps(Hue::Green, "gradient", slopes);
    lab.show(plot);
    let huge = 1e7 / n;
    lab.claim(
        "Inverting takes O(N³): what makes it bad for deep learning",
        (2.4..3.6).contains(&exponent),
        format!(
            "from N = {} to {n} its time grows as N to the {exponent:.1}; at that of {n}, N = 10⁷ would \
             take {} years, and {} TB for the Hessian",
            smallest,
            scientific(1e-3 * time * huge.powi(3) / 3.15e7, 1),
            1e14 * 8.0 / 1e12
        ),
    );
    Ok(())
}
