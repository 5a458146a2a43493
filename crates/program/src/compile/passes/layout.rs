//! Elementwise work follows the order in which its operands lie.
//!
//! A product with sums has its axes in the order batch, rows, columns, and what a user sees is often another: a convolution
//! computes channels last and is seen with channels second. The permutation in between costs nothing as a view, but what
//! reads through it reads across memory. So it moves behind elementwise work, reductions, views and embeds, to where
//! something needs that order, or nothing does.

use graph::ops::{Embed, Fold, Max, Min, Prod, Sum};
use graph::reading::record;
use graph::rewriting::Visit;
use graph::{Axes, FoldWord, Graph, Lowering, Place, Shape, Var, keep};
use smallvec::SmallVec;

use super::super::place::{space_of, within};
use super::simplify::{input, lowering};

/// The order of a permutation.
type Order = SmallVec<[usize; 4]>;

/// Moves a permutation of a computed operand behind an operation. Exact, but for the order of a sum.
pub(super) fn permuted_last<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    match visit.op.lower() {
        Lowering::Map(_) | Lowering::Zip(_) | Lowering::Select => elementwise(graph, visit, inputs),
        Lowering::Reduce(word, axes) => reduced(graph, visit, word, &axes, inputs[0]),
        Lowering::View(place) => looked(&place, inputs[0]),
        Lowering::Embed(places) => embedded(graph, visit, &places, inputs),
        Lowering::Reshape => reshaped(&visit.ty.shape, inputs[0]),
        _ => None,
    }
}

/// The order in which the axes of what is computed lie in memory; none of what may be read in any: of a leaf, and of what
/// is repeated.
fn order_of(x: Var<'_>) -> Option<Order> {
    voice(x).map(|voice| voice.order)
}

/// What an operand has to say of the order of work.
struct Voice {
    order: Order,
    /// It was computed over other axes: only here do the axes of the work come into being.
    regrouped: bool,
}

/// What [`order_of`] says, and where the axes come from.
fn voice(x: Var<'_>) -> Option<Voice> {
    let order = match lowering(x) {
        Lowering::Permute(order) => order.iter().copied().collect(),
        _ => (0..x.rank()).collect(),
    };
    let (mut base, mut regrouped) = (x, false);
    loop {
        base = match lowering(base) {
            Lowering::Reshape => {
                let of = input(base);
                regrouped |= space_of(&of.shape()) != space_of(&base.shape());
                of
            }
            Lowering::Permute(_) | Lowering::View(_) => input(base),
            Lowering::Broadcast
            | Lowering::Input(_)
            | Lowering::Parameter(_)
            | Lowering::Constant
            | Lowering::Full(_) => return None,
            _ => return Some(Voice { order, regrouped }),
        };
    }
}

/// Whether an order moves no axes, of what has this shape in it, but such of extent 1.
fn moves_nothing(order: &[usize], shape: &Shape) -> bool {
    (0..order.len()).filter(|&axis| shape[axis] != 1).map(|axis| order[axis]).is_sorted()
}

/// What a variable is a permutation of, if that is computed, and more than axes of extent 1 are moved.
fn permutation(x: Var<'_>) -> Option<(Order, Var<'_>)> {
    let Lowering::Permute(_) = lowering(x) else { return None };
    let order = order_of(x)?;
    (!moves_nothing(&order, &x.shape())).then(|| (order, input(x)))
}

/// The order in which elementwise work goes through its operands, if it is another than theirs. The first operand of all
/// elements that is computed has the say: a second sweep finds it in its order. One that was computed over other axes has
/// it only where the others are of no order either: the gradient of an image that was made a row is read across once, by
/// all the work on images that it enters. Where there is no operand of all elements, one of some has the say, as the sum
/// over an axis, if the others agree.
fn other_order(shape: &Shape, inputs: &[Var<'_>]) -> Option<Order> {
    let whole = |x: &&Var<'_>| x.shape() == *shape && !matches!(lowering(**x), Lowering::Broadcast);
    if inputs.iter().any(|x| whole(&x)) {
        let mut voices: SmallVec<[Voice; 3]> =
            inputs.iter().filter(whole).filter_map(|&x| voice(x)).collect();
        voices.sort_by_key(|voice| voice.regrouped);
        let order = voices.into_iter().next()?.order;
        return (!moves_nothing(&order, shape)).then_some(order);
    }
    let some: SmallVec<[_; 3]> = inputs.iter().filter(|x| x.rank() == shape.rank()).collect();
    let (order, _) = some.iter().find_map(|x| permutation(**x))?;
    let agrees = |x: &&Var<'_>| match order_of(**x) {
        None => true,
        Some(other) => other == order || moves_nothing(&order, &x.shape()),
    };
    some.iter().all(agrees).then_some(order)
}

fn elementwise<'g>(graph: &'g Graph, visit: &Visit<'_>, inputs: &[Var<'g>]) -> Option<Var<'g>> {
    let shape = &visit.ty.shape;
    let rank = shape.rank();
    let mut voices: SmallVec<[Var<'g>; 3]> = inputs.into();
    // The condition of a choice is asked last: it often is a mask of a leaf, and what is chosen is not.
    if matches!(visit.op.lower(), Lowering::Select) {
        voices.rotate_left(1);
    }
    let order = other_order(shape, &voices)?;
    let back = inverse(&order);
    let arranged = |&x: &Var<'g>| {
        if x.shape().size() == 1 && shape.size() > 1 {
            return x.reshape_to([]);
        }
        let padded = Shape::from([&vec![1; rank - x.rank()][..], &x.shape()].concat());
        in_order(if padded == x.shape() { x } else { x.reshape_to(padded) }, &back)
    };
    let arranged: Vec<Var<'g>> = inputs.iter().map(arranged).collect();
    let op = visit.op.clone();
    Some(in_order(record(graph, op, &arranged).ok()?, &order))
}

fn reduced<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    word: FoldWord,
    axes: &Axes,
    x: Var<'g>,
) -> Option<Var<'g>> {
    let (order, of) = permutation(x)?;
    let axes = axes.resolve(x.rank()).ok()?;
    let own: Vec<isize> = axes.iter().map(|&axis| order[axis] as isize).collect();
    let axes = keep(&own[..]);
    let kept = match word {
        FoldWord::Sum => graph.apply(Fold { function: Sum, axes }, &[of]),
        FoldWord::Prod => graph.apply(Fold { function: Prod, axes }, &[of]),
        FoldWord::Max => graph.apply(Fold { function: Max, axes }, &[of]),
        FoldWord::Min => graph.apply(Fold { function: Min, axes }, &[of]),
    };
    Some(in_order(kept, &order).reshape_to(&visit.ty.shape))
}

/// A permutation with axes of extent 1 more or fewer: they have no place in an order.
fn reshaped<'g>(shape: &Shape, x: Var<'g>) -> Option<Var<'g>> {
    let (order, of) = permutation(x)?;
    if space_of(shape) != space_of(&x.shape()) {
        return None;
    }
    // The axes of the source that matter, each with where it stands behind those of extent 1.
    let from = of.shape();
    let matter: Vec<usize> = (0..from.rank()).filter(|&axis| from[axis] != 1).collect();
    let ones = shape.rank() - matter.len();
    let position =
        |axis: usize| matter.iter().position(|&other| other == axis).expect("it matters");
    let mut seen = order.iter().filter(|&&axis| from[axis] != 1).map(|&axis| ones + position(axis));
    let mut unused = 0..ones;
    let order: Order = shape
        .iter()
        .map(|&extent| if extent == 1 { unused.next() } else { seen.next() }.expect("one for each"))
        .collect();
    let extents = [&vec![1; ones][..], &space_of(&from)].concat();
    Some(in_order(if from[..] == extents[..] { of } else { of.reshape_to(extents) }, &order))
}

/// The view of a permutation, with its axes in the order in which the elements lie.
fn looked<'g>(place: &Place, x: Var<'g>) -> Option<Var<'g>> {
    let (order, of) = permutation(x)?;
    let place = within(&Place::whole(of.shape()).permuted(&order), place)?;
    let mut sorted: Order = (0..place.shape.rank()).collect();
    sorted.sort_by_key(|&axis| std::cmp::Reverse(place.strides[axis].unsigned_abs()));
    Some(in_order(of.view(place.permuted(&sorted)), &inverse(&sorted)))
}

/// Parts that are permuted alike, in an array that is permuted so.
fn embedded<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    places: &[Place],
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    let (order, _) = permutation(*inputs.first()?)?;
    let rank = visit.ty.shape.rank();
    let alike =
        |&x: &Var<'g>| x.rank() == rank && permutation(x).is_some_and(|(other, _)| other == order);
    if order.len() != rank || !inputs.iter().all(alike) {
        return None;
    }
    let back = inverse(&order);
    let shape: Shape = back.iter().map(|&axis| visit.ty.shape[axis]).collect();
    let seen = Place::whole(&shape).permuted(&order);
    let places = places.iter().map(|place| Some(within(&seen, place)?.permuted(&back)));
    let places: Vec<Place> = places.collect::<Option<_>>()?;
    let parts: Vec<Var<'g>> = inputs.iter().map(|&x| input(x)).collect();
    let embed = Embed { name: visit.op.name(), shape, places };
    Some(in_order(graph.apply(embed, &parts), &order))
}

pub(super) fn inverse(order: &[usize]) -> Order {
    let mut inverse: Order = smallvec::smallvec![0; order.len()];
    order.iter().enumerate().for_each(|(position, &axis)| inverse[axis] = position);
    inverse
}

/// The axes in an order; as one permutation, or none.
fn in_order<'g>(x: Var<'g>, order: &[usize]) -> Var<'g> {
    super::simplify::arranged(x, order)
}

#[cfg(test)]
mod tests {
    use super::super::expand::{expand, expanded};
    use super::super::simplify::simplified;
    use super::super::testing::Passed;
    use super::super::{counted_sweep, sweep, until_settled};
    use super::*;

    #[test]
    fn what_follows_a_product_is_computed_in_its_order() {
        let passed = Passed::through(
            |target| sweep(&expand(&target.graph, &target.outputs), &[permuted_last]),
            |g| {
                let (x, w, b) =
                    (g.input("x", [2, 3, 4]), g.input("w", [4, 5]), g.input("b", [5, 1]));
                let y = (x.contract(w, &[], &[(2, 0)]).permute([0, 2, 1]) + b).relu();
                y.sum_over([0, 2])
            },
        );
        assert!(
            !passed.text().contains("permute(relu)") && passed.text().contains("sum(relu)"),
            "{}",
            passed.text()
        );
        passed.keeps_values(1e-14);
    }

    #[test]
    fn what_follows_a_sum_over_an_axis_of_a_product_is_computed_in_its_order() {
        let passed = Passed::through(
            |target| {
                until_settled(
                    &target.graph,
                    &target.outputs,
                    &[expanded, simplified, permuted_last],
                )
            },
            |g| {
                let (x, w, p) =
                    (g.input("x", [6, 3]), g.input("w", [4, 5, 3]), g.input("p", [6, 5]));
                // For each of 4 directions: p·(d − Σ p·d), the derivative of a softmax.
                let d = x.contract(w, &[], &[(1, 2)]).permute([1, 0, 2]) * p;
                let p = p.reshape([1, 6, 5]);
                (d - p * d.sum_over(keep(-1))).sum_over([1])
            },
        );
        let text = passed.text();
        assert!(
            text.ends_with("sub(mul, mul); sum(sub); permute(sum); reshape(permute)"),
            "{text}"
        );
        passed.keeps_values(1e-14);
    }

    #[test]
    fn what_was_a_row_is_read_across_by_work_on_images() {
        let passed = Passed::through(
            |target| sweep(&expand(&target.graph, &target.outputs), &[permuted_last]),
            |g| {
                let (x, w) = (g.input("x", [2, 6, 3]), g.input("w", [3, 4]));
                let image = x.contract(w, &[], &[(2, 0)]).permute([0, 2, 1]);
                let of_rows = g.input("v", [2, 5]).matmul(g.input("u", [5, 24])).reshape([2, 4, 6]);
                image.gt(0.0).select(of_rows, 0.0).sum_over([0, 2])
            },
        );
        let text = passed.text();
        assert!(text.contains("permute(reshape)") && !text.contains("permute(gt)"), "{text}");
        passed.keeps_values(1e-14);
    }

    #[test]
    fn an_axis_of_extent_1_has_no_place_in_an_order() {
        let g = Graph::new();
        let y = (g.input("x", [4, 1, 5]).exp().permute([1, 0, 2])) * g.input("s", [1, 4, 1]);
        let (_, count) = counted_sweep(&g, &[y.id()], &[permuted_last]);
        assert_eq!(count, 0);
    }

    #[test]
    fn views_and_parts_keep_the_order_of_memory() {
        let passed = Passed::through(
            |target| sweep(&expand(&target.graph, &target.outputs), &[permuted_last]),
            |g| {
                let (x, w) = (g.input("x", [2, 3, 4]), g.input("w", [4, 5]));
                let y = x.contract(w, &[], &[(2, 0)]).permute([0, 2, 1]);
                let (first, rest) = (y.slice_axis(1, 0..2).tanh(), y.slice_axis(1, 2..5).exp());
                g.concat(&[first, rest], 1) * 2.0
            },
        );
        assert!(passed.text().ends_with("permute(mul)"), "{}", passed.text());
        passed.keeps_values(1e-14);
    }
}
