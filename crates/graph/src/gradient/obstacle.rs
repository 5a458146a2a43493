//! What keeps cotangents from a variable, for the error that says so.

use super::backpropagate;
use crate::reading::NodeId;
use crate::{Graph, Obstacle, Unreached, Var};

/// A variable that gets no cotangent of the output, and why.
pub(super) fn unreached<'g>(variable: Var<'g>, output: Var<'g>, cotangent: Var<'g>) -> Unreached {
    let (label, recorded) = label(variable);
    Unreached { variable: label, recorded, obstacle: obstacle(variable, output, cotangent) }
}

fn obstacle<'g>(variable: Var<'g>, output: Var<'g>, cotangent: Var<'g>) -> Obstacle {
    let way = way(variable.graph(), variable.id(), output.id());
    let way: Vec<Var<'g>> = way.into_iter().map(|id| Var::new(output.graph(), id)).collect();
    let not_real = || way.iter().find(|var| !var.is_real());
    match not_real().or_else(|| silent(&way, output, cotangent)) {
        Some(&var) => {
            let (operation, recorded) = label(var);
            Obstacle::Operation { operation, answers: var.kind(), recorded }
        }
        None => Obstacle::Unused,
    }
}

/// The first on the way that gets a cotangent and gives none to those before it.
fn silent<'a, 'g>(way: &'a [Var<'g>], output: Var<'g>, cotangent: Var<'g>) -> Option<&'a Var<'g>> {
    let received = backpropagate(&[(output, cotangent)], way);
    way.iter().zip(received).find_map(|(var, received)| received.map(|_| var))
}

/// The nodes by which a variable leads to an output, both ends among them, in the order of recording.
fn way(graph: &Graph, variable: NodeId, output: NodeId) -> Vec<NodeId> {
    graph.dag(|dag| {
        let mut before = vec![false; dag.node_count()];
        before[output.index()] = true;
        let mut after = vec![false; dag.node_count()];
        after[variable.index()] = true;
        let ids: Vec<NodeId> = dag.node_indices().collect();
        for &id in &ids {
            let mut inputs = dag.neighbors_directed(id, petgraph::Incoming);
            after[id.index()] |= inputs.any(|input| after[input.index()]);
        }
        for &id in ids.iter().rev() {
            let mut uses = dag.neighbors_directed(id, petgraph::Outgoing);
            before[id.index()] |= uses.any(|user| before[user.index()]);
        }
        ids.into_iter().filter(|id| before[id.index()] && after[id.index()]).collect()
    })
}

/// What a message calls a node, and the line that recorded it.
fn label(var: Var<'_>) -> (String, &'static std::panic::Location<'static>) {
    var.graph().node(var.id(), |node| (node.label(), node.location))
}

#[cfg(test)]
mod tests {
    use crate::{Gradient, Graph, Kind};

    #[test]
    fn an_error_says_what_stops_a_derivative() {
        let g = Graph::new();
        let x = g.full([3], 1.0).named("x");
        let told = |output| Gradient::of(output).with_respect_to(&[x]).unwrap_err().to_string();
        let class = x.square().argmax(0).to_real() * 2.0;
        assert!(told(class).contains("argmax of "), "{}", told(class));
        assert!(told(class).contains("answers indices"), "{}", told(class));
        let stopped = x.exp().stop_gradient().sum();
        assert!(told(stopped).contains("stop_gradient of "), "{}", told(stopped));
        assert!(told(stopped).contains("passes no cotangent on"), "{}", told(stopped));
        let y = g.full([3], 2.0);
        let own = (x * y).with_vjp(&[y], |x, _, v| vec![v * x[0]]).sum();
        assert!(told(own).contains("custom_vjp of "), "{}", told(own));
        assert!(told(y.sum()).contains("the output is not computed from it"), "{}", told(y.sum()));
        assert_eq!(class.kind(), Kind::Real);
    }
}
