//! Second order: Newton's method, what it needs, and where it goes.
//!
//! `cargo run --release --example gallery -- second_order`

use std::time::Instant;

use cotangent::ndarray::{Array1, Array2};
use cotangent::minimize::{Hessian, Objective, Recorded};
use cotangent::optim::Sgd;
use cotangent::minimize::Newton;
use cotangent::prelude::{Minimizer, Var};
use lab::{
    Axis, Deck, Experiment, Hue, Lab, Plot, Result, Surface, Symmetric, Table, scientific, xy,
};
use rand::RngExt;

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "Second-order optimization",
    deck: Deck::Optimization,
    slides: "First-order optimization; Second-order optimization",
    quotes: &[
        "Use gradient and Hessian to form quadratic approximation. Step to the minima of the \
         approximation.",
        "What is nice about this update? No hyperparameters! No learning rate!",
        "Why is this bad for deep learning? Hessian has O(N^2) elements. Inverting takes O(N^3). N = \
         (Tens or Hundreds of) Millions.",
    ],
    formulas: &[
        r"J(\theta) \approx J(\theta_0) + (\theta - \theta_0)^\top \nabla J(\theta_0) + \tfrac{1}{2} (\theta - \theta_0)^\top H (\theta - \theta_0)",
        r"\theta^* = \theta_0 - H^{-1} \nabla J(\theta_0)",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    approximation(lab)?;
    bowl(lab)?;
    saddle(lab)?;
    cost(lab)
}

/// Newton's update of the slide: θ − H⁻¹∇J, with nothing to choose.
fn newton(surface: &Surface<'_>, theta: &Array1<f64>) -> Result<Array1<f64>> {
    let (_, gradient) = surface.at([theta.to_vec()])?.remove(0);
    Ok(theta - &Symmetric::new(&surface.hessian(&theta.to_vec())?).solve(&gradient))
}

/// The picture of the slides: the function in one variable with its tangent and its parabola.
fn approximation(lab: &mut Lab) -> Result {
    let curve = Surface::new(|w| (0.25 * w.square() + w.square().square() / 16.0).sum());
    let start = 2.0;
    let (value, slope) = curve.at([vec![start]])?.remove(0);
    let (slope, bend) = (slope[0], curve.hessian(&[start])?[[0, 0]]);
    let xs: Vec<f64> = (-20..=30).map(|i| f64::from(i) / 10.0).collect();
    let of = |f: &dyn Fn(f64) -> f64| xs.iter().map(|&x| (x, f(x))).collect::<Vec<_>>();
    let tangent = |x: f64| value + slope * (x - start);
    let parabola = |x: f64| tangent(x) + 0.5 * bend * (x - start).powi(2);
    let values = curve.at(xs.iter().map(|&x| vec![x]))?;
    let mut plot = Plot::new(
        "approximation",
        "First order goes down the tangent; second order to the minimum of the parabola",
        Axis::new("θ").range(-2.0..3.0),
        Axis::new("J").range(-0.5..4.0),
    );
    plot.line(Hue::Blue, "J", xs.iter().zip(&values).map(|(&x, v)| (x, v.0)).collect::<Vec<_>>());
    plot.line(Hue::Green, "tangent", of(&tangent));
    plot.line(Hue::Vermillion, "parabola", of(&parabola));
    let next = newton(&curve, &Array1::from(vec![start]))?[0];
    plot.points(Hue::Ink, "θ₀", [(start, value)]);
    plot.points(Hue::Vermillion, "θ*", [(next, parabola(next))]);
    lab.show(plot);
    Ok(())
}

/// A symmetric matrix with eigenvalues from 1 to κ, turned at random.
fn ellipsoid(n: usize, kappa: f64) -> Array2<f64> {
    let mut rng = lab::rng(n as u64);
    let any = Array2::from_shape_fn((n, n), |_| rng.random_range(-1.0..1.0));
    let v = Symmetric::new(&(&any + &any.t())).vectors;
    let values = Array1::from_shape_fn(n, |i| kappa.powf(i as f64 / (n - 1).max(1) as f64));
    (&v * &values).dot(&v.t())
}

fn quadratic<'g>(a: &Array2<f64>, b: &Array1<f64>, w: Var<'g>) -> Var<'g> {
    let from = w - w.graph().constant(b.clone());
    0.5 * (from * w.graph().constant(a.clone()).matmul(from)).sum()
}

/// Bowls of growing condition numbers and dimensions: one step each.
fn bowl(lab: &mut Lab) -> Result {
    let mut table = Table::new(
        "Steps to the minimum of a bowl (to a millionth of the start’s loss)",
        ["N", "κ", "gradient descent, best α", "Newton", "distance left"],
    );
    let (mut all_one, mut worst, mut fewest) = (true, 0f64, usize::MAX);
    for (n, kappa) in [(2, 10.0), (2, 100.0), (20, 100.0), (50, 1000.0)] {
        let a = ellipsoid(n, kappa);
        let lowest = Array1::from_shape_fn(n, |i| 1.0 + i as f64 / n as f64);
        let start = Array1::<f64>::zeros(n);
        let (matrix, at) = (a.clone(), lowest.clone());
        let surface = Surface::new(move |w| quadratic(&matrix, &at, w));
        let mut best = Sgd::new(2.0 / (1.0 + kappa));
        let path = surface.descend(&start.to_vec(), lab.pick(10_000, 20), &mut best)?;
        let descent = path.steps_to(1e-6 * path.values[0]);
        let once = newton(&surface, &start)?;
        let distance = (&once - &lowest).mapv(f64::abs).fold(0.0, |a: f64, &b| a.max(b));
        let mut recorded = Recorded::new(n, |_, w| quadratic(&a, &lowest, w));
        let minimum = Newton::new().minimize(&mut recorded, &start.to_vec())?;
        all_one &= minimum.iterations() == 1;
        worst = worst.max(distance);
        fewest = fewest.min(descent.unwrap_or(usize::MAX));
        table.row([
            format!("{n}"),
            format!("{kappa}"),
            descent.map_or("more than 10 000".into(), |steps| format!("{steps}")),
            format!("{}", minimum.iterations()),
            scientific(distance, 1),
        ]);
    }
    lab.table(table);

    let a = ellipsoid(2, 25.0);
    let lowest = Array1::from(vec![0.5, -0.5]);
    let surface = Surface::new(move |w| quadratic(&a, &lowest, w));
    let start = [-3.1, -2.3];
    let descent = surface.descend(&start, 40, &mut Sgd::new(2.0 / 26.0))?;
    let once = newton(&surface, &Array1::from(start.to_vec()))?;
    let grid = surface.grid(-4.0..4.0, -3.5..2.5, 81)?;
    let mut plot = Plot::new(
        "bowl",
        "A bowl of condition number 25: descent at its best rate, and Newton’s one step",
        Axis::new("θ₁").range(-4.0..4.0),
        Axis::new("θ₂").range(-3.5..2.5),
    );
    plot.contours(&grid, grid.levels(14));
    plot.steps(Hue::Blue, "gradient descent, 40 steps", descent.pairs());
    plot.steps(Hue::Vermillion, "Newton", [(start[0], start[1]), (once[0], once[1])]);
    lab.show(plot);
    lab.claim(
        "Newton’s update reaches the minimum of a bowl in one step, without a learning rate",
        all_one && worst < 1e-10 && fewest >= 10,
        format!(
            "one step each for four bowls, to {worst}; gradient descent at its best rate takes \
             {fewest} steps or more",
            worst = scientific(worst, 1)
        ),
    );
    Ok(())
}

/// Two minima at (±1, 0) and a saddle point at 0 between them.
fn pass(w: Var<'_>) -> Var<'_> {
    let [x, y] = xy(w);
    0.25 * x.square().square() - 0.5 * x.square() + 0.5 * y.square()
}

/// The points of a trust-region run: it is the same run, cut short after each step.
fn trusted(start: &[f64], steps: usize) -> Result<Vec<(f64, f64)>> {
    let mut recorded = Recorded::new(2, |_, w| pass(w));
    let cut = |steps| Newton::new().max_iterations(steps).minimize(&mut recorded, start);
    let ends: Vec<_> = (0..=steps).map(cut).collect::<std::result::Result<_, _>>()?;
    Ok(ends.iter().map(|end| (end.x[0], end.x[1])).collect())
}

fn saddle(lab: &mut Lab) -> Result {
    let surface = Surface::new(pass);
    let start = [0.4, 0.8];
    let mut theta = Array1::from(start.to_vec());
    let mut plain = vec![(theta[0], theta[1])];
    for _ in 0..8 {
        theta = newton(&surface, &theta)?;
        plain.push((theta[0], theta[1]));
    }
    let region = trusted(&start, 12)?;
    let grid = surface.grid(-1.6..1.6, -1.0..1.0, 81)?;
    let mut plot = Plot::new(
        "saddle",
        "Two minima and a saddle point at 0, from one start: plain Newton is drawn to the saddle",
        Axis::new("x").range(-1.6..1.6),
        Axis::new("y").range(-1.0..1.0),
    );
    plot.contours(&grid, grid.levels(18));
    plot.steps(Hue::Vermillion, "plain Newton", plain.clone());
    plot.steps(Hue::Blue, "Newton in a trust region", region.clone());
    let descent = surface.descend(&start, 100, &mut Sgd::new(0.2))?;
    plot.steps(Hue::Green, "gradient descent", descent.pairs());
    lab.show(plot);
    let (mut to_saddle, mut to_minimum, runs) = (0, 0, lab.pick(100, 3));
    let mut rng = lab::rng(14);
    for _ in 0..runs {
        let start = [rng.random_range(-1.5..1.5), rng.random_range(-1.0..1.0)];
        to_saddle += usize::from(plain_newton(&surface, &start)?.iter().all(|x| x.abs() < 1e-8));
        let minimum = Newton::new().minimize(&mut Recorded::new(2, |_, w| pass(w)), &start)?;
        to_minimum += usize::from((minimum.value + 0.25).abs() < 1e-12);
    }
    let end = plain[plain.len() - 1];
    let bends = Symmetric::new(&surface.hessian(&[end.0, end.1])?).values;
    lab.claim(
        "Plain Newton steps to any critical point: here to a saddle point",
        end.0.abs() < 1e-12 && bends[0] < -0.9 && to_saddle >= 10,
        format!(
            "it ends at ({:.0}, {:.0}), where the Hessian’s eigenvalues are −{:.0} and {:.0}; of {runs} \
             random starts {to_saddle} end there",
            end.0.abs(), end.1.abs(), bends[0].abs(), bends[1]
        ),
    );
    let last = region[region.len() - 1];
    lab.claim(
        "In a trust region Newton’s method leaves the saddle for a minimum",
        (last.0.abs() - 1.0).abs() < 1e-9 && to_minimum == runs,
        format!(
            "from the same start to ({:.3}, {:.3}); {to_minimum} of {runs} starts reach a minimum",
            last.0, last.1
        ),
    );
    Ok(())
}

/// Where plain Newton comes to rest.
fn plain_newton(surface: &Surface<'_>, start: &[f64; 2]) -> Result<Array1<f64>> {
    let mut theta = Array1::from(start.to_vec());
    for _ in 0..50 {
        let next = newton(surface, &theta)?;
        let still = (&next - &theta).iter().all(|step| step.abs() < 1e-10);
        theta = next;
        if still {
            break;
        }
    }
    Ok(theta)
}

/// A function of N variables that takes O(N) to evaluate: a chain of neighbours.
fn chain(w: Var<'_>) -> Var<'_> {
    let n = w.shape()[0] as isize;
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

/// Time and memory of a Newton step against the number of variables.
fn cost(lab: &mut Lab) -> Result {
    let mut table = Table::new(
        "A Newton step for a function that takes O(N) to evaluate; H is inverted by its eigenvalues",
        ["N", "numbers in H", "H in kB", "ms: gradient", "Hessian", "inverting H"],
    );
    let (mut slopes, mut hessians, mut inverses) = (vec![], vec![], vec![]);
    let mut numbers_stored = Vec::new();
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
            format!("{}", hessian.len()),
            format!("{:.0}", hessian.len() as f64 * 8e-3),
            ms(of_gradient),
            ms(of_hessian),
            ms(inverting),
        ]);
        numbers_stored.push(hessian.len());
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
    let doubled = numbers_stored.windows(2).all(|pair| pair[1] == 4 * pair[0]);
    lab.claim(
        "The Hessian has O(N²) elements",
        doubled,
        format!(
            "twice the variables, four times the numbers: {} for N = {n}, where the gradient has {n}",
            numbers_stored[numbers_stored.len() - 1]
        ),
    );
    let huge = 1e7 / n;
    lab.claim(
        "Inverting takes O(N³): what makes it bad for deep learning",
        (2.4..3.6).contains(&exponent),
        format!(
            "from N = 128 to 512 its time grows as N to the {exponent:.1}; at that of 512, N = 10⁷ would \
             take {} years, and {} TB for the Hessian",
            scientific(1e-3 * time * huge.powi(3) / 3.15e7, 1),
            1e14 * 8.0 / 1e12
        ),
    );
    Ok(())
}
