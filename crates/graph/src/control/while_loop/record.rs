//! Recording a loop that ends by a condition.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::While;
use crate::control::scan::check_carried;
use crate::control::{Body, check_truth, recorded};
use crate::reading::NodeId;
use crate::{Graph, Var, misfit};

/// A loop to be recorded, whose condition and body were recorded on holes.
pub(in super::super) struct Spec<'g> {
    /// The hole of each carry, and what it starts as.
    pub carries: Vec<(Var<'g>, Var<'g>)>,
    /// The nodes of both.
    pub recorded: Range<usize>,
    pub condition: Var<'g>,
    /// The new carries.
    pub carried: Vec<Var<'g>>,
}

impl<'g> Spec<'g> {
    /// The last carries.
    #[track_caller]
    pub fn record(self, graph: &'g Graph) -> Vec<Var<'g>> {
        let holes: Vec<Var<'g>> = self.carries.iter().map(|carry| carry.0).collect();
        let inside = depending(graph, self.recorded, &holes);
        let condition = [self.condition];
        let functions = [(&inside, &condition[..]), (&inside, &self.carried[..])];
        let ([condition, body], captured) = Body::cut_alike(graph, &holes, functions);
        let op = While { condition: Arc::new(condition), body: Arc::new(body) };
        let starts = self.carries.iter().map(|carry| carry.1);
        let inputs: Vec<Var<'g>> = starts.chain(captured).collect();
        let node = graph.apply(op.clone(), &inputs);
        (0..self.carries.len()).map(|number| op.part(node, number)).collect()
    }
}

/// What of a range depends on the holes; the rest is computed once, before the loop.
fn depending(graph: &Graph, range: Range<usize>, holes: &[Var<'_>]) -> BTreeSet<NodeId> {
    let holes: HashSet<NodeId> = holes.iter().map(|hole| hole.id()).collect();
    let mut inside: BTreeSet<NodeId> = BTreeSet::new();
    for id in recorded(graph, range) {
        let inputs = graph.node_inputs(id);
        if inputs.iter().any(|input| holes.contains(input) || inside.contains(input)) {
            inside.insert(id);
        }
    }
    inside
}

type Condition<'b, 'g> = Box<dyn FnOnce(&[Var<'g>]) -> Var<'g> + 'b>;
type Step<'b, 'g> = Box<dyn FnOnce(&[Var<'g>]) -> Vec<Var<'g>> + 'b>;

impl Graph {
    /// Steps from the carries to new ones, as long as the condition holds of them; the last come out.
    ///
    /// Condition and body are recorded once, and use outer variables and parameters as they are; what depends on no carry is
    /// computed once, random numbers among it, which so are the same in all steps. How many steps there will be is not known,
    /// so that none is kept: the loop has no gradient. With a bound, [`while_at_most`](Self::while_at_most) has; of an
    /// iteration that converges, [`fixed_point`](Self::fixed_point) needs no steps for its.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// // The least power of 2 that is not below x, and its exponent.
    /// let x = g.constant(100.0);
    /// let init = [g.constant(1.0), g.constant(0.0)];
    /// let last = g.while_loop(&init, |at| at[0].lt(x), |at| vec![2.0 * at[0], at[1] + 1.0]);
    /// assert_eq!((last[0].eval()?[[]], last[1].eval()?[[]]), (128.0, 7.0));
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// - Under [`vmap`](Self::vmap) it goes on until all samples are done. One that is done keeps its carries, whatever the
    ///   others do.
    /// - Running statistics that the body [updates](Self::update) are carried from step to step.
    ///
    /// # Panics
    /// If a carry is not real or does not keep its shape, or the condition is not a truth value without axes, or updates
    /// running statistics. When differentiated.
    #[track_caller]
    pub fn while_loop<'g>(
        &'g self,
        init: &[Var<'g>],
        condition: impl FnOnce(&[Var<'g>]) -> Var<'g>,
        body: impl FnOnce(&[Var<'g>]) -> Vec<Var<'g>>,
    ) -> Vec<Var<'g>> {
        self.repeated(init, Box::new(condition), Box::new(body))
    }

    /// Not generic, so that it is compiled once.
    #[track_caller]
    fn repeated<'g>(
        &'g self,
        init: &[Var<'g>],
        condition: Condition<'_, 'g>,
        body: Step<'_, 'g>,
    ) -> Vec<Var<'g>> {
        const NAME: &str = "while_loop";
        let line = self.line();
        if init.is_empty() || init.iter().any(|start| !start.is_real()) {
            misfit(NAME, "there is a carry, and all are real", init);
        }
        let (first, updates) = (self.len(), self.update_count());
        let mut carries: Vec<(Var<'g>, Var<'g>)> =
            self.at(line, || init.iter().map(|&start| (self.hole(start.ty()), start)).collect());
        let holes: Vec<Var<'g>> = carries.iter().map(|carry| carry.0).collect();
        let condition = condition(&holes);
        check_truth(NAME, "the condition", condition);
        if self.update_count() > updates {
            misfit(NAME, "the condition must not update running statistics", &[condition]);
        }
        let mut carried = body(&holes);
        check_carried(NAME, init, &carried);
        let updated = self.updates_since(updates);
        for &(_, before, after) in &updated {
            carries.push((before, before));
            carried.push(after);
        }
        let spec = Spec { carries, recorded: first..self.len(), condition, carried };
        let mut last = self.on_behalf((line, self.is_backward()), || spec.record(self));
        let statistics = last.split_off(init.len());
        updated.into_iter().zip(statistics).for_each(|((id, ..), y)| self.set_update(id, y));
        last
    }
}
