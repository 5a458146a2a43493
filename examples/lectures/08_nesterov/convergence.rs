//! O(1/k) and O(1/k²), on a convex function with all curvatures between 10⁻⁷ and 1.

use cotangent::ndarray::Array1;
use lab::{Axis, Hue, Lab, Plot, Probe, Result, Surface};

/// How many directions there are, with curvatures evenly spaced on a logarithmic scale: so many that
/// no learning rate is right for all, and the loss falls as a power of the number of steps.
const DIRECTIONS: usize = 141;
const LEAST: f64 = 1e-7;

/// The loss above its minimum, 0, after each step: x ← y − ∇f(y), y ← x + ρₖ(x − x before).
fn descend(probe: &mut Probe<'_>, steps: usize, rho: fn(f64) -> f64) -> Result<Vec<(f64, f64)>> {
    let mut x = Array1::from_elem(DIRECTIONS, 1.0);
    let mut y = x.clone();
    let mut curve = Vec::new();
    for k in 1..=steps {
        // The greatest curvature L is 1, and so the rate 1/L.
        let next = &y - &probe.at(&y.to_vec())?.1;
        y = &next + rho(k as f64) * (&next - &x);
        x = next;
        curve.push((k as f64, probe.at(&x.to_vec())?.0));
    }
    Ok(curve)
}

pub fn run(lab: &mut Lab) -> Result {
    let curvature =
        Array1::from_shape_fn(DIRECTIONS, |i| LEAST.powf(i as f64 / (DIRECTIONS - 1) as f64));
    let surface =
        Surface::new(move |w| 0.5 * (w.graph().constant(curvature.clone()) * w.square()).sum());
    let (mut probe, steps) = (surface.probe(DIRECTIONS), lab.pick(1000, 20));
    let plain = descend(&mut probe, steps, |_| 0.0)?;
    let nesterov = descend(&mut probe, steps, |k| (k - 1.0) / (k + 2.0))?;
    // ‖x₀ − x*‖² is the number of directions, and L = 1.
    let bound = |k: f64| 2.0 * DIRECTIONS as f64 / (k + 1.0).powi(2);

    let caption = format!(
        "{DIRECTIONS} directions of curvatures from {LEAST:e} to 1: each ten steps more, a tenth of the loss or a hundredth"
    );
    let mut plot = Plot::new("convergence", &caption, Axis::log("step k"), Axis::log("f − f*"));
    plot.line(
        Hue::Grey,
        "Nesterov’s bound",
        plain.iter().map(|p| (p.0, bound(p.0))).collect::<Vec<_>>(),
    );
    plot.line(Hue::Blue, "gradient descent", plain.clone());
    plot.line(Hue::Green, "Nesterov, 1983", nesterov.clone());
    lab.show(plot);

    let slope = |curve: &[(f64, f64)]| {
        let (from, to) = (curve[steps / 20 - 1], curve[steps - 1]);
        (to.1 / from.1).ln() / (to.0 / from.0).ln()
    };
    let below = nesterov.iter().all(|(k, loss)| *loss <= bound(*k));
    let crossed = plain.iter().find(|(k, loss)| *loss > bound(*k)).map_or(f64::NAN, |p| p.0);
    lab.claim(
        "Nesterov’s convergence rate is O(1/k²), where gradient descent’s is O(1/k)",
        below && (slope(&nesterov) + 2.0).abs() < 0.15 && (slope(&plain) + 1.0).abs() < 0.15,
        format!(
            "from step {} to {steps} its loss falls as k to the {:.2}, that of descent as k to the {:.2}; \
             it is never above 2L‖x₀ − x*‖²/(k + 1)², and descent is from step {crossed} on",
            steps / 20,
            slope(&nesterov),
            slope(&plain)
        )
        .replace(" -", " −"),
    );
    Ok(())
}
