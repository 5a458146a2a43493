//! Equal operations on equal inputs are one.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt::{self, Write};
use std::hash::{DefaultHasher, Hasher};

use smallvec::SmallVec;

use graph::reading::NodeId;
use graph::rewriting::Target;

/// What two equal nodes agree in. Nodes that agree in it are most likely equal, so that a search among them is short.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    operation: TypeId,
    inputs: SmallVec<[NodeId; 3]>,
    attributes: u64,
}

/// Records equal operations on equal inputs once. Random nodes draw from streams of their own, so
/// that no two are equal.
pub(crate) fn merge_common_subexpressions(target: &Target) -> Target {
    let mut known: HashMap<Key, SmallVec<[NodeId; 1]>> = HashMap::new();
    target.rewrite(|graph, visit, inputs| {
        let key = Key {
            operation: visit.op.as_any().type_id(),
            inputs: inputs.iter().map(|input| input.id()).collect(),
            attributes: hash_of_text(visit.op),
        };
        let candidates = known.entry(key).or_default();
        for &candidate in candidates.iter() {
            if graph.node(candidate, |node| node.op == *visit.op && node.ty == *visit.ty) {
                return graph.var(candidate);
            }
        }
        let var = visit.again(graph, inputs);
        candidates.push(var.id());
        var
    })
}

/// A hash of the text that tells a value to a programmer: operations cannot be hashed, but all can be told.
fn hash_of_text(value: &impl fmt::Debug) -> u64 {
    let mut text = HashedText { hasher: DefaultHasher::new(), left: LONGEST };
    // The only error is that the text is longer than what is hashed of it.
    _ = write!(text, "{value:?}");
    text.hasher.finish()
}

/// Of how many bytes of a text its hash is: that of an operation that holds a table need not be written to its end.
const LONGEST: usize = 4096;

/// Hashes a text as it is written.
struct HashedText {
    hasher: DefaultHasher,
    left: usize,
}

impl Write for HashedText {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.left = self.left.checked_sub(part.len()).ok_or(fmt::Error)?;
        self.hasher.write(part.as_bytes());
        Ok(())
    }
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
        let [exp, add, full, uniform] =
            ["exp", "add", "full", "uniform"].map(|name| count(&merged.graph, name));
        assert_eq!((exp, add, full, uniform), (1, 1, 1, 2));
    }

    /// How many nodes of this name are left.
    fn count(graph: &Graph, name: &str) -> usize {
        graph.dag(|dag| dag.node_weights().filter(|node| node.op.name() == name).count())
    }

    #[test]
    fn hundreds_of_slices_of_one_array_merge() {
        let g = Graph::new();
        let x = g.input("x", [400]);
        let slice = |i: isize| x.slice_axis(0, i..i + 200).id();
        let outputs = (0..200).chain(0..200).map(slice).collect();
        let merged = merge_common_subexpressions(&Target { graph: g, outputs });
        assert_eq!(count(&merged.graph, "slice"), 200);
    }

    #[test]
    fn equal_constants_merge_and_those_that_differ_in_one_place_do_not() {
        let g = Graph::new();
        let constant = |i: usize| {
            let one = ndarray::Array1::from_shape_fn(1000, |j| f64::from(u8::from(i == j)));
            g.constant(one).id()
        };
        let outputs = (0..100).chain(0..100).map(|i| constant(450 + i)).collect();
        let merged = merge_common_subexpressions(&Target { graph: g, outputs });
        assert_eq!(count(&merged.graph, "constant"), 100);
    }

    #[test]
    fn long_texts_are_hashed_in_part() {
        let (a, b) = ("a".repeat(10), "a".repeat(20));
        assert_ne!(hash_of_text(&a), hash_of_text(&b));
        let mut long = vec![1; 10_000];
        let hash = hash_of_text(&long);
        long[9_999] = 2;
        assert_eq!(hash_of_text(&long), hash);
        long[0] = 2;
        assert_ne!(hash_of_text(&long), hash);
    }
}
