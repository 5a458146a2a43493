//! Recording a loop: of its body only what must run step by step becomes one.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::split::{Split, chooses, is_dear, is_part};
use super::{List, Result, Scan, sliced};
use crate::control::Body;
use crate::params::ParamId;
use crate::reading::NodeId;
use crate::transform::Replay;
use crate::{Graph, Lowering, MapWord, Type, Var, ZipWord, misfit};

/// A loop to be recorded, whose body was recorded on holes.
pub(super) struct Spec<'g> {
    /// The hole of each carry, and what it starts as.
    pub carries: Vec<(Var<'g>, Var<'g>)>,
    /// What stands for a slice in the body, and the array of all of them. What the body does not read is left out.
    pub slices: Vec<(Var<'g>, Var<'g>)>,
    pub steps: usize,
    pub reverse: bool,
    pub recompute: bool,
    /// The nodes of the body.
    pub recorded: Range<usize>,
    /// The new carries.
    pub carried: Vec<Var<'g>>,
    /// What is wanted of each step.
    pub each: Vec<Var<'g>>,
}

/// A recorded loop.
pub(super) struct Recorded<'g> {
    pub scan: Scan,
    pub node: Var<'g>,
    /// What was wanted of each step, along a first axis.
    pub each: Vec<Var<'g>>,
}

impl<'g> Recorded<'g> {
    pub fn result(&self, result: Result) -> Var<'g> {
        self.scan.part(self.node, result)
    }
}

impl<'g> Spec<'g> {
    #[track_caller]
    pub fn record(self, graph: &'g Graph) -> Recorded<'g> {
        let holes: Vec<Var<'g>> = self.carries.iter().map(|carry| carry.0).collect();
        let sliced: Vec<Var<'g>> = self.slices.iter().map(|slice| slice.0).collect();
        let mut split =
            Split::of(graph, self.recorded.clone(), [&holes, &sliced], &self.carried, &self.each);
        if self.recompute {
            split.keep_together(graph);
        }
        let mut replay = Replay::new(graph, self.steps, &self.slices, self.recorded.clone());
        // What runs step by step, and what of it is kept.
        let is_kept_step = |id: &NodeId| split.on_carry.contains(id) && !split.after.contains(id);
        let read_after = split.after.iter().flat_map(|&id| graph.node_inputs(id));
        let wanted = self.each.iter().map(|var| var.id()).chain(read_after);
        let mut kept: BTreeSet<NodeId> = wanted.filter(is_kept_step).collect();
        holes.iter().for_each(|hole| _ = kept.remove(&hole.id()));
        let outputs = |kept: &BTreeSet<NodeId>| -> Vec<Var<'g>> {
            let kept = kept.iter().map(|&id| Var::new(graph, id));
            self.carried.iter().copied().chain(kept).collect()
        };
        let steps = split.step(graph, &outputs(&kept), &holes, &sliced);
        if !self.recompute {
            kept.extend(steps.nodes.iter().filter(|&&id| is_worth_keeping(graph, id)));
        }
        self.carried.iter().for_each(|carried| _ = kept.remove(&carried.id()));
        let mut slices: Vec<(Var<'g>, Var<'g>)> = self
            .slices
            .iter()
            .copied()
            .filter(|(hole, _)| steps.read.contains(&hole.id()))
            .collect();
        for &id in steps.read.intersection(&split.before) {
            let var = Var::new(graph, id);
            slices.push((var, replay.value(var).for_each(self.steps)));
        }
        let all: Vec<Var<'g>> =
            holes.iter().copied().chain(slices.iter().map(|slice| slice.0)).collect();
        let (body, captured) = Body::cut(graph, &all, &steps.nodes, &outputs(&kept));
        let scan = Scan {
            body: Arc::new(body),
            steps: self.steps,
            reverse: self.reverse,
            slices: slices.len(),
            kept: vec![true; holes.len()],
            recompute: self.recompute,
        };
        let starts = self.carries.iter().map(|carry| carry.1);
        let inputs: List<'g> =
            starts.chain(slices.iter().map(|slice| slice.1)).chain(captured).collect();
        let node = graph.apply(scan.clone(), &inputs);
        let mut given: HashMap<NodeId, Result> = HashMap::new();
        given.extend(kept.iter().enumerate().map(|(i, &id)| (id, Result::Each(i))));
        given.extend(self.carried.iter().enumerate().map(|(i, var)| (var.id(), Result::After(i))));
        given.extend(holes.iter().enumerate().map(|(i, var)| (var.id(), Result::Before(i))));
        for (id, result) in given {
            if split.on_carry.contains(&id) {
                replay.give(id, scan.part(node, result));
            }
        }
        let each = self.each.iter().map(|&var| replay.value(var).for_each(self.steps)).collect();
        Recorded { scan, node, each }
    }
}

/// Whether a value is kept for the backward pass, and not computed again.
fn is_worth_keeping(graph: &Graph, id: NodeId) -> bool {
    let transcendental = |lowering| {
        !matches!(
            lowering,
            Lowering::Map(
                MapWord::Abs
                    | MapWord::Ceil
                    | MapWord::Floor
                    | MapWord::Neg
                    | MapWord::Recip
                    | MapWord::Relu
                    | MapWord::Round
                    | MapWord::Rsqrt
                    | MapWord::Sign
                    | MapWord::Sqrt
                    | MapWord::Square
                    | MapWord::Trunc
            )
        ) && matches!(
            lowering,
            Lowering::Map(_) | Lowering::Zip(ZipWord::Pow | ZipWord::Fmod | ZipWord::Atan2)
        )
    };
    let real = graph.node(id, |node| node.is_real());
    let chosen = || {
        let of = graph.node_inputs(id).first().copied();
        is_part(graph, id) && of.is_some_and(|of| chooses(graph, of))
    };
    // Of what has several results, these are kept, and not their array.
    let is_whole = || graph.node(id, |node| node.op.downcast::<Scan>().is_some());
    if real && chosen() {
        return true;
    }
    real && (is_dear(graph, id) || transcendental(graph.node(id, |node| node.op.lower())))
        && !is_whole()
        && !chooses(graph, id)
}

/// What a body is given by a user, and answers.
type Step<'b, 'g> = Box<dyn FnOnce(&[Var<'g>], &[Var<'g>]) -> (Vec<Var<'g>>, Vec<Var<'g>>) + 'b>;

/// How a loop runs.
#[derive(Clone, Copy)]
struct Manner {
    name: &'static str,
    reverse: bool,
    recompute: bool,
}

impl Graph {
    /// A loop over the slices of arrays along their first axis: `body` is given the carries and a slice of each array, and
    /// answers the new carries, and what is wanted of the step. The last carries come out, and what was wanted of all steps,
    /// stacked along a first axis.
    ///
    /// The body is recorded once, whatever the number of steps; parameters and outer variables can be used in it as they
    /// are. The loop is an operation like any other: it can be differentiated to any order, [vmapped](Self::vmap), and stand
    /// in another loop. For its gradient, what the steps computed is kept, as by a loop that is written out; see
    /// [`scan_recomputed`](Self::scan_recomputed).
    ///
    /// ```
    /// use cotangent::Graph;
    /// use cotangent::ndarray::array;
    ///
    /// let g = Graph::new();
    /// let (start, rate) = (g.constant(0.0), g.constant(0.5));
    /// let x = g.constant(array![1.0, 2.0, 4.0]);
    /// // An exponential average, and all its values.
    /// let (last, all) = g.scan(&[start], &[x], |mean, x| {
    ///     let mean = mean[0] + rate * (x[0] - mean[0]);
    ///     (vec![mean], vec![mean])
    /// });
    /// assert_eq!(last[0].eval()?[[]], 2.625);
    /// assert_eq!(all[0].eval()?, array![0.5, 1.25, 2.625].into_dyn());
    /// assert_eq!(last[0].grad(x).eval()?, array![0.125, 0.25, 0.5].into_dyn());
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// - What of the body depends on no carry, and is more than elementwise, runs before the loop for all steps at once, as
    ///   the product of all inputs with a matrix; what no carry depends on runs after it, as the gradient of that matrix.
    /// - Random nodes draw other numbers in each step: before the loop, as they depend on no carry, and in each step where it
    ///   is computed again, the same numbers from the number of the step.
    /// - Running statistics that the body [updates](Self::update) are carried from step to step.
    ///
    /// # Panics
    /// If no array is given (go over [`arange`](Self::arange), or by [`fori`](Self::fori), which counts), the arrays have not equally many slices, or a carry is not
    /// real or does not keep its shape.
    #[track_caller]
    pub fn scan<'g>(
        &'g self,
        init: &[Var<'g>],
        xs: &[Var<'g>],
        body: impl FnOnce(&[Var<'g>], &[Var<'g>]) -> (Vec<Var<'g>>, Vec<Var<'g>>),
    ) -> (Vec<Var<'g>>, Vec<Var<'g>>) {
        let manner = Manner { name: "scan", reverse: false, recompute: false };
        self.looped(manner, init, xs, Box::new(body))
    }

    /// As [`scan`](Self::scan), from the last slice to the first. What is wanted of a step comes out in the place of its
    /// slice.
    ///
    /// # Panics
    /// As [`scan`](Self::scan).
    #[track_caller]
    pub fn scan_reverse<'g>(
        &'g self,
        init: &[Var<'g>],
        xs: &[Var<'g>],
        body: impl FnOnce(&[Var<'g>], &[Var<'g>]) -> (Vec<Var<'g>>, Vec<Var<'g>>),
    ) -> (Vec<Var<'g>>, Vec<Var<'g>>) {
        let manner = Manner { name: "scan_reverse", reverse: true, recompute: false };
        self.looped(manner, init, xs, Box::new(body))
    }

    /// As [`scan`](Self::scan), but for the gradient the carries alone are kept, and each step is computed again: the same
    /// values and gradients, in less memory and more time. What is in the body, a loop perhaps, is computed again as a whole:
    /// see [`scan_checkpointed`](Self::scan_checkpointed).
    ///
    /// # Panics
    /// As [`scan`](Self::scan).
    #[track_caller]
    pub fn scan_recomputed<'g>(
        &'g self,
        init: &[Var<'g>],
        xs: &[Var<'g>],
        body: impl FnOnce(&[Var<'g>], &[Var<'g>]) -> (Vec<Var<'g>>, Vec<Var<'g>>),
    ) -> (Vec<Var<'g>>, Vec<Var<'g>>) {
        let manner = Manner { name: "scan_recomputed", reverse: false, recompute: true };
        self.looped(manner, init, xs, Box::new(body))
    }

    /// So many steps, each of which gets its number, from 0, and the carries, and answers the new ones: see
    /// [`scan`](Self::scan).
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// let x = g.constant(2.0);
    /// // x⁵.
    /// let y = g.fori(5, &[g.constant(1.0)], |_, y| vec![y[0] * x])[0];
    /// assert_eq!((y.eval()?[[]], y.grad(x).eval()?[[]]), (32.0, 80.0));
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// # Panics
    /// As [`scan`](Self::scan).
    #[track_caller]
    pub fn fori<'g>(
        &'g self,
        steps: usize,
        init: &[Var<'g>],
        body: impl FnOnce(Var<'g>, &[Var<'g>]) -> Vec<Var<'g>>,
    ) -> Vec<Var<'g>> {
        let numbers = self.arange(steps);
        let manner = Manner { name: "fori", reverse: false, recompute: false };
        self.looped(manner, init, &[numbers], Box::new(|carry, i| (body(i[0], carry), Vec::new())))
            .0
    }

    /// Not generic, so that it is compiled once.
    #[track_caller]
    fn looped<'g>(
        &'g self,
        Manner { name, reverse, recompute }: Manner,
        init: &[Var<'g>],
        xs: &[Var<'g>],
        body: Step<'_, 'g>,
    ) -> (Vec<Var<'g>>, Vec<Var<'g>>) {
        let line = self.line();
        let steps = xs.iter().map(|x| x.shape().first().copied()).collect::<Option<Vec<usize>>>();
        let steps = match steps.as_deref() {
            Some([first, others @ ..]) if others.iter().all(|steps| steps == first) => *first,
            _ => {
                let rule =
                    "at least one array is given, and all have equally many slices along axis 0";
                let remedy = if xs.is_empty() {
                    ": steps over no array are those of `fori`, or go over `g.arange(steps)`"
                } else {
                    ""
                };
                misfit(name, format!("{rule}{remedy}"), xs)
            }
        };
        if init.iter().any(|start| !start.is_real()) {
            misfit(name, "a carry must be real", init);
        }
        let (first, updates) = (self.len(), self.update_count());
        let hole = |ty: Type| self.at(line, || self.hole(ty));
        let mut carries: Vec<(Var<'g>, Var<'g>)> =
            init.iter().map(|&start| (hole(start.ty()), start)).collect();
        let slices: Vec<(Var<'g>, Var<'g>)> =
            xs.iter().map(|&x| (hole(sliced(&x.ty())), x)).collect();
        let given =
            |pairs: &[(Var<'g>, Var<'g>)]| pairs.iter().map(|pair| pair.0).collect::<Vec<_>>();
        let (mut carried, each) = body(&given(&carries), &given(&slices));
        check_carried(name, init, &carried);
        let of_kind = each.iter().find(|value| !value.is_real());
        if let Some(&value) = of_kind {
            misfit(
                name,
                "what is wanted of a step must be real: `.to_real()` makes it so",
                &[value],
            );
        }
        // Statistics are carried too: what stood for them before the loop stands for the carry.
        let updated = self.updates_since(updates);
        for &(_, before, after) in &updated {
            carries.push((before, before));
            carried.push(after);
        }
        let recorded = first..self.len();
        let spec = Spec { carries, slices, steps, reverse, recompute, recorded, carried, each };
        let on_behalf = (line, self.is_backward());
        let recorded = self.on_behalf(on_behalf, || spec.record(self));
        let last = |carry| self.on_behalf(on_behalf, || recorded.result(Result::Last(carry)));
        for (i, (id, ..)) in updated.into_iter().enumerate() {
            self.set_update(id, last(init.len() + i));
        }
        ((0..init.len()).map(last).collect(), recorded.each)
    }
}

/// Refuses carries that are not as many, or not of the types, that they begin with.
#[track_caller]
pub(in super::super) fn check_carried(name: &str, init: &[Var<'_>], carried: &[Var<'_>]) {
    if init.len() != carried.len() {
        let rule =
            format!("the body answers {} carries, and begins with {}", carried.len(), init.len());
        misfit(name, rule, carried);
    }
    for (i, (start, new)) in init.iter().zip(carried).enumerate() {
        if start.ty() != new.ty() {
            let (start, new) = (start.ty(), new.ty());
            let rule = format!(
                "carry {i} must keep its type, starts as {start}, and is {new} after a step"
            );
            misfit(name, rule, carried);
        }
    }
}

/// An update: of which parameter, what it was before the loop, and what it is after a step.
pub(crate) type Updated<'g> = (ParamId, Var<'g>, Var<'g>);
