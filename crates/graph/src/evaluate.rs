//! The plain evaluator: one operation at a time, no cleverness. It defines what a graph means.

use std::collections::HashMap;

use crate::Lowering;
use crate::arose::{extents, first_wild, has_body, is_constant, origin};
use crate::control::part_of;
use crate::operation::Args;
use crate::params::Params;
use crate::random::Seed;
use crate::reading::NodeId;
use crate::short::Short;
use crate::{Fault, Graph, Place, RunError, Scalar, Type, Value, Var};
use ndarray::Dimension;

/// Evaluates variables of a graph, one operation after the other, each by its plain evaluation.
///
/// This is the meaning of a graph; `Program` computes the same values fast.
///
/// ```
/// use cotangent::{Evaluator, Graph};
/// use cotangent::ndarray::array;
///
/// let g = Graph::new();
/// let x = g.input("x", [2]);
/// let values = Evaluator::<f32>::new(&g).bind(x, array![1.0, 2.0]).run(&[x.square()])?;
/// assert_eq!(values[0].clone().into_real(), array![1.0_f32, 4.0].into_dyn());
/// # Ok::<(), cotangent::RunError>(())
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
        let values = self.values(&ids)?;
        Ok(ids.iter().map(|id| values[id.index()].clone().expect("outputs are live")).collect())
    }

    /// As [`run`](Self::run), but an output that is infinite or NaN is an error, which names the
    /// operation in which that began.
    ///
    /// Values on the way may be infinite, as long as they leave no trace in an output.
    ///
    /// ```
    /// use cotangent::{Evaluator, Graph};
    ///
    /// let g = Graph::new();
    /// let x = g.constant(cotangent::ndarray::array![1.0, -1.0]);
    /// let error = Evaluator::<f64>::new(&g).run_checked(&[(2.0 * x.ln()).sum()]).unwrap_err();
    /// assert!(error.to_string().starts_with("ln answered NaN in the forward pass\n  inputs: [-1e0, 1e0]"));
    /// ```
    ///
    /// # Errors
    /// As [`run`](Self::run), and [`RunError::Arose`]; [`RunError::NotFinite`] and
    /// [`RunError::NotFiniteParameter`] where the numbers came in so.
    pub fn run_checked(&self, outputs: &[Var<'g>]) -> Result<Vec<Value<T>>, RunError> {
        let ids: Vec<NodeId> = outputs.iter().map(|output| output.id()).collect();
        let values = self.values(&ids)?;
        match ids.iter().find(|id| wild(&values, **id).is_some()) {
            Some(&id) => Err(self.origin(id, &values)),
            None => Ok(ids.iter().filter_map(|id| values[id.index()].clone()).collect()),
        }
    }

    /// Where the numbers that are not finite in the value of this node come from: in the operation in which they began, and
    /// if that has a body, in which operation of that.
    fn origin(&self, id: NodeId, values: &[Option<Value<T>>]) -> RunError {
        let lowering = |id: NodeId| self.graph.node(id, |node| node.op.lower());
        let found = origin(id, |id| {
            let inputs = self.graph.node_inputs(id).into_iter();
            let meant = inputs.filter(|&input| !is_constant(&lowering(input)));
            meant.filter_map(|input| Some((input, wild(values, input)?))).short()
        });
        if has_body(&lowering(found.at)) {
            let part = found.seen_in.map(|part| self.graph.node(part, |node| node.op.clone()));
            let shape = self.graph.node(found.at, |node| node.ty.shape.clone());
            let place = part_of(part.as_ref().and_then(|op| op.downcast()), &shape);
            if let Err(fault) = self.evaluated(found.at, values, Some(place)) {
                return fault;
            }
        }
        self.arose(found.at, values)
    }

    /// The error for a node with a value that is not finite.
    fn arose(&self, id: NodeId, values: &[Option<Value<T>>]) -> RunError {
        let value = wild(values, id).expect("the node's value is not finite").to_f64();
        let inputs = self.graph.node_inputs(id);
        let inputs = inputs.iter().filter_map(|input| Some(values[input.index()].as_ref()?.view()));
        let inputs = extents(inputs);
        self.graph.node(id, |node| match node.op.lower() {
            Lowering::Input(_) => RunError::NotFinite {
                name: node.name.as_deref().unwrap_or_default().to_owned(),
                position: place(values, id),
                value,
            },
            Lowering::Parameter(_) => RunError::NotFiniteParameter {
                path: node.name.as_deref().unwrap_or_default().to_owned(),
                value,
                location: node.location,
            },
            _ => Fault::Arose { value, backward: node.backward, inputs }
                .at(node.op.name(), node.location),
        })
    }

    /// The value of every node that one of these is computed from.
    fn values(&self, ids: &[NodeId]) -> Result<Vec<Option<Value<T>>>, RunError> {
        let live = self.graph.ancestors(ids);
        let mut values: Vec<Option<Value<T>>> = vec![None; live.len()];
        for id in (0..live.len()).filter(|&index| live[index]).map(NodeId::new) {
            values[id.index()] = Some(self.value(id, &values)?);
        }
        Ok(values)
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
            Lowering::Parameter(param) => match self.params.and_then(|params| params.get(param)) {
                Some(value) => Ok(Value::Real(value.to_owned())),
                None => Err(self.graph.node(id, |node| RunError::ForeignParameter {
                    path: node.name.as_deref().unwrap_or_default().to_owned(),
                    location: node.location,
                })),
            },
            _ => self.evaluated(id, values, None),
        }
    }

    /// What the operation of a node answers to the values of its inputs.
    fn evaluated(
        &self,
        id: NodeId,
        values: &[Option<Value<T>>],
        suspect: Option<Place>,
    ) -> Result<Value<T>, RunError> {
        let (op, ty) = self.graph.node(id, |node| (node.op.clone(), node.ty.clone()));
        let inputs = self.graph.node_inputs(id);
        let view = |input: &NodeId| values[input.index()].as_ref().expect("inputs precede").view();
        let args = Args::new(inputs.iter().map(view).short(), self.seed).suspecting(suspect);
        let mut value = Value::zeros(&ty);
        T::eval(&*op, &args, &mut value.out()).map_err(|fault| self.located(fault, id))?;
        Ok(value)
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

    fn located(&self, fault: Fault, id: NodeId) -> RunError {
        self.graph.node(id, |node| fault.at(node.op.name(), node.location))
    }
}

/// Where in a node's value that number is.
fn place<T: Scalar>(values: &[Option<Value<T>>], id: NodeId) -> Vec<usize> {
    match &values[id.index()] {
        Some(Value::Real(array)) => {
            let wild = array.indexed_iter().find(|(_, x)| !x.is_finite());
            wild.map(|(place, _)| place.slice().to_vec()).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// The first number of a node's value that is infinite or NaN, if there is one.
fn wild<T: Scalar>(values: &[Option<Value<T>>], id: NodeId) -> Option<T> {
    values[id.index()].as_ref().and_then(|value| first_wild(&value.view()))
}
