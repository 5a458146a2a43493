//! A network: complicated from afar, and nearly a bowl from near.

use cotangent::ndarray::{Array1, Array2};
use cotangent::optim::Adam;
use cotangent::prelude::{Loss, Var};
use lab::{Axis, Grid, Hue, Lab, Plot, Result, Surface, Symmetric, xy};
use rand::RngExt;

/// A network of 8 tanh units with 25 parameters in a row, fitted to a sine.
fn loss(theta: Var<'_>) -> Var<'_> {
    let x = Array2::from_shape_fn((60, 1), |(i, _)| -3.0 + 0.1 * i as f64);
    let (inputs, targets) =
        (theta.graph().constant(x.clone()), theta.graph().constant(x.mapv(f64::sin)));
    let part = |from: isize, to: isize| theta.slice_axis(0, from..to);
    let hidden = (inputs * part(0, 8) + part(8, 16)).tanh();
    (hidden.matmul(part(16, 24).reshape([8, 1])) + part(24, 25)).mse(targets)
}

pub fn run(lab: &mut Lab) -> Result {
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
    let (whole, piece) = (3.0, 0.15);
    let wide = "A network’s loss around a point, in the two directions of greatest curvature";
    let near = format!("The same in a piece {:.0} times smaller", whole / piece);
    for (name, radius, caption) in [("network", whole, wide), ("patch", piece, near.as_str())] {
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
        format!(
            "within ±{whole} the bowl is off by {:.0} % of the loss’s variation",
            100.0 * errors[0]
        ),
    );
    lab.claim(
        "But locally a piece of a quadratic bowl is a very good approximation",
        errors[1] < 0.1,
        format!("within ±{piece} it is off by {:.1} %", 100.0 * errors[1]),
    );
    Ok(())
}
