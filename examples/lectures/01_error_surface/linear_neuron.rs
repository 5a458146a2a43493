//! A linear neuron with a squared error: a quadratic bowl.

use cotangent::ndarray::Array1;
use cotangent::prelude::Loss;
use lab::{Axis, Hue, Lab, Plot, Result, Surface, Symmetric, scientific, xy};
use rand::RngExt;

pub fn run(lab: &mut Lab) -> Result {
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

    let caption =
        "The error of a linear neuron: horizontal cross-sections are ellipses around the minimum";
    let (across, along) = (("weight w", -0.5..3.5), ("bias b", -1.5..2.5));
    let mut plot = bowl.map(["bowl", caption], across, along, |grid| grid.levels(12))?;
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
    let ellipse: Vec<(f64, f64)> = bowl.grid(-0.5..3.5, -1.5..2.5, 121)?.contour(level).concat();
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
