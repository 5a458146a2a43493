//! A long slope with bumps on it.

use cotangent::optim::Sgd;
use lab::{Axis, Hue, Lab, Path, Plot, Result, Surface};

const BETA: f64 = 0.9;

/// A long slope with bumps on it: f(x) = x²/10 − cos(3x)/4.
pub fn run(lab: &mut Lab) -> Result {
    let surface = Surface::new(|w| (0.1 * w.square() - 0.25 * (3.0 * w).cos()).sum());
    let rate = 0.05;
    let plain = surface.descend(&[4.5], 300, &mut Sgd::new(rate))?;
    let momentum = surface.descend(&[4.5], 300, &mut Sgd::new(rate).momentum(BETA))?;
    let xs: Vec<f64> = (0..301).map(|i| -1.5 + 0.0215 * f64::from(i)).collect();
    let values = surface.at(xs.iter().map(|&x| vec![x]))?;
    let mut plot = Plot::new(
        "bumps",
        "A slope with bumps: plain descent stops in the first hollow, the velocity carries over it",
        Axis::new("x"),
        Axis::new("loss f(x)"),
    );
    let curve: Vec<_> = xs.iter().zip(&values).map(|(&x, value)| (x, value.0)).collect();
    plot.line(Hue::Grey, "", curve);
    let on_curve = |path: &Path| -> Vec<(f64, f64)> {
        path.points.iter().zip(&path.values).map(|(x, &value)| (x[0], value)).take(60).collect()
    };
    plot.points(Hue::Vermillion, &format!("momentum, β = {BETA}"), on_curve(&momentum));
    plot.points(Hue::Blue, "plain", on_curve(&plain));
    lab.show(plot);
    let (stuck, through) = (plain.values[300], momentum.values[300]);
    lab.claim(
        "Momentum passes a local minimum in which plain descent stays",
        stuck > 1.0 && (through + 0.25).abs() < 1e-6,
        format!("plain ends at f = {stuck:.3}, momentum at {through:.3}, the lowest there is"),
    );
    Ok(())
}
