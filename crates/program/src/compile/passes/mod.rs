//! Passes: small functions from a graph to one with the same values. Each leaves dead nodes behind.

mod contracted;
mod cse;
mod expand;
mod factor;
mod fold;
mod gram;
mod invariant;
mod layout;
mod look;
mod masked;
mod outer;
mod parts;
mod range;
mod reductions;
mod regroup;
mod simplify;
mod sliced;
mod stacked;
mod unmerged;
mod unroll;

#[cfg(test)]
mod testing;

use super::Arithmetic;
use graph::reading::NodeId;
use graph::rewriting::{Target, Visit, rewrite};
use graph::{Graph, Scalar, Var};

/// All passes on the computation of `outputs` in the precision `T`, in the order that lets each see
/// what the ones before it made. What rounds otherwise than written is left out where that is asked.
pub(crate) fn run<T: Scalar>(graph: &Graph, outputs: &[NodeId], arithmetic: Arithmetic) -> Target {
    let mut rules = nearer(arithmetic);
    rules.push(fold::in_precision::<T>);
    let mut target = until_settled(graph, outputs, &rules);
    if arithmetic == Arithmetic::Reassociated {
        target = stacked::sums_of_products(stacked::products_of_slices(target));
    }
    let target = sliced::slices_of_products(target);
    let target = match arithmetic {
        Arithmetic::Reassociated => sweep(&target, &[outer::multiplied]),
        Arithmetic::AsWritten => target,
    };
    let mut target = reductions::one_axis_at_a_time(&target);
    let fold: Rule = match arithmetic {
        Arithmetic::Reassociated => fold::folded::<f64>,
        Arithmetic::AsWritten => fold::folded::<T>,
    };
    if arithmetic == Arithmetic::Reassociated {
        let algebra: [Rule; 4] =
            [fold, simplify::simplified, factor::factored_sum, regroup::regrouped::<T>];
        target = sweep(&target, &algebra);
    }
    let target = sweep(&target, &[simplify::simplified, fold]);
    cse::merge_common_subexpressions(&target)
}

/// The rules that move work to where it is nearest to its operands.
fn nearer(arithmetic: Arithmetic) -> Vec<Rule> {
    let mut rules: Vec<Rule> = vec![
        expand::expanded,
        masked::put,
        simplify::simplified,
        unmerged::unmerged,
        unroll::unrolled,
        layout::permuted_last,
        parts::done_on_parts,
        look::looked_before,
    ];
    if arithmetic == Arithmetic::Reassociated {
        // Before what would look at an array by its parts.
        rules.insert(1, masked::picked);
        rules.extend([contracted::summed_batch as Rule, gram::summed_squares]);
    }
    rules
}

/// What a pass says of one node: what stands for it, given its recorded inputs, or that it stays.
type Rule = for<'g> fn(&'g Graph, &Visit<'_>, &[Var<'g>]) -> Option<Var<'g>>;

/// Records the graph anew; of each node the first rule counts that has something to say.
fn sweep(target: &Target, rules: &[Rule]) -> Target {
    counted_sweep(&target.graph, &target.outputs, rules).0
}

/// As [`sweep`], and how often a rule had something to say.
fn counted_sweep(graph: &Graph, outputs: &[NodeId], rules: &[Rule]) -> (Target, usize) {
    let mut count = 0;
    let target = rewrite(graph, outputs, |graph, visit, inputs| {
        let said = rules.iter().find_map(|rule| rule(graph, visit, inputs));
        count += usize::from(said.is_some());
        said.unwrap_or_else(|| visit.again(graph, inputs))
    });
    (target, count)
}

/// How often a graph is looked at anew: what one rule makes may be of use to another, through so many of them.
const SWEEPS: usize = 10;

/// Sweeps until no rule has anything to say. Each of them moves work in one direction, to where it is smaller or nearer to
/// what uses it, so that few sweeps are made; the bound keeps the cost linear whatever the graph.
fn until_settled(graph: &Graph, outputs: &[NodeId], rules: &[Rule]) -> Target {
    let (mut target, mut count) = counted_sweep(graph, outputs, rules);
    for _ in 1..SWEEPS {
        if count == 0 {
            break;
        }
        (target, count) = counted_sweep(&target.graph, &target.outputs, rules);
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph::Gradient;
    use graph::ops::{Conv, Window};

    #[test]
    fn every_pass_keeps_the_values_of_every_operation() {
        let keep_values = |rule: Rule, tolerance| {
            testing::keeps_all_examples(|target| sweep(target, &[rule]), tolerance);
        };
        keep_values(simplify::simplified, 0.0);
        keep_values(masked::picked, 1e-15);
        keep_values(masked::put, 0.0);
        keep_values(unmerged::unmerged, 1e-14);
        keep_values(unroll::unrolled, 1e-15);
        keep_values(layout::permuted_last, 1e-14);
        keep_values(parts::done_on_parts, 0.0);
        keep_values(look::looked_before, 0.0);
        keep_values(fold::in_precision::<f64>, 0.0);
        keep_values(fold::folded::<f64>, 1e-15);
        keep_values(regroup::regrouped::<f64>, 1e-14);
        keep_values(factor::factored_sum, 1e-14);
        keep_values(contracted::summed_batch, 1e-14);
        keep_values(gram::summed_squares, 1e-13);
        keep_values(outer::multiplied, 0.0);
        let again = |target: &Target| sweep(target, &[]);
        testing::keeps_all_examples(|target| stacked::sums_of_products(again(target)), 1e-14);
        testing::keeps_all_examples(|target| stacked::products_of_slices(again(target)), 1e-14);
        testing::keeps_all_examples(|target| sliced::slices_of_products(again(target)), 1e-14);
        testing::keeps_all_examples(cse::merge_common_subexpressions, 0.0);
        testing::keeps_all_examples(reductions::one_axis_at_a_time, 1e-14);
        let expand =
            |target: &Target| until_settled(&target.graph, &target.outputs, &[expand::expanded]);
        testing::keeps_all_examples(expand, 1e-13);
        for arithmetic in [Arithmetic::Reassociated, Arithmetic::AsWritten] {
            let all = |target: &Target| run::<f64>(&target.graph, &target.outputs, arithmetic);
            testing::keeps_all_examples(all, 1e-13);
        }
    }

    #[test]
    fn sweeps_come_to_an_end() {
        for arithmetic in [Arithmetic::Reassociated, Arithmetic::AsWritten] {
            let rules = nearer(arithmetic);
            for (operation, Target { graph, outputs }) in testing::all_examples() {
                let target = until_settled(&graph, &outputs, &rules);
                let (_, count) = counted_sweep(&target.graph, &target.outputs, &rules);
                assert_eq!(count, 0, "{operation} is not settled");
            }
        }
    }

    /// How many live nodes of each name are left of the gradient of the squares of what `build` records, by three kernels.
    fn left<const N: usize>(
        names: [&str; N],
        build: impl for<'g> Fn(Var<'g>, &[Var<'g>; 3]) -> Var<'g>,
    ) -> [usize; N] {
        let graph = Graph::new();
        let image = graph.input("x", [2, 4, 8, 8]);
        let kernels = ["u", "v", "w"].map(|name| graph.input(name, [4, 4, 3, 3]));
        let loss = build(image, &kernels).square().sum();
        let gradient = Gradient::of(loss).zeros_without_path().with_respect_to(&kernels).unwrap();
        let outputs: Vec<NodeId> = gradient.into_iter().map(|var| var.id()).collect();
        let target = run::<f32>(&graph, &outputs, Arithmetic::Reassociated);
        let live = target.graph.ancestors(&target.outputs);
        names.map(|name| {
            let is = |id: &_| target.graph.node(*id, |node| node.op.name() == name);
            (0..live.len()).filter(|&i| live[i]).map(NodeId::new).filter(is).count()
        })
    }

    #[test]
    fn work_on_images_between_convolutions_is_done_once() {
        let same = || Conv::default().padding(1);
        let left = left(["relu", "select"], |image, [u, v, w]| {
            let rest = image.conv2d(*u, same()).relu();
            (rest.conv2d(*v, same()) * 2.0 + rest).relu().conv2d(*w, same())
        });
        // Forward two activations; backward a choice for each.
        assert_eq!(left, [2, 2]);
    }

    #[test]
    fn work_on_the_parts_of_windows_is_done_once() {
        let left = left(["add", "relu", "gt"], |image, [u, v, _]| {
            let bias = image.graph().input("b", [4]).reshape([4, 1, 1]);
            let largest =
                (image.conv2d(*u, Conv::default()) + bias).relu().max_pool2d(Window::new(2));
            largest.conv2d(*v, Conv::default())
        });
        // Four parts; what is the largest is compared with those before it, and each part with 0.
        assert_eq!(left, [4, 4, 7]);
    }

    #[test]
    fn dead_nodes_stay_behind() {
        let passed = testing::Passed::through(
            |target| sweep(target, &[]),
            |g| {
                let x = g.input("x", [2]);
                let _nobody_reads = x.sin().exp();
                x.cos()
            },
        );
        assert_eq!(passed.text(), "x = input; cos(x)");
    }
}
