//! Operations in terms of simpler ones, until only those are left that the compiler knows or that
//! run through their plain evaluation.

use crate::compile::rewrite::Target;

/// Replaces every operation that describes itself in terms of others by that description, and again
/// in what comes of it; descriptions nest a few levels at most.
pub(crate) fn expand(target: Target) -> Target {
    let mut target = target;
    loop {
        let mut changed = false;
        target = target.rewrite(|graph, visit, inputs| match visit.op.expand(inputs) {
            Some(description) => {
                changed = true;
                description
            }
            None => visit.again(graph, inputs),
        });
        if !changed {
            return target;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Graph;

    #[test]
    fn descriptions_are_followed_to_their_end() {
        let g = Graph::new();
        let y = g.input("x", [2, 3]).variance_over(0, 1).id();
        let expanded = expand(Target { graph: g, outputs: vec![y] });
        let names: Vec<_> =
            expanded.graph.dag(|dag| dag.node_weights().map(|node| node.op.name()).collect());
        assert!(names.contains(&"sum") && names.contains(&"square"), "{names:?}");
        assert!(!names.contains(&"variance") && !names.contains(&"mean"), "{names:?}");
    }
}
