//! BFGS, which stores the whole approximation of the inverse Hessian, and L-BFGS, which does not.

use cotangent::minimize::{NewtonCg, Objective};
use cotangent::ndarray::{Array1, Array2, Axis as Along};
use cotangent::prelude::{Lbfgs, Minimizer};
use lab::{Digits, Lab, Result, Table};

use crate::lbfgs::objective;

/// Changes B, the approximation of H⁻¹, by a step s and the change y of the gradient, in O(n²):
/// (I − ρsyᵀ)·B·(I − ρysᵀ) + ρssᵀ written out (Nocedal and Wright, *Numerical Optimization*, 6.17).
pub fn update(b: &mut Array2<f64>, s: &Array1<f64>, y: &Array1<f64>) {
    let rho = 1.0 / s.dot(y);
    let by = b.dot(y);
    let along = rho * (1.0 + rho * y.dot(&by));
    for (i, mut row) in b.axis_iter_mut(Along(0)).enumerate() {
        row.scaled_add(along * s[i] - rho * by[i], s);
        row.scaled_add(-rho * s[i], &by);
    }
}

/// A point with the value and the gradient there.
struct Place {
    x: Array1<f64>,
    value: f64,
    gradient: Array1<f64>,
}

fn place(objective: &mut impl Objective, x: Array1<f64>) -> Result<Place> {
    let mut gradient = vec![0.0; x.len()];
    let value = objective.value_and_gradient(&x.to_vec(), &mut gradient)?;
    Ok(Place { x, value, gradient: gradient.into() })
}

/// The evaluations that BFGS needs to come below a value, if `most` are enough. The step along −B·∇J is
/// doubled or halved until it fulfils the weak conditions of Wolfe.
fn bfgs(
    objective: &mut impl Objective,
    x0: &[f64],
    below: f64,
    most: usize,
) -> Result<Option<usize>> {
    let mut here = place(objective, Array1::from(x0.to_vec()))?;
    let mut b: Option<Array2<f64>> = None;
    let mut evaluations = 1;
    while evaluations < most {
        let direction = match &b {
            Some(b) => -b.dot(&here.gradient),
            None => -&here.gradient / here.gradient.dot(&here.gradient).sqrt(),
        };
        let slope = direction.dot(&here.gradient);
        let (mut low, mut high, mut length) = (0.0, f64::INFINITY, 1.0);
        let there = loop {
            let there = place(objective, &here.x + length * &direction)?;
            evaluations += 1;
            if there.value > here.value + 1e-4 * length * slope {
                high = length;
            } else if there.gradient.dot(&direction) < 0.9 * slope && evaluations < most {
                low = length;
            } else {
                break there;
            }
            length = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * length };
        };
        if there.value < below {
            return Ok(Some(evaluations));
        }
        let (s, y) = (&there.x - &here.x, &there.gradient - &here.gradient);
        let b = b.get_or_insert_with(|| Array2::eye(s.len()) * (s.dot(&y) / y.dot(&y)));
        update(b, &s, &y);
        here = there;
    }
    Ok(None)
}

pub fn run(lab: &mut Lab) -> Result {
    let (mut loss, start) = objective(&[64, 10], &Digits::load()?.train);
    let (n, near) = (start.len(), 1e-6);
    let least = NewtonCg::new().minimize(&mut loss, &start)?.value;
    let mut table = Table::new(
        &format!("Quasi-Newton methods on softmax regression of all digits, N = {n}"),
        ["method", "steps remembered", "numbers stored", "evaluations to J − J* < 10⁻⁶"],
    );
    let printed =
        |count: Option<usize>| count.map_or("more".to_owned(), |count| format!("{count}"));
    let mut needed = Vec::new();
    for memory in [1, 3, 10, 30, 100] {
        let lbfgs = Lbfgs::new().memory(memory).max_iterations(lab.pick(1000, 5));
        let minimum = lbfgs.minimize(&mut loss, &start)?;
        let reached = minimum.history.iter().find(|at| at.value - least < near);
        let count = reached.map(|at| at.functions);
        needed.push(count.map_or(f64::INFINITY, |count| count as f64));
        let [steps, numbers] = [memory, 2 * memory * n].map(|number| format!("{number}"));
        table.row(["L-BFGS".into(), steps, numbers, printed(count)]);
    }
    let whole = bfgs(&mut loss, &start, least + near, lab.pick(1000, 5))?;
    table.row(["BFGS".into(), "all".into(), format!("{}", n * n), printed(whole)]);
    lab.table(table);
    let whole = whole.map_or(f64::INFINITY, |count| count as f64);
    lab.claim(
        "L-BFGS does not need the full inverse Hessian",
        needed[2] < 2.0 * whole && needed[2] < 2.0 * needed[4],
        format!(
            "with the last 10 steps, {} numbers, it takes {} evaluations; BFGS with {} numbers {whole}, L-BFGS \
             with the last 100 steps {}",
            20 * n,
            needed[2],
            n * n,
            needed[4]
        ),
    );
    Ok(())
}
