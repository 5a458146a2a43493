//! Algebra that changes no bit of a result.

use smallvec::SmallVec;

use graph::Lowering;
use graph::Place;
use graph::ops::{AxisList, Contract, Embed};
use graph::rewriting::Visit;
use graph::{Graph, Var};

use crate::compile::analysis::are_apart;
use crate::compile::place::{is_all, keeps_axes};

/// Drops operations that do nothing: x·1, x/1, x − 0, −(−x), a broadcast to the own shape, an array of one part that is all of
/// it, a look at all of an array in its order, a reshape that is looked at or reshaped, a permutation of one that it undoes.
/// All are exact in IEEE arithmetic, also for infinities, NaN and signed zeros. Replacing x + 0 by x (wrong for −0) or x·0 by
/// 0 (wrong for infinities and NaN) would not be, and both stay.
///
/// A transposed product becomes the product of the transposed factors in reverse: the same sums of the same products, and
/// no result to be transposed. The kernel takes factors of any strides.
pub(super) fn simplified<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    use graph::{MapWord, ZipWord};
    let keeps_shape = |x: Var<'g>| (x.ty() == *visit.ty).then_some(x);
    match visit.op.lower() {
        Lowering::Zip(ZipWord::Mul) if number(inputs[1]) == Some(1.0) => keeps_shape(inputs[0]),
        Lowering::Zip(ZipWord::Mul) if number(inputs[0]) == Some(1.0) => keeps_shape(inputs[1]),
        // Of a product that is 0 where its first factor is.
        Lowering::Zip(ZipWord::MulNoNan) if number(inputs[0]) == Some(1.0) => {
            keeps_shape(inputs[1])
        }
        Lowering::Zip(ZipWord::Div) if number(inputs[1]) == Some(1.0) => keeps_shape(inputs[0]),
        Lowering::Zip(ZipWord::Sub) if is_positive_zero(inputs[1]) => keeps_shape(inputs[0]),
        Lowering::Map(MapWord::Neg) => match lowering(inputs[0]) {
            Lowering::Map(MapWord::Neg) => Some(input(inputs[0])),
            _ => None,
        },
        Lowering::Permute(order) => permuted(graph, &order, inputs[0]),
        Lowering::Contract(contract) => absorbed(graph, contract, inputs),
        Lowering::Embed(places) => match &places[..] {
            [place] if *place == Place::whole(&visit.ty.shape) => keeps_shape(inputs[0]),
            _ => ordered(graph, visit, &places, inputs),
        },
        Lowering::Broadcast => keeps_shape(inputs[0]),
        Lowering::View(place) if is_all(&place, &inputs[0].shape()) => {
            Some(inputs[0].reshape_to(&visit.ty.shape))
        }
        // Places are counted in the order of elements, whatever the axes.
        Lowering::View(place) if matches!(lowering(inputs[0]), Lowering::Reshape) => {
            let origin = input(inputs[0]);
            keeps_axes(&origin.shape(), &place).then(|| visit.again(graph, &[origin]))
        }
        Lowering::Reshape => match lowering(inputs[0]) {
            _ if keeps_shape(inputs[0]).is_some() => Some(inputs[0]),
            Lowering::Reshape => {
                let origin = input(inputs[0]);
                Some(keeps_shape(origin).unwrap_or_else(|| visit.again(graph, &[origin])))
            }
            _ => None,
        },
        _ => None,
    }
}

/// A permutation of a contraction that makes it another, or of a permutation that it undoes.
fn permuted<'g>(graph: &'g Graph, order: &[usize], x: Var<'g>) -> Option<Var<'g>> {
    match lowering(x) {
        Lowering::Contract(contract) => contracted(graph, &contract, order, operands(x)),
        Lowering::Permute(before) => {
            let order: Vec<usize> = order.iter().map(|&middle| before[middle]).collect();
            Some(arranged(input(x), &order))
        }
        _ => None,
    }
}

/// The contraction whose result has the axes of this one's in another order, if that leaves the batch in front and those
/// of each factor together: the factors with their axes in that order, or exchanged.
fn contracted<'g>(
    graph: &'g Graph,
    contract: &Contract,
    order: &[usize],
    [a, b]: [Var<'g>; 2],
) -> Option<Var<'g>> {
    let alone = [contract.alone(0, a.rank()), contract.alone(1, b.rank())];
    let first = contract.batch[0].len();
    let middle = first + alone[0].len();
    let (batch, rest) = order.split_at(first);
    let of = |axis: &usize| usize::from(*axis >= middle);
    let apart = batch.iter().all(|&axis| axis < first)
        && rest.windows(2).filter(|pair| of(&pair[0]) != of(&pair[1])).count() <= 1;
    if !apart || rest.is_empty() {
        return None;
    }
    let both = [a, b];
    let factors = both.iter().enumerate().map(|(k, &factor)| {
        let start = [first, middle][k];
        let own = rest.iter().filter(|axis| of(axis) == k).map(|&axis| alone[k][axis - start]);
        let of_batch = batch.iter().map(|&axis| contract.batch[k][axis]);
        let order: Vec<usize> =
            of_batch.chain(own).chain(contract.sums[k].iter().copied()).collect();
        arranged(factor, &order)
    });
    let mut factors: Vec<Var<'g>> = factors.collect();
    if of(&rest[0]) == 1 && !alone[0].is_empty() {
        factors.swap(0, 1);
    }
    let axes = |factor: Var<'g>, from: usize, count: usize| -> AxisList {
        debug_assert!(from + count <= factor.rank());
        (from..from + count).collect()
    };
    let sums = contract.sums[0].len();
    let contract = Contract {
        name: contract.name,
        batch: [0, 1].map(|k| axes(factors[k], 0, first)),
        sums: [0, 1].map(|k| axes(factors[k], factors[k].rank() - sums, sums)),
    };
    Some(graph.apply(contract, &factors))
}

/// A contraction of what its factors are permutations of: which axes are summed is said of any order of them. Those of a
/// factor alone keep theirs, as the result has it.
fn absorbed<'g>(graph: &'g Graph, mut contract: Contract, inputs: &[Var<'g>]) -> Option<Var<'g>> {
    let mut factors = [inputs[0], inputs[1]];
    let mut changed = false;
    for (of, factor) in factors.iter_mut().enumerate() {
        let Lowering::Permute(order) = lowering(*factor) else { continue };
        let alone = contract.alone(of, order.len());
        if alone.windows(2).any(|pair| order[pair[0]] > order[pair[1]]) {
            continue;
        }
        for axis in contract.batch[of].iter_mut().chain(&mut contract.sums[of]) {
            *axis = order[*axis];
        }
        *factor = input(*factor);
        changed = true;
    }
    changed.then(|| graph.apply(contract, &factors))
}

/// The parts of an array in the order in which they lie, those of one place as their sum, if they lie apart then: arrays of
/// the same parts are the same, and each part can be computed where it lies.
fn ordered<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    places: &[Place],
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    // Those of one place stay in their order, and so do their sums.
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by_cached_key(|&i| {
        let Place { offset, shape, strides } = &places[i];
        (*offset, strides.to_vec(), shape.to_vec())
    });
    let mut groups: Vec<Vec<usize>> = Vec::with_capacity(places.len());
    for &i in &order {
        match groups.last_mut() {
            Some(group) if places[group[0]] == places[i] => group.push(i),
            _ => groups.push(vec![i]),
        }
    }
    let distinct: Vec<Place> = groups.iter().map(|group| places[group[0]].clone()).collect();
    if distinct == places || !are_apart(&distinct) {
        return None;
    }
    let sum = |group: &Vec<usize>| {
        let parts = group.iter().map(|&i| inputs[i]);
        parts.reduce(|sum, part| sum + part).expect("no group is empty")
    };
    let (places, inputs) = (distinct, groups.iter().map(sum).collect::<Vec<_>>());
    let embed = Embed { name: visit.op.name(), shape: visit.ty.shape.clone(), places };
    Some(graph.apply(embed, &inputs))
}

/// The axes in an order, recorded where it is another, and as one permutation.
pub(super) fn arranged<'g>(x: Var<'g>, order: &[usize]) -> Var<'g> {
    if order.iter().copied().eq(0..order.len()) {
        return x;
    }
    let (x, order) = match lowering(x) {
        Lowering::Permute(before) => (input(x), order.iter().map(|&axis| before[axis]).collect()),
        _ => (x, order.to_vec()),
    };
    if order.iter().copied().eq(0..order.len()) {
        return x;
    }
    x.permute(order.into_iter().map(|axis| axis as isize).collect::<Vec<_>>())
}

pub(super) fn lowering(var: Var<'_>) -> Lowering {
    var.graph().node(var.id(), |node| node.op.lower())
}

/// The only input of a node.
pub(super) fn input(var: Var<'_>) -> Var<'_> {
    var.graph().var(var.graph().node_inputs(var.id())[0])
}

/// All inputs of a node.
pub(super) fn operands_of<'g>(var: Var<'g>) -> SmallVec<[Var<'g>; 3]> {
    let graph = var.graph();
    graph.node_inputs(var.id()).into_iter().map(|id| graph.var(id)).collect()
}

/// Both inputs of a node.
pub(super) fn operands(var: Var<'_>) -> [Var<'_>; 2] {
    let inputs = var.graph().node_inputs(var.id());
    [inputs[0], inputs[1]].map(|id| var.graph().var(id))
}

/// The number at every position, if it is one and the same.
fn number(var: Var<'_>) -> Option<f64> {
    match lowering(var) {
        Lowering::Full(value) => Some(value),
        Lowering::Broadcast | Lowering::Reshape => number(input(var)),
        _ => None,
    }
}

fn is_positive_zero(var: Var<'_>) -> bool {
    number(var).is_some_and(|value| value.to_bits() == 0)
}

#[cfg(test)]
mod tests {
    use super::super::expand::expanded;
    use super::super::until_settled;
    use super::*;

    fn names(build: impl for<'g> Fn(Var<'g>) -> Var<'g>) -> Vec<&'static str> {
        let g = Graph::new();
        let y = build(g.input("x", [2, 3])).id();
        let simplified = until_settled(&g, &[y], &[expanded, simplified]);
        let live = simplified.graph.ancestors(&simplified.outputs);
        simplified.graph.dag(|dag| {
            let live = dag.node_indices().filter(|id| live[id.index()]);
            live.map(|id| dag[id].op.name()).collect()
        })
    }

    #[test]
    fn what_does_nothing_is_dropped() {
        assert_eq!(names(|x| -(-(1.0 * x / 1.0 - 0.0))), ["input"]);
        assert_eq!(names(|x| x.reshape([6]).reshape([2, 3])), ["input"]);
        assert_eq!(names(|x| x.reshape([6]).reshape([3, 2])), ["input", "reshape"]);
        assert_eq!(names(|x| x.pad([(0, 0), (0, 0)], 0.0)), ["input"]);
        assert_eq!(names(|x| x.view(Place::whole([2, 3]))), ["input"]);
        assert_eq!(names(|x| x.view(Place::whole([3, 2]))), ["input", "reshape"]);
        assert_eq!(names(|x| x.view(Place::whole([2, 2]))), ["input", "view"]);
        assert_eq!(names(|x| x.reshape([3, 2]).slice_axis(0, 1..2)), ["input", "reshape", "slice"]);
        assert_eq!(names(|x| x.reshape([1, 2, 3]).slice_axis(2, 1..3)), ["input", "slice"]);
        assert_eq!(names(|x| x.flip([0])), ["input", "flip"]);
        assert_eq!(
            names(|x| x.graph().full([], 1.0).broadcast_to([2, 3]).mul_no_nan(x)),
            ["input"]
        );
    }

    #[test]
    fn transposes_move_into_products() {
        assert_eq!(names(|x| x.t().matmul(x).t()), ["input", "matmul"]);
        assert_eq!(names(|x| x.t().t()), ["input"]);
    }

    #[test]
    fn what_only_looks_like_nothing_stays() {
        assert!(names(|x| x + 0.0).contains(&"add"));
        assert!(names(|x| x * 0.0).contains(&"mul"));
        assert!(names(|x| x - (-0.0)).contains(&"sub"));
        assert!(names(|x| x.mul_no_nan(1.0)).contains(&"mul_no_nan"), "−0 becomes 0");
        let widened = names(|x| x.slice_axis(0, 0..1) * x.graph().full([2, 3], 1.0));
        assert!(widened.contains(&"mul"), "{widened:?}");
    }
}
