//! A product reads its factors, and an array takes its parts, along the axes that were merged before.
//!
//! Who multiplies an array of many axes by a matrix makes rows of it, and the result is given its axes back. Loops join over
//! the same positions, and so the reshape would keep the product from what works on it. A contraction has groups of axes and
//! takes them as they are; the reshape goes behind it, where the one back undoes it. What was permuted before it was
//! merged is read where it lies, and computed where it belongs in an array of parts: the heads of an attention need no copy.

use graph::Lowering;
use graph::ops::{AxisList, Contract, Embed};
use graph::rewriting::Visit;
use graph::{Graph, Place, Shape, Var};
use smallvec::{SmallVec, smallvec};

use super::super::place::reshaped;
use super::layout::inverse;
use super::simplify::{input, lowering};

/// The fewest rows that a product is worth computing for by themselves.
const ROWS: usize = 32;

/// The extents that one axis was merged of.
type Parts = SmallVec<[usize; 4]>;

/// The contraction of what a factor is a reshape of, if that merged axes, and the array of what parts are reshapes of. The
/// same sums in the same order.
pub(super) fn unmerged<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    let contract = match visit.op.lower() {
        Lowering::Contract(contract) => contract,
        Lowering::Embed(places) => return parts_along_source(graph, visit, places, inputs),
        _ => return None,
    };
    let product = [0, 1]
        .into_iter()
        .find_map(|of| along_source(graph, &contract, [inputs[0], inputs[1]], of))?;
    Some(product.reshape_to(&visit.ty.shape))
}

fn along_source<'g>(
    graph: &'g Graph,
    contract: &Contract,
    factors: [Var<'g>; 2],
    of: usize,
) -> Option<Var<'g>> {
    let Lowering::Reshape = lowering(factors[of]) else { return None };
    let source = input(factors[of]);
    if is_turned(source) {
        return None;
    }
    let mut parts = [whole(&factors[0].shape()), whole(&factors[1].shape())];
    parts[of] = merged_of(&source.shape(), &factors[of].shape())?;
    let own = contract.alone(of, factors[of].rank());
    // The columns of a loop are one axis, and a loop may be unable to go through more rows at a time than the last axis has.
    let few = own.last().and_then(|&axis| parts[of][axis].last()).is_some_and(|&last| last < ROWS);
    if of == 1 || few {
        own.iter().for_each(|&axis| parts[of][axis] = smallvec![factors[of].shape()[axis]]);
    }
    for group in [&contract.batch, &contract.sums] {
        for (&axis, &other) in group[of].iter().zip(&group[1 - of]) {
            parts[1 - of][other] = parts[of][axis].clone();
        }
    }
    let count =
        |k: usize, axes: &[usize]| axes.iter().map(|&axis| parts[k][axis].len()).sum::<usize>();
    let alone = |k: usize| count(k, &contract.alone(k, factors[k].rank()));
    let rank = count(0, &contract.batch[0]) + alone(0) + alone(1);
    if parts[of].iter().all(|axis| axis.len() == 1) || rank > kernels::Fused::<f32>::MAX_AXES {
        return None;
    }
    let split = |k: usize| {
        let from = if k == of { source } else { factors[k] };
        from.reshape_to(parts[k].iter().flatten().copied().collect::<Shape>())
    };
    let axes = |k: usize, group: &[AxisList; 2]| -> AxisList {
        let before = |axis: usize| parts[k][..axis].iter().map(|axis| axis.len()).sum::<usize>();
        let range = |&axis: &usize| before(axis)..before(axis + 1);
        group[k].iter().flat_map(range).collect()
    };
    let along = Contract {
        name: contract.name,
        batch: [0, 1].map(|k| axes(k, &contract.batch)),
        sums: [0, 1].map(|k| axes(k, &contract.sums)),
    };
    Some(graph.apply(along, &[split(0), split(1)]))
}

/// The array whose parts are what was permuted and merged before they became parts: each in its place along its own axes,
/// where it can be computed.
fn parts_along_source<'g>(
    graph: &'g Graph,
    visit: &Visit<'_>,
    mut places: Vec<Place>,
    inputs: &[Var<'g>],
) -> Option<Var<'g>> {
    let mut inputs = inputs.to_vec();
    let mut changed = false;
    for (part, place) in inputs.iter_mut().zip(&mut places) {
        if let Some(along) = part_along_source(*part, place) {
            (*part, *place) = along;
            changed = true;
        }
    }
    let embed = Embed { name: visit.op.name(), shape: visit.ty.shape.clone(), places };
    changed.then(|| graph.apply(embed, &inputs))
}

fn part_along_source<'g>(part: Var<'g>, place: &Place) -> Option<(Var<'g>, Place)> {
    let Lowering::Reshape = lowering(part) else { return None };
    let Lowering::Permute(order) = lowering(input(part)) else { return None };
    let shape = input(part).shape();
    let merged = merged_of(&shape, &part.shape())?;
    if merged.iter().flatten().count() != shape.rank() {
        return None;
    }
    let strides = reshaped(place, &shape)?;
    let place = Place { shape, strides, ..place.clone() };
    Some((input(input(part)), place.permuted(&inverse(&order))))
}

/// Whether the last axis does not lie in memory element by element. Who reads along another takes longer than a copy does,
/// which serves all readers.
fn is_turned(x: Var<'_>) -> bool {
    matches!(lowering(x), Lowering::Permute(order) if order.last().is_some_and(|&last| last + 1 < order.len()))
}

/// Every axis as it is.
fn whole(shape: &Shape) -> Vec<Parts> {
    shape.iter().map(|&extent| smallvec![extent]).collect()
}

/// What each axis was merged of, if all are made of neighbouring axes: those of extent 1 do not count.
fn merged_of(from: &Shape, shape: &Shape) -> Option<Vec<Parts>> {
    if shape.size() == 0 {
        return None;
    }
    let mut extents = from.iter().copied().filter(|&extent| extent != 1);
    let of_axis = |&extent: &usize| {
        let mut parts = Parts::new();
        while parts.iter().product::<usize>() < extent {
            parts.push(extents.next()?);
        }
        (parts.iter().product::<usize>() == extent).then(|| match extent {
            1 => smallvec![1],
            _ => parts,
        })
    };
    shape.iter().map(of_axis).collect()
}

#[cfg(test)]
mod tests {
    use super::super::expand::expanded;
    use super::super::simplify::simplified;
    use super::super::testing::Passed;
    use super::super::until_settled;
    use super::*;

    fn passed(build: impl Fn(&Graph) -> Var<'_>) -> Passed {
        Passed::through(
            |target| {
                until_settled(&target.graph, &target.outputs, &[expanded, simplified, unmerged])
            },
            build,
        )
    }

    #[test]
    fn rows_that_were_merged_are_the_axes_of_a_product() {
        let passed = passed(|g| {
            let (x, w) = (g.input("x", [2, 32, 4]), g.input("w", [4, 5]));
            x.reshape([64, 4]).matmul(w).reshape([2, 32, 5]).relu()
        });
        assert!(!passed.text().contains("reshape"), "{}", passed.text());
        passed.keeps_values(1e-14);
    }

    #[test]
    fn few_rows_stay_merged() {
        let passed = passed(|g| {
            let (x, w) = (g.input("x", [32, 2, 4]), g.input("w", [4, 5]));
            x.reshape([64, 4]).matmul(w).reshape([32, 2, 5]).relu()
        });
        assert!(passed.text().contains("reshape"), "{}", passed.text());
    }

    #[test]
    fn a_sum_over_rows_that_were_merged_is_one_over_their_axes() {
        let passed = passed(|g| {
            let (x, y) = (g.input("x", [2, 3, 4]), g.input("y", [2, 3, 5]));
            x.reshape([6, 4]).t().matmul(y.reshape([6, 5]))
        });
        assert!(!passed.text().contains("reshape"), "{}", passed.text());
        passed.keeps_values(1e-14);
    }

    #[test]
    fn what_was_permuted_and_merged_is_read_where_it_lies_if_rows_are_left() {
        let product = |order: [isize; 4]| {
            passed(move |g| {
                let (x, w) = (g.input("x", [2, 3, 4, 5]), g.input("w", [60, 7]));
                x.permute(order).reshape([2, 60]).matmul(w)
            })
        };
        let (rows, columns) = (product([0, 2, 1, 3]), product([0, 2, 3, 1]));
        assert!(!rows.text().contains("reshape(permute"), "{}", rows.text());
        assert!(columns.text().contains("reshape(permute"), "{}", columns.text());
        rows.keeps_values(1e-14);
    }

    #[test]
    fn what_was_permuted_and_merged_is_a_part_where_it_belongs() {
        let passed = passed(|g| {
            let [x, y] = ["x", "y"].map(|name| g.input(name, [2, 4, 3]));
            g.concat(&[x, y].map(|x| x.exp().permute([0, 2, 1]).reshape([2, 12])), 1)
        });
        assert!(!passed.text().contains("reshape"), "{}", passed.text());
        passed.keeps_values(0.0);
    }

    #[test]
    fn axes_that_were_cut_otherwise_stay() {
        let parts = |from: &[usize], shape: &[usize]| merged_of(&from.into(), &shape.into());
        let of = |parts: &[&[usize]]| Some(parts.iter().map(|&part| part.into()).collect());
        assert_eq!(parts(&[2, 1, 3, 4], &[6, 1, 4]), of(&[&[2, 3], &[1], &[4]]));
        assert_eq!(parts(&[6, 4], &[2, 12]), None);
        assert_eq!(parts(&[6, 4], &[6, 2, 2]), None);
        assert_eq!(parts(&[0, 4], &[0]), None);
    }
}
