//! Fits models to data whose best parameters are certified to 11 digits, the nonlinear regression
//! problems of NIST's StRD: `cargo run --release --example certified`
//!
//! Each model is an expression in a file, recorded as a graph, from which come the Jacobian of its
//! residuals, the gradient of their squares, and products with the Hessian. With `-- FILE` it fits
//! the problems of another file in the format of `tests/reference/nist.json`.

#[path = "certified/expression.rs"]
mod expression;
#[path = "certified/problem.rs"]
mod problem;

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

use cotangent::minimize::{Lbfgs, LevenbergMarquardt, MinimizeError, Minimizer, Minimum, Newton};
use cotangent::minimize::{Recorded, RecordedResiduals, Stopping};
use cotangent::ndarray::Array1;
use cotangent::prelude::{Graph, Var};
use problem::Problem;

const NIST: &str = include_str!("../tests/reference/nist.json");
/// So many digits make a run a success.
const ENOUGH: f64 = 8.0;

fn main() -> ExitCode {
    match certify() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn certify() -> Result<(), Box<dyn Error>> {
    let problems = match std::env::args().nth(1) {
        None => problem::read(NIST)?,
        Some(path) => {
            let text = std::fs::read_to_string(&path);
            problem::read(&text.map_err(|error| format!("cannot read {path}: {error}"))?)?
        }
    };
    println!("digits agreed with the certified parameters, of 11 (evaluations)\n");
    println!("{:<10} start {:>14} {:>14} {:>14}", "problem", "LM", "Newton", "L-BFGS");
    let (mut enough, mut runs) = (0, 0);
    for problem in &problems {
        for (i, start) in problem.starts.iter().enumerate() {
            let fits =
                [least_squares(problem, start)?, newton(problem, start)?, lbfgs(problem, start)?];
            runs += 1;
            enough += usize::from(fits[0].digits >= ENOUGH);
            let [lm, newton, lbfgs] = fits.map(|fit| fit.to_string());
            println!("{:<10} {:>5} {lm:>14} {newton:>14} {lbfgs:>14}", problem.name, i + 1);
        }
    }
    println!("\ncertified: LM {enough} of {runs} runs with at least {ENOUGH} digits");
    Ok(())
}

/// What a fit came to.
struct Fit {
    digits: f64,
    evaluations: usize,
}

impl Fit {
    fn new(problem: &Problem, minimum: &Minimum, scale: &Array1<f64>) -> Self {
        let b: Vec<f64> = minimum.x.iter().zip(scale).map(|(x, scale)| x * scale).collect();
        Self { digits: problem.digits(&b), evaluations: minimum.evaluations.functions }
    }
}

impl fmt::Display for Fit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ({})", self.digits, self.evaluations)
    }
}

fn least_squares(problem: &Problem, start: &[f64]) -> Result<Fit, MinimizeError> {
    let mut residuals = RecordedResiduals::new(start.len(), |g, b| record(problem, g, b));
    let minimum = LevenbergMarquardt::new().minimize(&mut residuals, start)?;
    Ok(Fit::new(problem, &minimum, &Array1::ones(start.len())))
}

fn newton(problem: &Problem, start: &[f64]) -> Result<Fit, MinimizeError> {
    squares(problem, start, &Newton::new().stopping(precise()))
}

fn lbfgs(problem: &Problem, start: &[f64]) -> Result<Fit, MinimizeError> {
    squares(problem, start, &Lbfgs::new().stopping(precise()))
}

/// To the end of the digits.
fn precise() -> Stopping {
    Stopping { gradient: 0.0, stall: 0.0, iterations: 5_000, ..Stopping::default() }
}

/// Minimises half the sum of squares in units of the start, as these methods do not scale or not as
/// much.
fn squares<'p>(
    problem: &'p Problem,
    start: &[f64],
    minimizer: &impl Minimizer<Recorded<'p>>,
) -> Result<Fit, MinimizeError> {
    let scale: Array1<f64> = start.iter().map(|b| if *b == 0.0 { 1.0 } else { *b }).collect();
    let units = scale.clone();
    let mut objective = Recorded::new(start.len(), move |g, x| {
        0.5 * record(problem, g, x * g.constant(&units)).square().sum()
    });
    let x0: Vec<f64> = start.iter().zip(&scale).map(|(b, scale)| b / scale).collect();
    Ok(Fit::new(problem, &minimizer.minimize(&mut objective, &x0)?, &scale))
}

fn record<'g>(problem: &Problem, graph: &'g Graph, b: Var<'g>) -> Var<'g> {
    problem.residuals(graph, b).expect("the expressions were read once already")
}
