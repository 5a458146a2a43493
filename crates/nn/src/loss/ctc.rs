//! Connectionist temporal classification.

use std::panic::Location;

use graph::{BoundWords, Kind, Var, misfit};
use ndarray::arr0;

use super::Reduction;
use super::labels::CLASSES;

/// −ln of the probability that a sequence of class distributions spells a target, summed over all ways to align
/// the two (Graves et al., "Connectionist temporal classification", 2006): each element says a class, or a *blank*
/// between; what is said twice in a row counts once.
///
/// With the target's labels l' between blanks, α is carried along the sequence, in logarithms:
///
/// αₜ(s) = (αₜ₋₁(s) + αₜ₋₁(s−1) + αₜ₋₁(s−2) if l'ₛ is no blank and not l'ₛ₋₂)·pₜ(l'ₛ).
///
/// The recursion is a [`scan`](graph::Graph::scan); its gradient is that of the loop. It is the derivative with respect to the
/// logarithms of probabilities; PyTorch's differs from it by their exponentials, which vanishes in front of `log_softmax`.
///
/// The default mean divides each loss by the length of its target, as in PyTorch. The blank is class 0 by default.
///
/// ```
/// use cotangent::Graph;
/// use cotangent::ndarray::array;
/// use cotangent::nn::loss::Ctc;
///
/// let g = Graph::new();
/// // Two elements, one sequence, a blank and one class, all with probability ½. "1" is said as 1-1, 0-1 or 1-0.
/// let log_p = g.full([2, 1, 2], 0.5_f64.ln());
/// let target = g.constant(array![[1]]);
/// let loss = Ctc::new().of(log_p, target, [g.constant(array![2]), g.constant(array![1])]);
/// assert!((loss.eval()?[[]] + 0.75_f64.ln()).abs() < 1e-15);
/// # Ok::<(), cotangent::RunError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ctc {
    blank: usize,
    zero_infinity: bool,
    reduction: Reduction,
}

/// What lengths are, where one is out of its bounds: of sequences and of targets.
const LENGTHS: [BoundWords; 2] = [
    BoundWords {
        one: "length of a sequence",
        rule: "no sequence has more elements than the array of logarithms of probabilities",
    },
    BoundWords {
        one: "length of a target",
        rule: "no target has more labels than the array of targets",
    },
];

/// The logarithm of a probability of 0; finite, so that no derivative is NaN.
const NEVER: f64 = -1e30;

impl Ctc {
    /// With blank 0, reduced to the mean.
    pub fn new() -> Self {
        Self::default()
    }

    /// The class that stands for none.
    pub fn blank(self, blank: usize) -> Self {
        Self { blank, ..self }
    }

    /// Whether the loss of a target that cannot be spelt, as one that is longer than its sequence, is 0; otherwise it is
    /// ∞, as is then the mean or the sum, which a step refuses as no finite number. Its gradient is 0 in either case.
    pub fn zero_infinity(self, zero_infinity: bool) -> Self {
        Self { zero_infinity, ..self }
    }

    /// How the losses of all sequences become one.
    pub fn reduction(self, reduction: Reduction) -> Self {
        Self { reduction, ..self }
    }

    /// The loss of logarithms of probabilities, `[T, N, C]`, for targets of shape `[N, S]`, class indices, of which no label
    /// within the target's length is the blank. The lengths of sequences, from 0 to T, and of targets, from 0 to S, are indices of
    /// shape `[N]`; as they come from data, another is an error of the run ([`graph::RunError::OutOfBounds`]). A sequence of length 0
    /// spells the empty target, with loss 0, and no other.
    ///
    /// # Panics
    /// If the shapes do not fit, T is 0, or the blank is no class.
    #[track_caller]
    pub fn of<'g>(self, log_p: Var<'g>, targets: Var<'g>, lengths: [Var<'g>; 2]) -> Var<'g> {
        let [time, labels] = self.check(log_p, targets, lengths);
        log_p.graph().at(Location::caller(), || {
            let lengths = within(lengths, [time, labels]);
            let losses = self.losses(log_p, targets, lengths, [time, labels]);
            let of_target = lengths[1].to_real();
            match self.reduction {
                Reduction::Mean => (losses / of_target.maximum(1.0)).mean(),
                reduction => reduction.of(losses),
            }
        })
    }

    /// The loss of each sequence.
    fn losses<'g>(
        self,
        log_p: Var<'g>,
        targets: Var<'g>,
        lengths: [Var<'g>; 2],
        [time, labels]: [usize; 2],
    ) -> Var<'g> {
        let g = log_p.graph();
        let [of_input, of_target] = lengths.map(|length| length.to_real().unsqueeze(-1));
        // What lies behind a target may be no class.
        let within = g.arange(labels).to_real().lt(of_target);
        let targets = within.select(targets, g.constant(arr0(self.blank as i64)));
        let targets = targets.within(log_p.shape()[2], "ctc", CLASSES);

        let emitted = self.emitted(log_p, targets);
        let skips = skips(targets);
        let states = 2 * labels + 1;
        let state = g.arange(states).to_real();
        // Of no element at all, nothing is said for sure: the first state stands for that.
        let nothing = state.eq(0.0).select(0.0, NEVER);
        let first = state.le(1.0).select(emitted.index_axis(0, 0), NEVER);
        let start = of_input.gt(0.0).select(first, nothing);
        let going = g.arange(time).to_real().reshape_to([time, 1, 1]).lt(of_input);
        let [emitted, going] = [emitted, going].map(|x| x.slice_axis(0, 1..));
        let (last, _) = g.scan(&[start], &[emitted, going], |alpha, x| {
            let before = alpha[0].pad([(0, 0), (2, 0)], NEVER);
            let [two, one] = [0, 1].map(|at| before.slice_axis(1, at..at + states));
            let from = alpha[0].logaddexp(one).logaddexp(skips.select(two, NEVER));
            (vec![x[1].select(from + x[0], alpha[0])], vec![])
        });

        // The last label, or the blank behind it.
        let ends = state.eq(2.0 * of_target).or(state.eq(2.0 * of_target - 1.0));
        let losses = -ends.select(last[0], NEVER).logsumexp_over(1);
        let never = if self.zero_infinity { 0.0 } else { f64::INFINITY };
        losses.gt(-0.5 * NEVER).select(never, losses)
    }

    /// ln p of each state, blanks and labels in turn, of shape `[T, N, 2·S + 1]`.
    fn emitted<'g>(self, log_p: Var<'g>, targets: Var<'g>) -> Var<'g> {
        let (shape, labels) = (log_p.shape(), targets.shape()[1]);
        let [time, batch] = [shape[0], shape[1]];
        let of_label = log_p.gather(2, targets.broadcast_to([time, batch, labels]));
        let of_blank = log_p.index_axis(2, self.blank as isize).unsqueeze(-1);
        between(of_label, of_blank)
    }

    #[track_caller]
    fn check(self, log_p: Var<'_>, targets: Var<'_>, lengths: [Var<'_>; 2]) -> [usize; 2] {
        let ([p, t], [a, b]) = ([log_p, targets].map(|x| x.shape()), lengths.map(|x| x.shape()));
        let indices = [targets, lengths[0], lengths[1]].iter().all(|x| x.kind() == Kind::Index);
        let fits = p.rank() == 3 && t.rank() == 2 && t[0] == p[1] && a[..] == [p[1]] && b == a;
        if !indices || !fits || !log_p.is_real() {
            let rule = "there must be logarithms of probabilities of shape [T, N, C], indices of classes of shape [N, S], and \
                        two lengths, indices of shape [N]";
            misfit("ctc", rule, &[log_p, targets, lengths[0], lengths[1]]);
        }
        if p[0] == 0 || self.blank >= p[2] {
            let rule = format!("there must be an element, and a class {}, the blank", self.blank);
            misfit("ctc", rule, &[log_p]);
        }
        [p[0], t[1]]
    }
}

/// Lengths of sequences and of targets, each of which must be at most what its array holds.
fn within<'g>(lengths: [Var<'g>; 2], most: [usize; 2]) -> [Var<'g>; 2] {
    [0, 1].map(|of| {
        let bounds = [0, most[of] as i64].map(|bound| lengths[of].graph().constant(arr0(bound)));
        lengths[of].bounded(bounds, "ctc", LENGTHS[of])
    })
}

/// Labels `[.., S]` with blanks `[.., 1]` before, between and behind them, `[.., 2·S + 1]`.
fn between<'g>(labels: Var<'g>, blank: Var<'g>) -> Var<'g> {
    let (g, mut shape) = (labels.graph(), labels.shape().to_vec());
    let last = shape.len() - 1;
    let pairs = g.stack(&[blank.broadcast_to(shape.clone()), labels], -1);
    shape[last] *= 2;
    g.concat(&[pairs.reshape_to(shape), blank], -1)
}

/// Which states are entered from the one before the last, too, of shape `[N, 2·S + 1]`: labels that differ from the one
/// before.
fn skips<'g>(targets: Var<'g>) -> Var<'g> {
    let (g, shape) = (targets.graph(), targets.shape());
    let [batch, labels] = [shape[0], shape[1]];
    let never = g.full([batch, 1], 0.0);
    if labels < 2 {
        return between(g.full([batch, labels], 0.0), never).ne(0.0);
    }
    let (behind, ahead) = (targets.slice_axis(1, 1..), targets.slice_axis(1, ..-1));
    between(g.concat(&[never, behind.ne(ahead).to_real()], 1), never).ne(0.0)
}
