//! What each element of a recorded value depends on: a walk over a graph, or over the body of a loop.

use std::collections::HashMap;
use std::rc::Rc;

use ndarray::{ArrayD, Axis};
use smallvec::SmallVec;

use super::pattern::SparsePattern;
use super::sets::{EMPTY, SetId, Sets};
use crate::control::Scan;
use crate::operation::Op;
use crate::random::Seed;
use crate::reading::NodeId;
use crate::short::Short;
use crate::transform::linear::Linear;
use crate::{Args, Graph, Kind, Lowering, Shape, Type, Value, Var, View};

/// What is known of a value.
#[derive(Clone, Default)]
pub(super) struct Known {
    /// Of each element, in row-major order, the positions that it depends on; `None` where no element depends on any.
    pub sets: Option<Rc<[SetId]>>,
    /// The value, if it is of indices that follow from constants.
    pub index: Option<Rc<ArrayD<i64>>>,
}

/// An input of an operation.
pub(super) struct Given {
    pub ty: Type,
    pub known: Known,
}

/// A walk in which each node hands on what its elements depend on.
pub(super) struct Walk {
    pub sets: Sets,
}

/// The pattern of a linear map as a matrix of a row for each element of its value, and a column for each of its holes: what
/// of the value depends on what of the holes, through whatever was recorded between them.
///
/// Costs a number for each element of what depends on the holes, and the sets that differ.
pub(super) fn pattern(linear: &Linear<'_>) -> SparsePattern {
    let columns = linear.size();
    let mut walk = Walk { sets: Sets::below(columns) };
    let mut position = 0;
    let mut singles = |hole: &Var<'_>| {
        let sets = (0..hole.shape().size()).map(|_| {
            position += 1;
            walk.sets.single(position - 1)
        });
        (hole.id(), Known { sets: Some(sets.collect()), index: None })
    };
    let given = linear.holes.iter().map(&mut singles).collect();
    let value = linear.value;
    let known = walk.through(value.graph(), given, value.id());
    let rows = known.sets.unwrap_or_else(|| vec![EMPTY; value.shape().size()].into());
    let elements = |&id: &SetId| walk.sets.elements(id).iter().map(|&position| position as usize);
    SparsePattern::of_rows(columns, rows.iter().map(elements))
}

impl Walk {
    /// What is known of a node of a graph, given what is known of some.
    pub fn through(
        &mut self,
        graph: &Graph,
        mut known: HashMap<NodeId, Known>,
        output: NodeId,
    ) -> Known {
        let ancestors = graph.ancestors(&[output]);
        for id in (0..ancestors.len()).filter(|&index| ancestors[index]).map(NodeId::new) {
            if known.contains_key(&id) {
                continue;
            }
            let (op, ty) = graph.node(id, |node| (node.op.clone(), node.ty.clone()));
            let inputs = graph.node_inputs(id);
            let given = inputs.iter().map(|input| Given {
                ty: graph.node(*input, |node| node.ty.clone()),
                known: known[input].clone(),
            });
            let given: SmallVec<[Given; 3]> = given.short();
            known.insert(id, self.node(&op, &given, &ty));
        }
        known.remove(&output).expect("an output is its own ancestor")
    }

    /// What is known of the result of an operation: of reals, what the elements depend on; of indices, the value.
    pub fn node(&mut self, op: &Op, inputs: &[Given], ty: &Type) -> Known {
        let independent = || inputs.iter().all(|input| input.known.sets.is_none());
        match ty.kind {
            Kind::Index => Known { sets: None, index: evaluated(op, inputs, ty) },
            Kind::Real if !independent() => {
                Known { sets: self.result(op, inputs, ty), index: None }
            }
            _ => Known::default(),
        }
    }

    /// What an operation is said to be in terms of others, in a graph of its own.
    pub fn expanded(&mut self, op: &Op, inputs: &[Given]) -> Option<Known> {
        let graph = Graph::new();
        let vars: SmallVec<[Var<'_>; 3]> =
            inputs.iter().map(|input| graph.typed_input("x", input.ty.clone())).short();
        let same = op.expand(&vars)?;
        let known = vars.iter().map(|var| var.id()).zip(inputs.iter().map(|i| i.known.clone()));
        Some(self.through(&graph, known.collect(), same.id()))
    }

    /// A loop, step by step: as many walks over its body as there are steps.
    pub fn scan(&mut self, scan: &Scan, inputs: &[Given]) -> Vec<SetId> {
        let (layout, carries) = (scan.layout(), scan.carries());
        let mut out = vec![EMPTY; layout.size];
        let mut put = |place: &crate::Place, at: Option<usize>, known: &Known| {
            if let Some(sets) = &known.sets {
                let start = place.offset + at.unwrap_or(0) * sets.len();
                out[start..start + sets.len()].copy_from_slice(sets);
            }
        };
        let mut carried: Vec<Known> = inputs[..carries].iter().map(|i| i.known.clone()).collect();
        for (carry, start) in carried.iter().enumerate() {
            put(&layout.carries[carry], scan.kept[carry].then_some(0), start);
        }
        for step in 0..scan.steps {
            let slice = scan.slice(step);
            let hole = |(i, input): (usize, &Given)| match i {
                _ if i < carries => carried[i].clone(),
                _ if i < carries + scan.slices => input.known.slice(slice, &input.ty.shape),
                _ => input.known.clone(),
            };
            let mut values: Vec<Known> = inputs.iter().enumerate().map(hole).collect();
            for node in &scan.body.nodes {
                let given = node.inputs.iter().map(|&number| Given {
                    ty: scan.body.ty(number).clone(),
                    known: values[number].clone(),
                });
                let given: SmallVec<[Given; 3]> = given.short();
                values.push(self.node(&node.op, &given, &node.ty));
            }
            let outputs = scan.body.outputs.iter().map(|&output| values[output].clone());
            let mut outputs: Vec<Known> = outputs.collect();
            for (place, value) in layout.each.iter().zip(outputs.split_off(carries)) {
                put(place, Some(slice), &value);
            }
            for (carry, value) in outputs.iter().enumerate() {
                put(&layout.carries[carry], scan.kept[carry].then_some(step + 1), value);
            }
            carried = outputs;
        }
        out
    }
}

impl Known {
    /// Of the slice at a position of the first axis of a value of this shape.
    pub fn slice(&self, at: usize, shape: &Shape) -> Self {
        let size = Shape::from(&shape[1..]).size();
        let sets = self.sets.as_ref().map(|sets| sets[at * size..][..size].into());
        let index =
            self.index.as_ref().map(|index| Rc::new(index.index_axis(Axis(0), at).to_owned()));
        Self { sets, index }
    }
}

/// The value of an operation on indices that are known.
fn evaluated(op: &Op, inputs: &[Given], ty: &Type) -> Option<Rc<ArrayD<i64>>> {
    if matches!(op.lower(), Lowering::Input(_) | Lowering::Parameter(_)) {
        return None;
    }
    let views = inputs.iter().map(|input| Some(View::Index(input.known.index.as_ref()?.view())));
    let args = Args::new(views.collect::<Option<_>>()?, Seed::default());
    let mut value = Value::<f64>::zeros(ty);
    op.eval_f64(&args, &mut value.out()).ok()?;
    value.into_index().map(Rc::new)
}
