//! Where outputs go, and inputs that stand in their slices: checked once, so that a run writes no place twice and reads none
//! that another thread writes.

use super::builder::{Input, Layout, Output, Role};
use super::nest::Lay;
use crate::reduce::Reduce;
use crate::spread::Spread;

/// What an output holds, and where.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) slot: usize,
    pub(super) lay: Lay,
    /// The extents that it has, and its strides along them.
    pub(super) extents: Vec<usize>,
    strides: Vec<isize>,
    pub(super) reduce: Option<Reduce>,
}

impl Shape {
    /// The shape of output number `number` of a nest, of which so many axes are the rows.
    ///
    /// # Panics
    ///
    /// When it shares places with itself, or is a reduction over the rows and not dense.
    #[track_caller]
    pub(super) fn new(extents: &[usize], row_axes: usize, number: usize, output: &Output) -> Shape {
        let axes: Vec<usize> = output.axes(extents.len(), row_axes).collect();
        let own: Vec<usize> = axes.iter().map(|&axis| extents[axis]).collect();
        let dense = dense_strides(&own);
        let layout = output.layout.clone();
        let Layout { slot, offset, strides } =
            layout.unwrap_or_else(|| Layout { slot: number, offset: 0, strides: dense.clone() });
        let matters =
            |(extent, strides): (&usize, (&isize, &isize))| *extent > 1 && strides.0 != strides.1;
        assert!(
            output.reduce.is_none() || !own.iter().zip(strides.iter().zip(&dense)).any(matters),
            "output {number} is reduced over the rows, and so goes to neighbouring places: not to strides {strides:?}"
        );
        let mut all = vec![0; extents.len()];
        axes.iter().zip(&strides).for_each(|(&axis, &stride)| all[axis] = stride);
        let lay = Lay { offset, strides: all };
        let shape = Shape { slot, lay, extents: own, strides, reduce: output.reduce };
        assert!(
            shape.spread().reach() == Some((0, 0)) || shape.spread().is_injective(),
            "two elements of output {number} go to one place: strides {:?} over {:?}",
            shape.strides,
            shape.extents
        );
        shape
    }

    pub(super) fn spread(&self) -> Spread<'_> {
        Spread { offset: self.lay.offset, extents: &self.extents, strides: &self.strides }
    }

    /// How many elements its slice must have.
    pub(super) fn reach(&self) -> usize {
        self.spread().reach().map_or(usize::MAX, |reach| reach.1)
    }
}

/// Row-major strides.
pub(super) fn dense_strides(extents: &[usize]) -> Vec<isize> {
    let mut strides = vec![1_isize; extents.len()];
    for axis in (1..extents.len()).rev() {
        strides[axis - 1] =
            strides[axis].saturating_mul(isize::try_from(extents[axis]).unwrap_or(isize::MAX));
    }
    strides
}

/// The rule that outputs lie apart, and that inputs in their slices stand where one goes or where none does; answers for
/// each input the output that is computed in its place.
pub(super) fn check(
    extents: &[usize],
    inputs: &[Input],
    outputs: &[Shape],
) -> Result<Vec<Option<usize>>, String> {
    for (j, output) in outputs.iter().enumerate() {
        let mut beside = outputs[..j].iter().filter(|other| other.slot == output.slot);
        if !beside.all(|other| other.spread().is_apart_from(&output.spread())) {
            let slot = output.slot;
            return Err(format!(
                "output {j} is not known to lie apart from the others of slice {slot}"
            ));
        }
    }
    let over = |(k, input): (usize, &Input)| {
        let Some(slot) = input.slot else { return Ok(None) };
        let along = input.role.along();
        // What stands still along an axis without positions is read all the same.
        let extents_read: Vec<usize> = extents
            .iter()
            .map(|&extent| extent.max(1))
            .chain(along.map(|along| along.extent))
            .collect();
        let strides: Vec<isize> =
            input.lay.strides.iter().copied().chain(along.map(|along| along.stride)).collect();
        let offset = input.lay.offset;
        let spread = Spread { offset, extents: &extents_read, strides: &strides };
        let same = |output: &Shape| {
            let positions = input.role == Role::Values && output.reduce.is_none();
            positions && is_same(extents, &output.lay, &input.lay)
        };
        let beside = || outputs.iter().enumerate().filter(|(_, output)| output.slot == slot);
        let over = beside().find(|(_, output)| same(output)).map(|(j, _)| j);
        let apart =
            beside().all(|(j, output)| Some(j) == over || output.spread().is_apart_from(&spread));
        if apart {
            Ok(over)
        } else {
            Err(format!(
                "input {k} cannot stand in slice {slot}: an output goes to a part of its places"
            ))
        }
    };
    inputs.iter().enumerate().map(over).collect()
}

/// Whether two operands lie alike over the extents.
fn is_same(extents: &[usize], a: &Lay, b: &Lay) -> bool {
    let strides = a.strides.iter().zip(&b.strides);
    a.offset == b.offset
        && extents.iter().zip(strides).all(|(&extent, (a, b))| extent == 1 || a == b)
}
