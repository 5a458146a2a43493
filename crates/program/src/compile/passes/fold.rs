//! What does not depend on the run is computed once, when compiling.

use smallvec::SmallVec;

use graph::Args;
use graph::Lowering;
use graph::Scalar;
use graph::Seed;
use graph::rewriting::Visit;
use graph::{Graph, Kind, Value, Var};

/// Larger results stay unfolded: the compiled program would carry them.
const LARGEST: usize = 1 << 12;

/// Replaces real operations on constants by their value, computed in double precision.
///
/// In single precision a folded value is rounded once, where the unfolded would have been rounded
/// at every operation.
pub(super) fn folded<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    Some(record(graph, value(visit, inputs)?))
}

/// The value of the node, if it is small and all its inputs are constants.
fn value(visit: &Visit<'_>, inputs: &[Var<'_>]) -> Option<Value<f64>> {
    if inputs.is_empty() || visit.ty.kind != Kind::Real || visit.ty.shape.size() > LARGEST {
        return None;
    }
    let values: SmallVec<[Value<f64>; 3]> =
        inputs.iter().map(|&input| constant(input)).collect::<Option<_>>()?;
    let views = values.iter().map(Value::view).collect();
    let mut value = Value::zeros(visit.ty);
    // An error (an index out of range) belongs to the run.
    <f64 as Scalar>::eval(&**visit.op, &Args::new(views, Seed::default()), &mut value.out())
        .ok()?;
    Some(value)
}

/// The value of a variable that is the same in every run. What was folded is a constant again.
fn constant(var: Var<'_>) -> Option<Value<f64>> {
    var.graph().node(var.id(), |node| {
        let leaf = matches!(node.op.lower(), Lowering::Constant | Lowering::Full(_));
        if !leaf || node.ty.shape.size() > LARGEST {
            return None;
        }
        let mut value = Value::zeros(&node.ty);
        let no_inputs = Args::new(SmallVec::new(), Seed::default());
        <f64 as Scalar>::eval(&*node.op, &no_inputs, &mut value.out()).ok()?;
        Some(value)
    })
}

fn record(graph: &Graph, value: Value<f64>) -> Var<'_> {
    if let Value::Real(array) = &value
        && let Some(&first) = array.first()
        && array.iter().all(|x| x.to_bits() == first.to_bits())
    {
        return graph.full(array.shape(), first);
    }
    graph.constant(value)
}

#[cfg(test)]
mod tests {
    use super::super::sweep;
    use super::*;
    use graph::rewriting::Target;

    #[test]
    fn constants_fold_and_runs_do_not() {
        let g = Graph::new();
        let x = g.input("x", [2]);
        let c = (g.full([2], 3.0) * 2.0 + 1.0).sqrt();
        let y = x * c;
        let outputs = vec![y.id()];
        let folded = sweep(&Target { graph: g, outputs }, &[folded]);
        let live = folded.graph.ancestors(&folded.outputs);
        let names: Vec<_> = folded.graph.dag(|dag| {
            dag.node_indices()
                .filter(|id| live[id.index()])
                .map(|id| format!("{:?}", dag[id].op))
                .collect()
        });
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(names.iter().any(|name| name.contains("2.6457513110645907")), "{names:?}");
    }
}
