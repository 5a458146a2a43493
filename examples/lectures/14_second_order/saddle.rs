//! Where Newton's method goes beside a saddle point.

use cotangent::minimize::{Newton, Recorded};
use cotangent::ndarray::Array1;
use cotangent::optim::Sgd;
use cotangent::prelude::{Minimizer, Var};
use lab::{Hue, Lab, Result, Surface, Symmetric, xy};
use rand::RngExt;

use crate::second_order::newton;

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

pub fn run(lab: &mut Lab) -> Result {
    let surface = Surface::new(pass);
    let start = [0.4, 0.8];
    let mut theta = Array1::from(start.to_vec());
    let mut plain = vec![(theta[0], theta[1])];
    for _ in 0..8 {
        theta = newton(&surface, &theta)?;
        plain.push((theta[0], theta[1]));
    }
    let region = trusted(&start, 12)?;
    let caption =
        "Two minima and a saddle point at 0, from one start: plain Newton is drawn to the saddle";
    let (across, along) = (("x", -1.6..1.6), ("y", -1.0..1.0));
    let mut plot = surface.map(["saddle", caption], across, along, |grid| grid.levels(18))?;
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
