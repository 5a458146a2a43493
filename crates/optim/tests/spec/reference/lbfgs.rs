//! PyTorch's L-BFGS, which evaluates the objective itself.

use cotangent::minimize::TorchLbfgs;
use serde_json::Value;

use super::optimizers::Problem;
use super::{Config, Verdict, compare, number, numbers};

/// How near the losses must be.
const LOSSES: f64 = 1e-6;

/// Whether the losses are PyTorch's: at the iterates, and at every evaluation on the way.
pub fn verdict(case: &Value, problem: &Problem) -> Verdict {
    let returned = numbers(&case["returned_loss_per_step"]);
    // The closure of the file hands over its loss in single precision, which decides when a step
    // ends; the losses noted are in double precision.
    let single = returned.iter().all(|&loss| f64::from(loss as f32) == loss);
    let mut evaluated = Vec::new();
    let mut objective = |x: &[f64], gradient: &mut [f64]| {
        gradient.copy_from_slice(&(problem.gradient)(x));
        let loss = (problem.value)(x);
        evaluated.push(loss);
        if single { f64::from(loss as f32) } else { loss }
    };
    let mut lbfgs = torch(Config(&case["config"]));
    let mut x = problem.start.iter().copied().collect::<Vec<f64>>();
    let mut losses = vec![(problem.value)(&x)];
    for _ in &returned {
        lbfgs.step(&mut objective, &mut x).expect("a good step");
        losses.push((problem.value)(&x));
    }
    let at_iterates =
        compare("loss at step ", &losses, &numbers(&case["loss_at_iterates"]), LOSSES);
    let expected = numbers(&case["closure_losses"]);
    match at_iterates
        .and_then(|e| Ok(e.max(compare("evaluation ", &evaluated, &expected, LOSSES)?)))
    {
        Ok(error) => Verdict::Passed(error),
        Err(difference) => Verdict::Failed(difference),
    }
}

fn torch(config: Config<'_>) -> TorchLbfgs {
    let mut lbfgs = TorchLbfgs::new(config.f64("lr"))
        .max_iterations(config.u64("max_iter") as usize)
        .history(config.or("history_size", 100.0) as usize)
        .tolerances(config.or("tolerance_grad", 1e-7), config.or("tolerance_change", 1e-9));
    if let Some(evaluations) = config.0.get("max_eval").and_then(number) {
        lbfgs = lbfgs.max_evaluations(evaluations as usize);
    }
    if config.has("line_search_fn") { lbfgs.strong_wolfe() } else { lbfgs }
}
