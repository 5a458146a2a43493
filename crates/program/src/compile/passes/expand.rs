//! Operations in terms of simpler ones, until only those are left that the compiler knows or that
//! run through their plain evaluation.

use graph::rewriting::Visit;
use graph::{Graph, Var};

/// An operation that describes itself in terms of others becomes that description, and what comes of it again; descriptions
/// nest a few levels at most.
pub(super) fn expanded<'g>(_: &'g Graph, visit: &Visit<'_>, inputs: &[Var<'g>]) -> Option<Var<'g>> {
    visit.op.expand(inputs)
}

/// All descriptions, followed to their end.
#[cfg(test)]
pub(super) fn expand(
    graph: &Graph,
    outputs: &[graph::reading::NodeId],
) -> graph::rewriting::Target {
    super::until_settled(graph, outputs, &[expanded])
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
