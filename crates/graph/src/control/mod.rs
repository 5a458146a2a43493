//! Loops and choices: operations with bodies, which are recorded once.

mod body;
mod cond;
mod ended;
mod implicit;
mod mapped;
mod part;
mod row;
mod scan;
#[cfg(test)]
mod tests;
mod traced;
mod trim;
mod while_loop;

pub use body::{Body, BodyNode};
pub use cond::Cond;
pub(crate) use mapped::{Mapped, mapped};
pub(crate) use part::Part;
pub(crate) use scan::Updated;
pub use scan::{Layout, Scan};
pub(crate) use traced::part_of;
use trim::Trimmed;
pub use trim::trimmed;
pub use while_loop::While;

use std::collections::BTreeSet;
use std::ops::Range;

use crate::ops::Draws;
use crate::reading::NodeId;
use crate::{Fault, Graph, Kind, Lowering, Var, misfit};

/// Of what was recorded in a range, what belongs to a body: all but inputs, parameters, and the numbers of draws, which are
/// others for each step or sample.
fn recorded(graph: &Graph, range: Range<usize>) -> BTreeSet<NodeId> {
    let own = |id: &NodeId| {
        graph.node(*id, |node| {
            let outer = matches!(node.op.lower(), Lowering::Input(_) | Lowering::Parameter(_));
            !outer && node.op.downcast::<Draws>().is_none()
        })
    };
    range.map(NodeId::new).filter(own).collect()
}

/// Refuses what is to decide, if it is no truth value without axes.
#[track_caller]
fn check_truth(operation: &str, what: &str, var: Var<'_>) {
    let remedy = match (var.kind(), var.rank()) {
        (Kind::Boolean, 0) => return,
        (Kind::Boolean, _) => {
            "`.to_real().min().gt(0.5)` is whether all of them hold, and with `.max()` whether one does"
        }
        _ => "a comparison answers one, such as `x.gt(0.0)`",
    };
    let rule = format!("{what} must be a truth value without axes: {remedy}");
    misfit(operation, rule, &[var]);
}

/// A fault of an operation of a body in a step of it.
fn in_step(body: &Body, step: usize, (number, fault): (usize, Fault)) -> Fault {
    let node = &body.nodes[number];
    let (operation, location) = (node.op.name(), node.line.0);
    Fault::InStep { step, operation, location, fault: Box::new(fault) }
}

/// A fault of an operation of a body that runs once.
fn in_body(body: &Body, (number, fault): (usize, Fault)) -> Fault {
    let node = &body.nodes[number];
    let (operation, location) = (node.op.name(), node.line.0);
    Fault::InBody { operation, location, fault: Box::new(fault) }
}
