//! A function that was recorded on holes, cut out of its graph.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use ndarray::ArrayD;
use smallvec::SmallVec;

use crate::operation::Op;
use crate::random::Seed;
use crate::reading::NodeId;
use crate::rewriting::Line;
use crate::short::Short;
use crate::{Args, Fault, Graph, Place, Scalar, Type, Value, Var, View};

/// A function of some values, its holes, as a list of operations. Values are numbered: the holes, and then what each
/// operation computes.
///
/// It is what [`Graph::scan`](crate::Graph::scan) makes of a closure.
#[derive(Clone, Debug)]
pub struct Body {
    /// The types of the holes.
    pub holes: Vec<Type>,
    /// The operations, each after those it reads.
    pub nodes: Vec<BodyNode>,
    /// The numbers of the values that the function answers.
    pub outputs: Vec<usize>,
}

/// An operation of a body.
///
/// It is what [`Graph::scan`](crate::Graph::scan) makes of a closure.
#[derive(Clone, Debug)]
pub struct BodyNode {
    /// What is computed.
    pub op: Op,
    /// The kind and the shape of the result.
    pub ty: Type,
    /// The numbers of the values that it reads.
    pub inputs: SmallVec<[usize; 3]>,
    /// The user's line, and whether a reverse rule recorded it.
    pub line: Line,
    /// The name the user gave it.
    pub name: Option<Arc<str>>,
}

/// Lines and names say nothing of the result.
impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&BodyNode, &BodyNode)| a.inputs == b.inputs && a.op == b.op;
        self.holes == other.holes
            && self.outputs == other.outputs
            && self.nodes.len() == other.nodes.len()
            && self.nodes.iter().zip(&other.nodes).all(same)
    }
}

impl Body {
    /// Cuts out what `outputs` are computed from in `inside`, given the values of `holes`; answers it with what it reads
    /// besides, whose holes follow the others.
    pub(crate) fn cut<'g>(
        graph: &'g Graph,
        holes: &[Var<'g>],
        inside: &BTreeSet<NodeId>,
        outputs: &[Var<'g>],
    ) -> (Self, Vec<Var<'g>>) {
        let mut numbers: HashMap<NodeId, usize> = HashMap::new();
        holes.iter().enumerate().for_each(|(number, hole)| _ = numbers.insert(hole.id(), number));
        let mut captured: Vec<Var<'g>> = Vec::new();
        let needed = needed(graph, &numbers, inside, outputs);
        let read = needed.iter().flat_map(|&id| graph.node_inputs(id));
        for id in read.chain(outputs.iter().map(|output| output.id())) {
            if !needed.contains(&id) && !numbers.contains_key(&id) {
                numbers.insert(id, holes.len() + captured.len());
                captured.push(Var::new(graph, id));
            }
        }
        let first = holes.len() + captured.len();
        needed.iter().enumerate().for_each(|(i, &id)| _ = numbers.insert(id, first + i));
        let node = |&id: &NodeId| {
            let inputs = graph.node_inputs(id).iter().map(|input| numbers[input]).short();
            graph.node(id, |node| BodyNode {
                op: node.op.clone(),
                ty: node.ty.clone(),
                inputs,
                line: (node.location, node.backward),
                name: node.name.clone(),
            })
        };
        let body = Self {
            holes: holes.iter().chain(&captured).map(|hole| hole.ty()).collect(),
            nodes: needed.iter().map(node).collect(),
            outputs: outputs.iter().map(|output| numbers[&output.id()]).collect(),
        };
        (body, captured)
    }

    /// As [`cut`](Self::cut), of two functions that read the same: answers them on the same holes.
    pub(crate) fn cut_alike<'g>(
        graph: &'g Graph,
        holes: &[Var<'g>],
        functions: [(&BTreeSet<NodeId>, &[Var<'g>]); 2],
    ) -> ([Self; 2], Vec<Var<'g>>) {
        let mut captured: Vec<Var<'g>> = Vec::new();
        for (inside, outputs) in functions {
            for var in Self::cut(graph, holes, inside, outputs).1 {
                if captured.iter().all(|other| other.id() != var.id()) {
                    captured.push(var);
                }
            }
        }
        let all = [holes, &captured].concat();
        (functions.map(|(inside, outputs)| Self::cut(graph, &all, inside, outputs).0), captured)
    }

    /// What is left of it to compute these of its outputs, on these of its holes, where `live` are their
    /// [sources](Self::sources).
    pub(crate) fn pruned(&self, holes: &[usize], live: &[bool], outputs: &[usize]) -> Self {
        let nodes = (self.holes.len()..live.len()).filter(|&number| live[number]);
        let nodes: Vec<usize> = nodes.collect();
        let mut numbers = vec![usize::MAX; live.len()];
        holes.iter().chain(&nodes).enumerate().for_each(|(new, &old)| numbers[old] = new);
        let node = |&number: &usize| {
            let mut node = self.nodes[number - self.holes.len()].clone();
            node.inputs.iter_mut().for_each(|input| *input = numbers[*input]);
            node
        };
        Self {
            holes: holes.iter().map(|&hole| self.holes[hole].clone()).collect(),
            outputs: outputs.iter().map(|&output| numbers[self.outputs[output]]).collect(),
            nodes: nodes.iter().map(node).collect(),
        }
    }

    /// Where its results lie in an array that has them one after the other, and the size of that.
    pub fn layout(&self) -> (Vec<Place>, usize) {
        let mut size = 0;
        let place = |&output: &usize| {
            let place = Place { offset: size, ..Place::whole(self.ty(output).shape.clone()) };
            size += place.shape.size();
            place
        };
        (self.outputs.iter().map(place).collect(), size)
    }

    /// Records it on values that stand for its holes; answers all values, by their numbers.
    pub fn record<'g>(&self, graph: &'g Graph, given: &[Var<'g>]) -> Vec<Var<'g>> {
        let mut values: Vec<Var<'g>> = given.to_vec();
        for node in &self.nodes {
            let inputs: SmallVec<[Var<'g>; 3]> = node.inputs.iter().map(|&i| values[i]).short();
            let var =
                graph.on_behalf(node.line, || graph.record_again(&node.op, &node.ty, &inputs));
            values.push(match &node.name {
                Some(name) => var.named(name),
                None => var,
            });
        }
        values
    }

    /// The type of a value.
    pub fn ty(&self, number: usize) -> &Type {
        match number.checked_sub(self.holes.len()) {
            None => &self.holes[number],
            Some(node) => &self.nodes[node].ty,
        }
    }

    /// The plain evaluation: the values of all operations, given those of the holes. The fault of an operation comes
    /// with its number.
    pub(crate) fn evaluate<T: Scalar>(
        &self,
        holes: &[View<'_, T>],
        seed: Seed,
    ) -> Result<Vec<Value<T>>, (usize, Fault)> {
        let mut values: Vec<Value<T>> = Vec::with_capacity(self.nodes.len());
        for number in 0..self.nodes.len() {
            let value = self.value(number, (holes, &values), (seed, None));
            values.push(value.map_err(|fault| (number, fault))?);
        }
        Ok(values)
    }

    /// What an operation answers to values that were computed before; see [`Args::suspect`].
    pub(crate) fn value<T: Scalar>(
        &self,
        number: usize,
        before: Before<'_, '_, T>,
        (seed, suspect): (Seed, Option<Place>),
    ) -> Result<Value<T>, Fault> {
        let node = &self.nodes[number];
        let inputs = node.inputs.iter().map(|&input| view(before, input)).short();
        let mut value = Value::zeros(&node.ty);
        T::eval(&*node.op, &Args::new(inputs, seed).suspecting(suspect), &mut value.out())?;
        Ok(value)
    }

    /// The plain evaluation: the values that it answers, none of which are indices.
    pub(crate) fn answer<T: Scalar>(
        &self,
        holes: &[View<'_, T>],
        seed: Seed,
    ) -> Result<Vec<ArrayD<T>>, (usize, Fault)> {
        let values = self.evaluate(holes, seed)?;
        let output = |&output: &usize| match view((holes, &values), output) {
            View::Real(value) => value.to_owned(),
            View::Index(_) => unreachable!("a body answers no indices"),
        };
        Ok(self.outputs.iter().map(output).collect())
    }

    /// The numbers of the values that these are computed from, they included.
    pub(crate) fn sources(&self, outputs: &[usize]) -> Vec<bool> {
        let mut live = vec![false; self.holes.len() + self.nodes.len()];
        outputs.iter().for_each(|&output| live[output] = true);
        for (i, node) in self.nodes.iter().enumerate().rev() {
            if live[self.holes.len() + i] {
                node.inputs.iter().for_each(|&input| live[input] = true);
            }
        }
        live
    }
}

/// The values of holes, and those of the operations so far.
pub(crate) type Before<'a, 'v, T> = (&'a [View<'v, T>], &'a [Value<T>]);

/// The value of this number.
pub(crate) fn view<'a, T: Scalar>(
    (holes, values): Before<'a, '_, T>,
    number: usize,
) -> View<'a, T> {
    match number.checked_sub(holes.len()) {
        None => holes[number].view(),
        Some(node) => values[node].view(),
    }
}

/// The nodes of `inside` that outputs are computed from, holes left out.
fn needed(
    graph: &Graph,
    holes: &HashMap<NodeId, usize>,
    inside: &BTreeSet<NodeId>,
    outputs: &[Var<'_>],
) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::new();
    let mut stack: Vec<NodeId> = outputs.iter().map(|output| output.id()).collect();
    while let Some(id) = stack.pop() {
        if inside.contains(&id) && !holes.contains_key(&id) && found.insert(id) {
            stack.extend(graph.node_inputs(id));
        }
    }
    found
}
