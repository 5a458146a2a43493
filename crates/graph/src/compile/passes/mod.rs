//! Passes: small functions from a graph to one with the same values. Each leaves dead nodes behind.

mod cse;
mod expand;
mod fold;
mod reductions;
mod simplify;

use super::rewrite::Target;

/// All passes, in the order that lets each see what the ones before it made.
pub(crate) fn run(target: Target) -> Target {
    let target = expand::expand(target);
    let target = reductions::one_axis_at_a_time(&target);
    let target = simplify::simplify(&target);
    let target = fold::fold(&target);
    cse::merge_common_subexpressions(&target)
}
