//! Which operation is behind what a check found: each is examined by itself, at the values it saw.

use std::collections::HashSet;

use graph::reading::{self, NodeId};
use graph::{Kind, RunError, Var};

use super::Check;
use super::alone::{self, Values};
use super::problem::Problem;
use crate::report::{Kink, Row, Suspect};
use crate::verdict::Verdict;

/// The operations between the variables and the output whose rules are wrong up to this order, the one
/// that is off the most first.
pub(super) fn suspects<'g>(
    check: &Check,
    problem: &Problem<'g>,
    output: Var<'g>,
    order: usize,
) -> Result<Vec<Suspect>, RunError> {
    let mut found = located(check, problem, output, order, |row| row.verdict == Verdict::Wrong)?;
    found.sort_by(|(_, a), (_, b)| excess(b).total_cmp(&excess(a)));
    let suspect = |(var, row): (Var<'_>, Row)| Suspect {
        operation: reading::operation(var).name().to_owned(),
        location: var.location(),
        input: row.place(),
        analytic: row.analytic,
        numeric: row.numeric,
    };
    Ok(found.into_iter().map(suspect).collect())
}

/// The operations between the variables and the output that have a kink or jump in a derivative up to
/// this order.
pub(super) fn kinks<'g>(
    check: &Check,
    problem: &Problem<'g>,
    output: Var<'g>,
    order: usize,
) -> Result<Vec<Kink>, RunError> {
    let found = located(check, problem, output, order, |row| row.verdict.is_rough())?;
    let kink = |(var, row): (Var<'_>, Row)| match row.verdict {
        Verdict::Inconclusive(doubt) => Some(Kink {
            operation: reading::operation(var).name().to_owned(),
            name: reading::name(var),
            location: var.location(),
            input: row.place(),
            doubt,
        }),
        _ => None,
    };
    Ok(found.into_iter().filter_map(kink).collect())
}

/// The variables whose operations by themselves have such rows, each line and name once, with the row
/// that is off the most.
fn located<'g>(
    check: &Check,
    problem: &Problem<'g>,
    output: Var<'g>,
    order: usize,
    of: impl Fn(&Row) -> bool,
) -> Result<Vec<(Var<'g>, Row)>, RunError> {
    let path = path(check, problem, output);
    // The checks by themselves start from the values of everything that the path is computed from.
    let needed = reading::sources(&path);
    let values = problem.evaluator.run(&needed)?;
    let seen: Values = needed.into_iter().map(Var::id).zip(values).collect();
    let mut known = HashSet::new();
    let mut found = Vec::new();
    for var in path {
        let name = (reading::operation(var).name().to_owned(), reading::name(var), var.location());
        if known.contains(&name) {
            continue;
        }
        let rows = alone::examined(check, var, &seen, order)?.into_iter().filter(&of);
        if let Some(row) = rows.max_by(|a, b| excess(a).total_cmp(&excess(b))) {
            known.insert(name);
            found.push((var, row));
        }
    }
    Ok(found)
}

/// How far a row is off, in relation to its size.
fn excess(row: &Row) -> f64 {
    let difference = (row.analytic - row.numeric).abs() / row.numeric.abs().max(row.analytic.abs());
    if difference.is_finite() { difference } else { f64::INFINITY }
}

/// What lies between the variables and the output, in recording order, without what is meant to have no
/// derivative.
fn path<'g>(check: &Check, problem: &Problem<'g>, output: Var<'g>) -> Vec<Var<'g>> {
    let mut below: HashSet<NodeId> = problem.vars.iter().map(|var| var.id()).collect();
    let mut path = Vec::new();
    for var in reading::sources(&[output]) {
        let inputs = reading::inputs(var);
        if inputs.iter().any(|&input| below.contains(&input.id())) {
            below.insert(var.id());
            let is_examined = var.kind() != Kind::Index && !check.meant.is(var);
            path.extend(Some(var).filter(|_| is_examined));
        }
    }
    path
}
