//! The plain evaluator: one operation at a time, no cleverness. It defines what a graph means.

use std::collections::HashMap;

use ndarray::ArrayViewD;
use smallvec::SmallVec;

use crate::Lowering;
use crate::operation::Args;
use crate::params::{ParamId, Params};
use crate::random::Seed;
use crate::reading::NodeId;
use crate::{Fault, Graph, RunError, Scalar, Type, Value, Var};

/// Evaluates variables of a graph, one operation after the other, each by its plain evaluation.
///
/// This is the meaning of a graph; [`Program`](crate::Program) computes the same values fast.
///
/// ```
/// use graph::{Evaluator, Graph};
/// use ndarray::array;
///
/// let g = Graph::new();
/// let x = g.input("x", [2]);
/// let values = Evaluator::<f32>::new(&g).bind(x, array![1.0, 2.0]).run(&[x.square()])?;
/// assert_eq!(values[0].clone().into_real(), array![1.0_f32, 4.0].into_dyn());
/// # Ok::<(), graph::RunError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Evaluator<'g, 'p, T> {
    graph: &'g Graph,
    bound: HashMap<NodeId, Value<T>>,
    params: Option<&'p Params<T>>,
    seed: Seed,
}

impl<'g, 'p, T: Scalar> Evaluator<'g, 'p, T> {
    /// An evaluator with nothing bound, and seed 0.
    pub fn new(graph: &'g Graph) -> Self {
        Self { graph, bound: HashMap::new(), params: None, seed: Seed::default() }
    }

    /// Gives a variable its value: an input, or any other variable, whose own operation is then
    /// not evaluated.
    pub fn bind(mut self, var: Var<'g>, value: impl Into<Value<T>>) -> Self {
        self.bound.insert(var.id(), value.into());
        self
    }

    /// Takes the values of parameters from this store.
    pub fn params(self, params: &'p Params<T>) -> Self {
        Self { params: Some(params), ..self }
    }

    /// Lets random operations draw from this seed.
    pub fn seed(self, seed: Seed) -> Self {
        Self { seed, ..self }
    }

    /// The values of `outputs`, in their order.
    ///
    /// # Errors
    /// If an input they depend on has no value or one of another type, a parameter belongs to
    /// another store, an index is out of range, or a matrix has no inverse or factor.
    pub fn run(&self, outputs: &[Var<'g>]) -> Result<Vec<Value<T>>, RunError> {
        let ids: Vec<NodeId> = outputs.iter().map(|output| output.id()).collect();
        let live = self.graph.ancestors(&ids);
        let mut values: Vec<Option<Value<T>>> = vec![None; live.len()];
        for id in (0..live.len()).filter(|&index| live[index]).map(NodeId::new) {
            values[id.index()] = Some(self.value(id, &values)?);
        }
        Ok(ids.iter().map(|id| values[id.index()].clone().expect("outputs are live")).collect())
    }

    fn value(&self, id: NodeId, values: &[Option<Value<T>>]) -> Result<Value<T>, RunError> {
        let (op, ty) = self.graph.node(id, |node| (node.op.clone(), node.ty.clone()));
        if let Some(value) = self.bound.get(&id) {
            return self.checked(id, value, &ty);
        }
        match op.lower() {
            Lowering::Input(_) => Err(self.graph.node(id, |node| RunError::Unbound {
                name: node.name.as_deref().unwrap_or_default().to_owned(),
                recorded: node.location,
            })),
            Lowering::Parameter(param) => Ok(Value::Real(self.param(param)?.to_owned())),
            _ => {
                let inputs = self.graph.node_inputs(id);
                let views: SmallVec<_> = inputs
                    .iter()
                    .map(|input| values[input.index()].as_ref().expect("inputs precede").view())
                    .collect();
                let mut value = Value::zeros(&ty);
                T::eval(&*op, &Args::new(views, self.seed), &mut value.out())
                    .map_err(|fault| self.located(fault, id))?;
                Ok(value)
            }
        }
    }

    fn checked(&self, id: NodeId, value: &Value<T>, ty: &Type) -> Result<Value<T>, RunError> {
        if value.matches(ty) {
            return Ok(value.clone());
        }
        let given = match value {
            Value::Real(array) => Type::real(array.shape()),
            Value::Index(array) => Type::index(array.shape()),
        };
        Err(self.graph.node(id, |node| RunError::Mismatch {
            name: node.name.as_deref().unwrap_or(node.op.name()).to_owned(),
            expected: ty.to_string(),
            given: given.to_string(),
        }))
    }

    fn param(&self, id: ParamId) -> Result<ArrayViewD<'p, T>, RunError> {
        self.params
            .and_then(|params| params.get(id))
            .ok_or(RunError::ForeignParameter { index: id.index() })
    }

    fn located(&self, fault: Fault, id: NodeId) -> RunError {
        self.graph.node(id, |node| fault.at(node.op.name(), node.location))
    }
}
