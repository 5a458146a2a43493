//! Equal operations on equal inputs are one.

use std::any::TypeId;
use std::collections::HashMap;

use smallvec::SmallVec;

use graph::reading::NodeId;
use graph::rewriting::Target;

/// What two equal nodes agree in, short of the operation's attributes.
type Key = (TypeId, SmallVec<[NodeId; 3]>);

/// Records equal operations on equal inputs once. Random nodes draw from streams of their own, so
/// that no two are equal.
pub(crate) fn merge_common_subexpressions(target: &Target) -> Target {
    let mut known: HashMap<Key, SmallVec<[NodeId; 1]>> = HashMap::new();
    target.rewrite(|graph, visit, inputs| {
        let key = (visit.op.as_any().type_id(), inputs.iter().map(|input| input.id()).collect());
        let candidates = known.entry(key).or_default();
        // Leaves of one type share a key; a long list of them is not worth the search.
        for &candidate in candidates.iter().rev().take(64) {
            if graph.node(candidate, |node| node.op == *visit.op && node.ty == *visit.ty) {
                return graph.var(candidate);
            }
        }
        let var = visit.again(graph, inputs);
        candidates.push(var.id());
        var
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph::Graph;

    #[test]
    fn equal_nodes_merge_and_random_ones_do_not() {
        let g = Graph::new();
        let x = g.input("x", [3]);
        let y = (x.exp() + 1.0) * (x.exp() + 1.0);
        let noise = g.uniform([3], 0.0, 1.0) - g.uniform([3], 0.0, 1.0);
        let outputs = vec![y.id(), noise.id()];
        let merged = merge_common_subexpressions(&Target { graph: g, outputs });
        let count = |name| {
            merged.graph.dag(|dag| dag.node_weights().filter(|node| node.op.name() == name).count())
        };
        assert_eq!((count("exp"), count("add"), count("full")), (1, 1, 1));
        assert_eq!(count("uniform"), 2);
    }
}
