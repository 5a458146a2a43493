//! Which outputs are final while a program runs.

use std::ops::Range;

use graph::{Params, RunError};
use smallvec::SmallVec;

use crate::checked::Effects;
use crate::execute::Seen;
use crate::instruction::{Action, Instruction};
use crate::look::Outside;
use crate::work::Watch;
use crate::{Feed, Precision, Program};

/// For each instruction, which of some neighbouring outputs are final after it, counted from the first of them.
pub(crate) type Finals = Vec<SmallVec<[Range<usize>; 2]>>;

impl<T: Precision> Program<T> {
    /// After which instruction each of these real outputs is final: the last that writes to it, or the first of all, where
    /// none does. Neighbours that are final at once are one range.
    pub(crate) fn finals(&self, outputs: Range<usize>) -> Finals {
        let mut finals = vec![SmallVec::new(); self.instructions.len()];
        let start = self.outputs.get(outputs.start).map_or(0, |first| first.range.start);
        let writes: Vec<Vec<Range<usize>>> = self.instructions.iter().map(written).collect();
        for output in self.outputs[outputs].iter().filter(|output| !output.range.is_empty()) {
            let Range { start: from, end: to } = output.range;
            let meets = |range: &Range<usize>| range.start < to && from < range.end;
            let last = writes.iter().rposition(|ranges| ranges.iter().any(meets)).unwrap_or(0);
            let Some(ranges) = finals.get_mut(last) else { continue };
            push(ranges, from - start..to - start);
        }
        finals
    }

    /// As [`perform`](Self::perform) on data; `watch` is shown some outputs after each instruction, and which are final.
    pub(crate) fn perform_watched(
        &mut self,
        params: &Params<T>,
        inputs: &[Feed<'_, T>],
        (outputs, finals): (Range<usize>, &Finals),
        watch: &mut Watch<'_, T>,
    ) -> Result<(), RunError> {
        self.check_params(params)?;
        let of = |position: usize| self.outputs[position].range.clone();
        let place = if outputs.is_empty() {
            0..0
        } else {
            of(outputs.start).start..of(outputs.end - 1).end
        };
        self.fed(inputs, true, |program, lent| {
            let mut look = Outside::new(|position: usize, seen: Seen<'_, T>| {
                watch(&seen.reals[place.clone()], &finals[position]);
            });
            program.execute_seen(params.values(), params.seed(), lent, &mut look)
        })
    }
}

/// Where an instruction writes reals.
fn written<T>(instruction: &Instruction<T>) -> Vec<Range<usize>> {
    let zeroed = match &instruction.action {
        Action::Zero(gaps) => gaps.clone(),
        Action::Pack { to, .. } => vec![to.clone()],
        _ => Vec::new(),
    };
    let effects = Effects::of(instruction);
    zeroed
        .into_iter()
        .chain(effects.writes.iter().filter_map(|w| w.memory.real().cloned()))
        .collect()
}

/// Adds a range behind the others, joined with the last where that ends.
fn push(ranges: &mut SmallVec<[Range<usize>; 2]>, range: Range<usize>) {
    match ranges.last_mut() {
        Some(last) if last.end == range.start => last.end = range.end,
        _ => ranges.push(range),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use graph::{GradientLayout, Params};
    use ndarray::{Array, Array2};

    use crate::Step;

    /// A chain of layers, one of them used twice.
    fn deep(params: &mut Params<f64>, layers: usize) -> Vec<graph::Param> {
        let mut root = params.root();
        let weight = |i: usize| {
            Array::from_shape_fn((6, 6), |(r, c)| ((r * 7 + c * 3 + i) % 5) as f64 * 0.1)
        };
        (0..layers).map(|i| root.parameter(&format!("w{i}"), weight(i).into_dyn())).collect()
    }

    #[test]
    fn each_gradient_is_final_once_and_stays_as_it_is_then() {
        let mut params = Params::with_seed(0);
        let weights = deep(&mut params, 5);
        let mut step = Step::new(move |g, [x]| {
            let twice = weights.iter().chain(&weights[1..2]);
            twice.fold(x, |x, w| x.matmul(g.param(w)).tanh()).square().sum()
        });
        let x = Array2::from_shape_fn((4, 6), |(i, j)| (i + j) as f64 * 0.1);
        for _ in 0..2 {
            let size = GradientLayout::new(params.trainable_entries()).size();
            let (mut seen, mut count, mut calls) = (vec![f64::NAN; size], vec![0; size], 0);
            let mut watch = |gradients: &[f64], ranges: &[Range<usize>]| {
                calls += usize::from(!ranges.is_empty());
                for range in ranges.iter().cloned() {
                    count[range.clone()].iter_mut().for_each(|count| *count += 1);
                    seen[range.clone()].copy_from_slice(&gradients[range]);
                }
            };
            step.run_watched(&mut params, (&x,), &mut watch).unwrap();
            assert_eq!(step.gradients().values(), seen);
            assert!(count.iter().all(|&count| count == 1), "{count:?}");
            assert!(calls > 3, "all gradients came in {calls} pieces");
        }
    }

    #[test]
    fn a_gradient_that_nothing_computes_is_final_too() {
        let mut params = Params::with_seed(0);
        let unused = params.root().parameter("a", ndarray::array![1.0, 2.0].into_dyn());
        let w = params.root().parameter("b", ndarray::array![3.0].into_dyn());
        let mut step = Step::new(|g, []| {
            let _ = g.param(&unused);
            g.param(&w).square().sum()
        })
        .zeros_for_unused();
        let mut seen = vec![f64::NAN; 3];
        let mut watch = |gradients: &[f64], ranges: &[Range<usize>]| {
            for range in ranges.iter().cloned() {
                seen[range.clone()].copy_from_slice(&gradients[range]);
            }
        };
        step.run_watched(&mut params, (), &mut watch).unwrap();
        assert_eq!(seen, [0.0, 0.0, 6.0]);
    }
}
