//! What the tests of all passes share: the graph after a pass in words, and its values beside those
//! of the graph before.

use ndarray::{ArrayD, IxDyn};

use graph::Lowering;
use graph::Seed;
use graph::ops::registry;
use graph::reading::NodeId;
use graph::rewriting::Target;
use graph::{Evaluator, Gradient, Graph, Kind, Type, Value, Var};

/// A graph before and after a pass.
pub(super) struct Passed {
    before: Target,
    after: Target,
}

impl Passed {
    pub fn through(
        pass: impl Fn(&Target) -> Target,
        build: impl for<'g> Fn(&'g Graph) -> Var<'g>,
    ) -> Self {
        let graph = Graph::new();
        let output = build(&graph).id();
        let before = Target { graph, outputs: vec![output] };
        Self { after: pass(&before), before }
    }

    /// The live nodes after the pass, in order: leaves by their names, operations with their
    /// operands.
    pub fn text(&self) -> String {
        let graph = &self.after.graph;
        let live = graph.ancestors(&self.after.outputs);
        let nodes = (0..live.len()).filter(|&index| live[index]).map(NodeId::new);
        let told = nodes.filter_map(|id| {
            let inputs = graph.node_inputs(id);
            let operands: Vec<String> = inputs.iter().map(|&input| name(graph, input)).collect();
            graph.node(id, |node| match node.op.lower() {
                Lowering::Full(_) => None,
                _ if inputs.is_empty() => Some(format!("{} = {}", name(graph, id), node.op.name())),
                _ => Some(format!("{}({})", node.op.name(), operands.join(", "))),
            })
        });
        told.collect::<Vec<_>>().join("; ")
    }

    /// The type of the output after the pass and before are the same, and the values to a tolerance
    /// relative to the largest.
    pub fn keeps_values(&self, tolerance: f64) {
        let (before, after) = (values(&self.before), values(&self.after));
        for (before, after) in before.iter().zip(&after) {
            let (Value::Real(before), Value::Real(after)) = (before, after) else {
                assert_eq!(before, after);
                continue;
            };
            assert_eq!(before.shape(), after.shape());
            let largest = before.iter().fold(f64::MIN_POSITIVE, |largest, x| largest.max(x.abs()));
            for (x, y) in before.iter().zip(after) {
                let same = (x - y).abs() <= tolerance * largest || x.to_bits() == y.to_bits();
                assert!(same || x.is_nan() && y.is_nan(), "{x} became {y}: {}", self.text());
            }
        }
    }
}

/// Every example of the registry with its gradient, under the name of its operation.
pub(super) fn all_examples() -> impl Iterator<Item = (&'static str, Target)> {
    registry().into_iter().map(|example| {
        let graph = Graph::new();
        let inputs: Vec<Var<'_>> =
            example.samples.iter().map(|sample| graph.typed_input("", sample.ty.clone())).collect();
        let y = example.record(&graph, &inputs);
        let reals: Vec<Var<'_>> = inputs.iter().copied().filter(|x| x.is_real()).collect();
        let total = (y * y.sin()).sum();
        let gradient = Gradient::of(total).zeros_without_path().with_respect_to(&reals).unwrap();
        let outputs = std::iter::once(y).chain(gradient).map(|var| var.id()).collect();
        (example.operation, Target { graph, outputs })
    })
}

/// Asserts that a pass keeps the values of every example of the registry and of its gradient.
pub(super) fn keeps_all_examples(pass: impl Fn(&Target) -> Target, tolerance: f64) {
    for (_, before) in all_examples() {
        Passed { after: pass(&before), before }.keeps_values(tolerance);
    }
}

fn name(graph: &Graph, id: NodeId) -> String {
    graph.node(id, |node| match (&node.name, node.op.lower()) {
        (Some(name), _) if !name.is_empty() => name.to_string(),
        (_, Lowering::Full(value)) => value.to_string(),
        _ => node.op.name().to_owned(),
    })
}

fn values(target: &Target) -> Vec<Value<f64>> {
    let graph = &target.graph;
    let outputs: Vec<Var<'_>> = target.outputs.iter().map(|&id| graph.var(id)).collect();
    let live = graph.ancestors(&target.outputs);
    let mut evaluator = Evaluator::<f64>::new(graph).seed(Seed { seed: 1, run: 0 });
    for (index, &live) in live.iter().enumerate() {
        let var = graph.var(NodeId::new(index));
        if let (true, Lowering::Input(slot)) = (live, graph.node(var.id(), |node| node.op.lower()))
        {
            evaluator = evaluator.bind(var, sample(&var.ty(), slot));
        }
    }
    evaluator.run(&outputs).unwrap()
}

/// Numbers for the input of a slot: reals between ½ and 1, where every example is smooth or both
/// graphs stop being so alike; index 0.
fn sample(ty: &Type, slot: usize) -> Value<f64> {
    let shape = IxDyn(&ty.shape);
    let seed = Seed { seed: slot as u64, run: 0 };
    let numbers = (0..ty.shape.size()).map(|i| 0.5 + 0.5 * seed.uniform(0, i as u64));
    match ty.kind {
        Kind::Index => Value::Index(ArrayD::zeros(shape)),
        Kind::Boolean => Value::Real(ArrayD::ones(shape)),
        Kind::Real => Value::Real(ArrayD::from_shape_vec(shape, numbers.collect()).unwrap()),
    }
}
