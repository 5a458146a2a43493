//! Passes: small functions from a graph to one with the same values. Each leaves dead nodes behind.

mod cse;
mod expand;
mod factor;
mod fold;
mod invariant;
mod reductions;
mod regroup;
mod simplify;

#[cfg(test)]
mod testing;

use super::rewrite::Target;

/// All passes, in the order that lets each see what the ones before it made.
pub(crate) fn run(target: Target) -> Target {
    let target = expand::expand(target);
    let target = reductions::one_axis_at_a_time(&target);
    let target = simplify::simplify(&target);
    let target = factor::factor_sums(&target);
    let target = regroup::regroup(&target);
    let target = simplify::simplify(&target);
    let target = fold::fold(&target);
    cse::merge_common_subexpressions(&target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pass_keeps_the_values_of_every_operation() {
        testing::keeps_all_examples(cse::merge_common_subexpressions, 0.0);
        testing::keeps_all_examples(simplify::simplify, 0.0);
        testing::keeps_all_examples(fold::fold, 1e-15);
        testing::keeps_all_examples(reductions::one_axis_at_a_time, 1e-14);
        testing::keeps_all_examples(regroup::regroup, 1e-14);
        testing::keeps_all_examples(factor::factor_sums, 1e-14);
        let again = |target: &Target| target.rewrite(|graph, visit, x| visit.again(graph, x));
        testing::keeps_all_examples(|target| expand::expand(again(target)), 1e-13);
        testing::keeps_all_examples(|target| run(again(target)), 1e-13);
    }

    #[test]
    fn dead_nodes_stay_behind() {
        let passed = testing::Passed::through(
            |target| target.rewrite(|graph, visit, inputs| visit.again(graph, inputs)),
            |g| {
                let x = g.input("x", [2]);
                let _nobody_reads = x.sin().exp();
                x.cos()
            },
        );
        assert_eq!(passed.text(), "x = input; cos(x)");
    }
}
