//! The error surface: a bowl for a linear neuron, and nearly one around any point of a network.
//!
//! `cargo run --release --example gallery -- error_surface`

use cotangent::ndarray::{Array1, Array2};
use cotangent::optim::Adam;
use cotangent::prelude::{Loss, Var};
use lab::{
    Axis, Deck, Experiment, Grid, Hue, Lab, Plot, Result, Surface, Symmetric, scientific, xy,
};
use rand::RngExt;

/// What the lecture claims.
pub const EXPERIMENT: Experiment = Experiment {
    title: "The error surface",
    deck: Deck::Optimization,
    slides: "Reminder: The error surface",
    quotes: &[
        "For a linear neuron with a squared error, it is a quadratic bowl. Vertical cross-sections \
         are parabolas. Horizontal cross-sections are ellipses.",
        "For multi-layer nets the error surface is much more complicated. But locally, a piece of a \
         quadratic bowl is usually a very good approximation.",
    ],
    formulas: &[
        r"J(w, b) = \frac{1}{N}\sum_n \left(w x_n + b - y_n\right)^2",
        r"J(\theta + p) \approx J(\theta) + p^\top \nabla J + \tfrac{1}{2}\, p^\top H p",
    ],
    run,
};

fn run(lab: &mut Lab) -> Result {
    linear_neuron(lab)?;
    network(lab)
}

fn linear_neuron(lab: &mut Lab) -> Result {
    let mut rng = lab::rng(1);
    let x = Array1::from_shape_fn(40, |_| rng.random_range(-1.0..2.0));
    let y = x.mapv(|x: f64| 1.5 * x + 0.5 + rng.random_range(-0.5..0.5));
    let bowl = Surface::new(move |theta| {
        let [w, b] = xy(theta);
        let graph = theta.graph();
        (w * graph.constant(x.clone()) + b).mse(graph.constant(y.clone()))
    });
    let hessian = bowl.hessian(&[0.0, 0.0])?;
    let elsewhere = bowl.hessian(&[7.0, -3.0])?;
    let curvature = Symmetric::new(&hessian);
    let (at_zero, slope) = bowl.at([vec![0.0, 0.0]])?.remove(0);
    let lowest = -curvature.solve(&slope);
    let least = bowl.at([lowest.to_vec()])?[0].0;

    let grid = bowl.grid(-0.5..3.5, -1.5..2.5, 121)?;
    let mut plot = Plot::new(
        "bowl",
        "The error of a linear neuron: horizontal cross-sections are ellipses around the minimum",
        Axis::new("weight w").range(-0.5..3.5),
        Axis::new("bias b").range(-1.5..2.5),
    );
    plot.contours(&grid, grid.levels(12));
    plot.points(Hue::Vermillion, "minimum", [(lowest[0], lowest[1])]);
    lab.show(plot);

    let mut plot = Plot::new(
        "sections",
        "Vertical cross-sections of the bowl are parabolas",
        Axis::new("distance from the minimum"),
        Axis::new("squared error J"),
    );
    let mut bent = 0f64;
    for (hue, angle) in [(Hue::Blue, 0.0f64), (Hue::Vermillion, 45.0), (Hue::Green, 120.0)] {
        let along = |t: f64| {
            let (dw, db) = (angle.to_radians().cos(), angle.to_radians().sin());
            vec![lowest[0] + t * dw, lowest[1] + t * db]
        };
        let ts: Vec<f64> = (-30..=30).map(|i| f64::from(i) / 15.0).collect();
        let values: Vec<f64> =
            bowl.at(ts.iter().map(|&t| along(t)))?.iter().map(|answer| answer.0).collect();
        let third = |v: &[f64]| (v[3] - 3.0 * v[2] + 3.0 * v[1] - v[0]).abs();
        bent = values.windows(4).map(third).fold(bent, f64::max);
        plot.line(
            hue,
            &format!("at {angle}° to the w axis"),
            ts.into_iter().zip(values).collect::<Vec<_>>(),
        );
    }
    lab.show(plot);

    let same = (&hessian - &elsewhere).mapv(f64::abs).fold(0.0, |a: f64, &b| a.max(b));
    lab.claim(
        "For a linear neuron with a squared error the surface is a quadratic bowl",
        same < 1e-12 && curvature.values[0] > 0.1,
        format!(
            "the Hessian is the same everywhere (to {same}), its eigenvalues {:.2} and {:.2}",
            curvature.values[0],
            curvature.values[1],
            same = scientific(same, 1)
        ),
    );
    lab.claim(
        "Vertical cross-sections are parabolas",
        bent < 1e-12,
        format!(
            "third differences along three directions are at most {bent}",
            bent = scientific(bent, 1)
        ),
    );
    let level = least + 0.5 * (at_zero - least);
    let off = |&(w, b): &(f64, f64)| {
        let p = Array1::from(vec![w, b]) - &lowest;
        (0.5 * p.dot(&hessian.dot(&p)) / (level - least) - 1.0).abs()
    };
    let ellipse: Vec<(f64, f64)> = grid.contour(level).concat();
    let worst = ellipse.iter().map(off).fold(0.0, f64::max);
    lab.claim(
        "Horizontal cross-sections are ellipses",
        ellipse.len() > 50 && worst < 0.005,
        format!(
            "{} points of a contour line fulfil pᵀHp = const to {:.2} %",
            ellipse.len(),
            100.0 * worst
        ),
    );
    Ok(())
}

/// A network of 8 tanh units with 25 parameters in a row, fitted to a sine.
fn loss(theta: Var<'_>) -> Var<'_> {
    let x = Array2::from_shape_fn((60, 1), |(i, _)| -3.0 + 0.1 * i as f64);
    let (inputs, targets) =
        (theta.graph().constant(x.clone()), theta.graph().constant(x.mapv(f64::sin)));
    let part = |from: isize, to: isize| theta.slice_axis(0, from..to);
    let hidden = (inputs * part(0, 8) + part(8, 16)).tanh();
    (hidden.matmul(part(16, 24).reshape([8, 1])) + part(24, 25)).mse(targets)
}

fn network(lab: &mut Lab) -> Result {
    let mut rng = lab::rng(2);
    let start: Vec<f64> = (0..25).map(|_| rng.random_range(-1.0..1.0)).collect();
    let surface = Surface::new(loss);
    let path = surface.descend(&start, lab.pick(400, 20), &mut Adam::new(0.02))?;
    let here = path.end().clone();
    let directions = Symmetric::new(&surface.hessian(&here.to_vec())?).vectors;
    let (first, second) = (directions.column(24).to_owned(), directions.column(23).to_owned());
    let plane = Surface::new(move |ab| {
        let [a, b] = xy(ab);
        let constant = |v: &Array1<f64>| ab.graph().constant(v.clone());
        loss(constant(&here) + a * constant(&first) + b * constant(&second))
    });
    let (value, slope) = plane.at([vec![0.0, 0.0]])?.remove(0);
    let hessian = plane.hessian(&[0.0, 0.0])?;
    let bowl = |a: f64, b: f64| {
        let p = Array1::from(vec![a, b]);
        value + p.dot(&slope) + 0.5 * p.dot(&hessian.dot(&p))
    };

    let mut errors = Vec::new();
    for (name, radius, caption) in [
        (
            "network",
            3.0,
            "A network’s loss around a point, in the two directions of greatest curvature",
        ),
        ("patch", 0.15, "The same in a piece twenty times smaller"),
    ] {
        let real = plane.grid(-radius..radius, -radius..radius, 61)?;
        let fitted = Grid::of(-radius..radius, -radius..radius, 61, bowl);
        let mut plot = Plot::new(
            name,
            caption,
            Axis::new("along the first direction").range(-radius..radius),
            Axis::new("along the second direction").range(-radius..radius),
        );
        let levels = real.levels(10);
        plot.contours_in(Hue::Blue, "loss", &real, levels.clone());
        plot.contours_in(
            Hue::Vermillion,
            "quadratic bowl by gradient and Hessian",
            &fitted,
            levels,
        );
        lab.show(plot);
        let mean = real.values.iter().sum::<f64>() / real.values.len() as f64;
        let square = |f: fn(f64, f64, f64) -> f64| -> f64 {
            real.values.iter().zip(&fitted.values).map(|(&j, &q)| f(j, q, mean).powi(2)).sum()
        };
        errors.push((square(|j, q, _| j - q) / square(|j, _, mean| j - mean)).sqrt());
    }
    lab.claim(
        "For multi-layer nets the error surface is much more complicated",
        errors[0] > 0.5,
        format!("within ±3 the bowl is off by {:.0} % of the loss’s variation", 100.0 * errors[0]),
    );
    lab.claim(
        "But locally a piece of a quadratic bowl is a very good approximation",
        errors[1] < 0.1,
        format!("within ±0.15 it is off by {:.1} %", 100.0 * errors[1]),
    );
    Ok(())
}
