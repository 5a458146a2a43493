//! A picture of the graph, in Graphviz' language.

use petgraph::dot::{Config, Dot};
use petgraph::visit::EdgeRef;

use crate::Graph;

impl Graph {
    /// The graph in Graphviz DOT: each node with its name, operation, shape and source line; the
    /// nodes that reverse rules recorded are dashed. Edges carry input positions where order
    /// matters.
    ///
    /// Render it with `dot -Tsvg`.
    pub fn to_dot(&self) -> String {
        self.dag(|dag| {
            let edge = |_, edge: petgraph::graph::EdgeReference<'_, u32>| {
                let several = dag.edges_directed(edge.target(), petgraph::Incoming).count() > 1;
                if several { format!("label=\"{}\"", edge.weight()) } else { String::new() }
            };
            let node = |_, (_, node): (_, &crate::reading::Node)| {
                let name = node.name.as_deref().map(|name| format!("{name}: ")).unwrap_or_default();
                let place = node.location;
                let label = format!(
                    "{name}{} {}\n{}:{}",
                    node.op.name(),
                    node.ty,
                    place.file(),
                    place.line()
                );
                let style = if node.backward { "dashed" } else { "solid" };
                format!("label={label:?} style={style} shape=box")
            };
            let config = [Config::NodeNoLabel, Config::EdgeNoLabel];
            format!("{:?}", Dot::with_attr_getters(dag, &config, &edge, &node))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::Graph;

    #[test]
    fn names_shapes_and_lines_are_shown() {
        let g = Graph::new();
        let x = g.input("x", [2, 3]);
        let line = line!() + 1;
        let y = x.tanh().sum();
        y.grad(x);
        let dot = g.to_dot();
        assert!(dot.starts_with("digraph {"), "{dot}");
        assert!(dot.contains(r#"label="x: input [2, 3]\n"#), "{dot}");
        assert!(dot.contains(&format!("tanh [2, 3]\\n{}:{line}\" style=solid", file!())), "{dot}");
        assert!(dot.contains("style=dashed"), "{dot}");
    }
}
