//! What does not depend on the run is computed once, when compiling.

use smallvec::SmallVec;

use super::simplify::lowering;
use graph::Args;
use graph::Lowering;
use graph::Scalar;
use graph::Seed;
use graph::ops::{MachineEpsilon, Random};
use graph::rewriting::Visit;
use graph::{Graph, Kind, Value, Var};

/// Larger results stay unfolded: the compiled program would carry them.
const LARGEST: usize = 1 << 12;

/// Replaces real operations on constants by their value, computed in the precision `P`.
///
/// In double precision a folded value is rounded once, where the unfolded would have been rounded
/// at every operation; in the precision of the program, it is rounded as written.
pub(super) fn folded<'g, P: Scalar>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    Some(record(graph, value::<P>(visit, inputs)?))
}

/// The machine epsilon as the number that it is in the precision `P` of the program.
pub(super) fn in_precision<'g, P: Scalar>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    _: &[Var<'g>],
) -> Option<Var<'g>> {
    visit.op.downcast::<MachineEpsilon>()?;
    Some(graph.full([], P::MACHINE_EPSILON.to_f64()))
}

/// What a rule has just recorded; a constant again, if it is an operation on constants.
pub(super) fn folded_again(var: Var<'_>) -> Var<'_> {
    let (graph, ty) = (var.graph(), var.ty());
    let op = graph.node(var.id(), |node| node.op.clone());
    let inputs = graph.node_inputs(var.id());
    let inputs: SmallVec<[Var<'_>; 3]> = inputs.iter().map(|&id| graph.var(id)).collect();
    folded::<f64>(graph, &Visit { op: &op, ty: &ty }, &inputs).unwrap_or(var)
}

/// The value of the node, if it is small, all its inputs are constants, and it draws nothing of the run's seed.
fn value<P: Scalar>(visit: &Visit<'_>, inputs: &[Var<'_>]) -> Option<Value<P>> {
    if visit.op.downcast::<Random>().is_some() {
        return None;
    }
    if inputs.is_empty() || visit.ty.kind != Kind::Real || visit.ty.shape.size() > LARGEST {
        return None;
    }
    if !inputs.iter().all(|&input| is_fixed(input)) {
        return None;
    }
    let values: SmallVec<[Value<P>; 3]> =
        inputs.iter().map(|&input| constant(input)).collect::<Option<_>>()?;
    let views = values.iter().map(Value::view).collect();
    let mut value = Value::zeros(visit.ty);
    // An error (an index out of range) belongs to the run.
    P::eval(&**visit.op, &Args::new(views, Seed::default()), &mut value.out()).ok()?;
    Some(value)
}

/// Whether a variable is a constant leaf. What was folded is one again.
pub(super) fn is_fixed(var: Var<'_>) -> bool {
    matches!(lowering(var), Lowering::Constant | Lowering::Full(_))
}

/// The value of a small constant.
pub(super) fn constant<P: Scalar>(var: Var<'_>) -> Option<Value<P>> {
    if !is_fixed(var) {
        return None;
    }
    var.graph().node(var.id(), |node| {
        if node.ty.shape.size() > LARGEST {
            return None;
        }
        let mut value = Value::zeros(&node.ty);
        let no_inputs = Args::new(SmallVec::new(), Seed::default());
        P::eval(&*node.op, &no_inputs, &mut value.out()).ok()?;
        Some(value)
    })
}

/// Records a value of reals; exact, as constants are stored in double precision.
fn record<P: Scalar>(graph: &Graph, value: Value<P>) -> Var<'_> {
    let array = value.into_real().mapv(|x| x.to_f64());
    if let Some(&first) = array.first()
        && array.iter().all(|x| x.to_bits() == first.to_bits())
    {
        return graph.full(array.shape(), first);
    }
    graph.constant(Value::Real(array))
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
        let folded = sweep(&Target { graph: g, outputs }, &[folded::<f64>]);
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

    #[test]
    fn the_machine_epsilon_is_that_of_the_program() {
        let number = |rule: super::super::Rule| {
            let g = Graph::new();
            let outputs = vec![(g.input("x", [2]) * g.machine_epsilon()).id()];
            let told = sweep(&Target { graph: g, outputs }, &[rule, folded::<f64>]);
            let inputs = told.graph.node_inputs(told.outputs[0]);
            told.graph.node(inputs[1], |node| node.op.lower())
        };
        assert_eq!(number(in_precision::<f32>), Lowering::Full(f64::from(f32::EPSILON)));
        assert_eq!(number(in_precision::<f64>), Lowering::Full(f64::EPSILON));
    }

    #[test]
    fn a_constant_is_rounded_once_or_where_it_was_written() {
        let number = |fold: super::super::Rule| {
            let g = Graph::new();
            let c = g.full([], 1e-30) * 1e-30 * 1e30;
            let outputs = vec![(g.input("x", [2]) * c).id()];
            let folded = sweep(&Target { graph: g, outputs }, &[fold]);
            let inputs = folded.graph.node_inputs(folded.outputs[0]);
            folded.graph.node(inputs[1], |node| node.op.lower())
        };
        assert_eq!(number(folded::<f64>), Lowering::Full(1e-30 * 1e-30 * 1e30));
        assert_eq!(number(folded::<f32>), Lowering::Full(0.0));
    }
}
