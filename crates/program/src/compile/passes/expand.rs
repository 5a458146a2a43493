//! Operations in terms of simpler ones, until only those are left that the compiler knows or that
//! run through their plain evaluation.

use graph::Graph;
use graph::reading::NodeId;
use graph::rewriting::{Target, rewrite};

/// Replaces every operation that describes itself in terms of others by that description, and again
/// in what comes of it; descriptions nest a few levels at most. The graph stays as it is.
pub(crate) fn expand(graph: &Graph, outputs: &[NodeId]) -> Target {
    let (mut target, mut changed) = once(graph, outputs);
    while changed {
        (target, changed) = once(&target.graph, &target.outputs);
    }
    target
}

fn once(graph: &Graph, outputs: &[NodeId]) -> (Target, bool) {
    let mut changed = false;
    let target = rewrite(graph, outputs, |graph, visit, inputs| match visit.op.expand(inputs) {
        Some(description) => {
            changed = true;
            description
        }
        None => visit.again(graph, inputs),
    });
    (target, changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_followed_to_their_end() {
        let g = Graph::new();
        let y = g.input("x", [2, 3]).variance_over(0, 1).id();
        let expanded = expand(&g, &[y]);
        let names: Vec<_> =
            expanded.graph.dag(|dag| dag.node_weights().map(|node| node.op.name()).collect());
        assert!(names.contains(&"sum") && names.contains(&"square"), "{names:?}");
        assert!(!names.contains(&"variance") && !names.contains(&"mean"), "{names:?}");
    }
}
