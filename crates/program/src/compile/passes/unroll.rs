//! Reductions of small windows, as elementwise work on the window's elements.

use graph::rewriting::Visit;
use graph::{Axes, FoldWord, Graph, Lowering, Place, Shape, Var};

use super::simplify::{input, lowering};

/// Larger windows are reduced.
const LARGEST: usize = 16;

/// Rows of fewer numbers are short.
const SHORT: usize = 64;

/// So many arrays, one after the other, are few.
const FEW: usize = 4;

/// The reduction of a small window joins its elements one by one, each an array that is a view of the one that the windows
/// look at: of four numbers, three operations in one loop, where a reduction would gather the windows first. (Along the last
/// axis neighbours are reduced as they lie.)
pub(super) fn unrolled<'g>(_: &'g Graph, visit: &Visit<'_>, inputs: &[Var<'g>]) -> Option<Var<'g>> {
    let Lowering::Reduce(word, axes) = visit.op.lower() else { return None };
    let (source, place) = match lowering(inputs[0]) {
        Lowering::View(place) => (input(inputs[0]), place),
        _ if is_of_short_rows(&inputs[0].shape(), &axes)
            || is_of_few(&inputs[0].shape(), &axes) =>
        {
            (inputs[0], Place::whole(inputs[0].shape()))
        }
        _ => return None,
    };
    let axes = axes.resolve(place.shape.rank()).ok()?;
    let count: usize = axes.iter().map(|&axis| place.shape[axis]).product();
    let last = place.shape.rank().checked_sub(1)?;
    if axes.contains(&last) || !(2..=LARGEST).contains(&count) || place.shape.size() == 0 {
        return None;
    }
    let elements = elements(&place, &axes).into_iter().map(|place| source.view(place));
    let joined = elements.reduce(|a, b| match word {
        FoldWord::Max => a.maximum(b),
        FoldWord::Min => a.minimum(b),
        FoldWord::Prod => a * b,
        FoldWord::Sum => a + b,
    })?;
    // A sum starts from 0, and 0 + (−0) is 0.
    let joined = if word == FoldWord::Sum { joined + 0.0 } else { joined };
    Some(joined.reshape_to(&visit.ty.shape))
}

/// Whether windows that work was done on lie far from one another, and each has rows so short that a loop down them would
/// spend its time between the windows.
fn is_of_short_rows(shape: &Shape, axes: &Axes) -> bool {
    let Ok(axes) = axes.resolve(shape.rank()) else { return false };
    let (Some(&first), Some(&last)) = (axes.first(), axes.last()) else { return false };
    shape[..first].iter().product::<usize>() > 1
        && shape[last + 1..].iter().product::<usize>() < SHORT
}

/// Whether few long arrays are joined, one after the other, as by a sum over the directions of a derivative: whoever reads
/// their sum adds them where it reads.
fn is_of_few(shape: &Shape, axes: &Axes) -> bool {
    let Ok(axes) = axes.resolve(shape.rank()) else { return false };
    axes[..] == [0] && shape[0] <= FEW && shape[1..].iter().product::<usize>() >= SHORT
}

/// The places without these axes, for each position along them in row-major order.
fn elements(place: &Place, axes: &[usize]) -> Vec<Place> {
    let mut places = vec![place.clone()];
    for &axis in axes {
        let along = |place: &Place| {
            let place = place.clone();
            (0..place.shape[axis]).map(move |i| at(&place, axis, i)).collect::<Vec<_>>()
        };
        places = places.iter().flat_map(along).collect();
    }
    let keep = |place: Place| {
        let kept = (0..place.shape.rank()).filter(|axis| !axes.contains(axis));
        let (shape, strides) =
            kept.map(|axis| (place.shape[axis], place.strides[axis])).unzip::<_, _, Vec<_>, _>();
        Place { offset: place.offset, shape: Shape::from(shape), strides }
    };
    places.into_iter().map(keep).collect()
}

/// The place at one position of an axis, which keeps extent 1.
fn at(place: &Place, axis: usize, position: usize) -> Place {
    let moved = position as isize * place.strides[axis];
    Place {
        offset: place.offset.wrapping_add_signed(moved),
        shape: place.shape.with(axis, 1),
        strides: place.strides.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::expand::expand;
    use super::super::sweep;
    use super::super::testing::Passed;
    use super::*;
    use graph::ops::Window;

    #[test]
    fn a_maximum_of_four_is_three_comparisons_of_views() {
        let passed = Passed::through(
            |target| sweep(&expand(&target.graph, &target.outputs), &[unrolled]),
            |g| g.input("x", [2, 4, 6]).max_pool2d(Window::new(2)),
        );
        let expected = "x = input; view(x); view(x); maximum(view, view); view(x); maximum(maximum, view); \
                        view(x); maximum(maximum, view); reshape(maximum); reshape(reshape)";
        assert_eq!(passed.text(), expected);
        passed.keeps_values(0.0);
    }
    #[test]
    fn windows_of_computed_values_are_joined_too_but_not_the_rows_of_a_matrix() {
        let passed = |shape: &'static [usize], axis: isize| {
            Passed::through(
                |target| sweep(target, &[unrolled]),
                move |g| g.input("x", shape).exp().max_over(axis),
            )
        };
        let windows = passed(&[3, 2, 6], 1);
        let expected =
            "x = input; exp(x); view(exp); view(exp); maximum(view, view); reshape(maximum)";
        assert_eq!(windows.text(), expected);
        windows.keeps_values(0.0);
        assert_eq!(passed(&[2, 6], 0).text(), "x = input; exp(x); max(exp)");
        let directions = passed(&[2, 8, 64], 0);
        assert_eq!(
            directions.text(),
            "x = input; exp(x); view(exp); view(exp); maximum(view, view); reshape(maximum)"
        );
        directions.keeps_values(0.0);
    }
}
