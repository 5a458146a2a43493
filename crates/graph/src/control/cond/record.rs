//! Recording a choice.

use std::ops::Range;
use std::panic::Location;
use std::sync::Arc;

use super::Cond;
use crate::control::{Body, check_truth, recorded};
use crate::params::ParamId;
use crate::{Graph, Var, misfit};

/// A choice to be recorded, whose functions were recorded in ranges of the graph.
pub(super) struct Spec<'g> {
    pub predicate: Var<'g>,
    pub recorded: [Range<usize>; 2],
    pub results: [Vec<Var<'g>>; 2],
}

impl<'g> Spec<'g> {
    /// Its results.
    #[track_caller]
    pub fn record(self, graph: &'g Graph) -> Vec<Var<'g>> {
        let count = self.results[0].len();
        if count == 0 {
            return Vec::new();
        }
        let [in_yes, in_no] = self.recorded.map(|range| recorded(graph, range));
        let functions = [(&in_yes, &self.results[0][..]), (&in_no, &self.results[1][..])];
        let ([yes, no], captured) = Body::cut_alike(graph, &[], functions);
        let cond = Cond { yes: Arc::new(yes), no: Arc::new(no) };
        let inputs = [&[self.predicate], &captured[..]].concat();
        let node = graph.apply(cond.clone(), &inputs);
        (0..count).map(|number| cond.part(node, number)).collect()
    }
}

/// What a function of a choice records.
type Branch<'b, 'g> = Box<dyn FnOnce() -> Vec<Var<'g>> + 'b>;

impl Graph {
    /// What `yes` answers if the predicate holds, and else what `no` answers: of the two, only that one runs.
    ///
    /// Both are recorded. They use outer variables and parameters as they are, and answer equally many reals of the same
    /// shapes. Gradients, of any order, flow through what runs alone.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// let x = g.constant(4.0);
    /// let y = g.cond(x.gt(0.0), || vec![x.sqrt()], || vec![0.0 * x])[0];
    /// assert_eq!((y.eval()?[[]], y.grad(x).eval()?[[]]), (2.0, 0.25));
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// - Under [`vmap`](Self::vmap), where the predicate is another for each sample, both run for all samples, unless no
    ///   sample takes one, and each sample selects. A sample that does not take a function computes it on the values of one that
    ///   does, so that it raises no error of its own, and adds exactly 0 to gradients.
    /// - Random nodes are drawn where their function runs, and the same for the gradient.
    /// - Running statistics that one of the two [updates](Self::update) keep their value where the other runs.
    /// - For the gradient, the function that ran is computed again.
    ///
    /// For a choice of each element see [`Var::select`], which computes both.
    ///
    /// # Panics
    /// If the predicate is not a truth value without axes, or the answers are not equally many reals of the same shapes.
    #[track_caller]
    pub fn cond<'g>(
        &'g self,
        predicate: Var<'g>,
        yes: impl FnOnce() -> Vec<Var<'g>>,
        no: impl FnOnce() -> Vec<Var<'g>>,
    ) -> Vec<Var<'g>> {
        self.chosen(self.line(), predicate, [Box::new(yes), Box::new(no)])
    }

    /// On behalf of a loop.
    pub(in super::super) fn cond_at<'g>(
        &'g self,
        line: &'static Location<'static>,
        predicate: Var<'g>,
        yes: impl FnOnce() -> Vec<Var<'g>>,
        no: impl FnOnce() -> Vec<Var<'g>>,
    ) -> Vec<Var<'g>> {
        self.chosen(line, predicate, [Box::new(yes), Box::new(no)])
    }

    /// Not generic, so that it is compiled once.
    #[track_caller]
    fn chosen<'g>(
        &'g self,
        line: &'static Location<'static>,
        predicate: Var<'g>,
        branches: [Branch<'_, 'g>; 2],
    ) -> Vec<Var<'g>> {
        check_truth("cond", "the predicate", predicate);
        // Statistics are results too, in the order of their numbers: of a function that does not update them, what they were.
        let mut updated: Vec<(ParamId, [Var<'g>; 2])> = Vec::new();
        let mut recorded = [0..0, 0..0];
        let mut results = [Vec::new(), Vec::new()];
        for (which, branch) in branches.into_iter().enumerate() {
            let (first, updates) = (self.len(), self.update_count());
            results[which] = branch();
            recorded[which] = first..self.len();
            for (id, before, after) in self.updates_since(updates) {
                let at = updated.binary_search_by_key(&id, |of| of.0).unwrap_or_else(|at| {
                    updated.insert(at, (id, [before; 2]));
                    at
                });
                updated[at].1[which] = after;
            }
        }
        check_results(&results);
        let count = results[0].len();
        for (which, results) in results.iter_mut().enumerate() {
            results.extend(updated.iter().map(|(_, after)| after[which]));
        }
        let spec = Spec { predicate, recorded, results };
        let mut all = self.on_behalf((line, self.is_backward()), || spec.record(self));
        let statistics = all.split_off(count);
        for ((id, _), value) in updated.into_iter().zip(statistics) {
            self.set_update(id, value);
        }
        all
    }
}

#[track_caller]
fn check_results(results: &[Vec<Var<'_>>; 2]) {
    let [yes, no] = results;
    let all = results.concat();
    if yes.len() != no.len() {
        let rule = format!("`yes` answers {} values, and `no` {}", yes.len(), no.len());
        misfit("cond", rule, &all);
    }
    if all.iter().any(|result| !result.is_real()) {
        misfit("cond", "what is answered must be real: `.to_real()` makes it so", &all);
    }
    if let Some(i) = (0..yes.len()).find(|&i| yes[i].ty() != no[i].ty()) {
        let (yes, no) = (yes[i].ty(), no[i].ty());
        let rule = format!("value {i} is {yes} of `yes`, and {no} of `no`: both must be the same");
        misfit("cond", rule, &all);
    }
}
