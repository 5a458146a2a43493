//! The picture of the slides: a function with its tangent and its parabola.

use cotangent::ndarray::Array1;
use lab::{Axis, Hue, Lab, Plot, Result, Surface};

use crate::second_order::newton;

pub fn run(lab: &mut Lab) -> Result {
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
