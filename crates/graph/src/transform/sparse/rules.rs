//! What each element of an operation's result depends on, given what the elements of its inputs do.

use std::rc::Rc;

use ndarray::ArrayD;
use smallvec::SmallVec;

use super::dependence::{Given, Walk};
use super::sets::{EMPTY, SetId};
use crate::control::Scan;
use crate::operation::Op;
use crate::ops::Contract;
use crate::short::Short;
use crate::{Lowering, Place, Shape, Type};

/// Of each element of a result, the positions it depends on.
pub(super) type Rows = Vec<SetId>;

impl Walk {
    /// Of an operation of which some input depends on something.
    pub fn result(&mut self, op: &Op, inputs: &[Given], ty: &Type) -> Option<Rc<[SetId]>> {
        let [first, ..] = inputs else { return None };
        let of = |i: usize| inputs.get(i).and_then(|input| input.known.sets.clone());
        let index = |i: usize| inputs[i].known.index.as_deref();
        let size = ty.shape.size();
        let x = || of(0).unwrap_or_else(|| vec![EMPTY; first.ty.shape.size()].into());
        let rows: Rows = match op.lower() {
            Lowering::Map(_) | Lowering::Reshape | Lowering::Reinterpret | Lowering::Copy => {
                return of(0);
            }
            Lowering::Zip(_) | Lowering::Select | Lowering::Broadcast => {
                let mut rows = vec![EMPTY; size];
                for input in inputs {
                    if let Some(sets) = &input.known.sets {
                        self.unite(&mut rows, sets, &input.ty.shape, &ty.shape);
                    }
                }
                rows
            }
            Lowering::Reduce(_, axes) => {
                let shape = &first.ty.shape;
                let axes = axes.resolve(shape.rank()).expect("the shape rule checked the axes");
                self.united(&x(), shape, &axes)
            }
            Lowering::Contract(contract) => {
                self.contracted(&contract, [of(0), of(1)], [&inputs[0].ty, &inputs[1].ty])
            }
            Lowering::Permute(order) => {
                looked_at(&x(), &Place::whole(&first.ty.shape).permuted(&order))
            }
            Lowering::View(place) => looked_at(&x(), &place),
            Lowering::Embed(places) => {
                let parts =
                    places.iter().enumerate().filter_map(|(i, place)| Some((of(i)?, place)));
                let into = parts.flat_map(|(sets, place)| {
                    let numbers: Vec<usize> = place.numbers().collect();
                    numbers.into_iter().zip(sets.to_vec())
                });
                let into = into.collect();
                self.added(vec![EMPTY; size], into)
            }
            Lowering::Pick(place) => self.picked(&x(), &place, index(1)),
            Lowering::Put(place) => {
                self.put(x().to_vec(), &place, index(1), of(2).as_deref().unwrap_or(&[]))
            }
            Lowering::Replace(place) => {
                let update = of(2);
                let size: usize = place.shape.iter().rev().skip(1).product();
                let update = update.unwrap_or_else(|| vec![EMPTY; size].into());
                self.replaced(x().to_vec(), &place, index(1), &update)
            }
            Lowering::Scan => {
                let scan = op.downcast::<Scan>().expect("what a loop is lowered to");
                self.scan(scan, inputs)
            }
            // Without inputs, or of other kinds than reals.
            Lowering::Input(_)
            | Lowering::Parameter(_)
            | Lowering::Constant
            | Lowering::Full(_)
            | Lowering::IsAt(_)
            | Lowering::Within(_)
            | Lowering::Position(..) => return None,
            // Of a choice or a loop with a condition, every result may depend on all that it reads.
            Lowering::Plain | Lowering::Cond | Lowering::While => {
                return self.plain(op, inputs, ty);
            }
        };
        Some(rows.into())
    }

    /// `rows` of an array of this shape with those of one that broadcasts to it.
    pub fn unite(&mut self, rows: &mut Rows, x: &[SetId], shape: &Shape, to: &Shape) {
        for (row, number) in rows.iter_mut().zip(repeated(shape, to).numbers()) {
            *row = self.sets.union(*row, x[number]);
        }
    }

    /// Each element along some axes with all others.
    pub fn united(&mut self, x: &[SetId], shape: &Shape, axes: &[usize]) -> Rows {
        let kept = (0..shape.rank()).filter(|axis| !axes.contains(axis));
        let order: SmallVec<[usize; 4]> = kept.chain(axes.iter().copied()).short();
        let count: usize = axes.iter().map(|&axis| shape[axis]).product();
        let lanes = looked_at(x, &Place::whole(shape).permuted(&order));
        let results = shape.reduced(axes, false).size();
        if count == 0 {
            return vec![EMPTY; results];
        }
        lanes.chunks(count).map(|lane| self.sets.union_all(lane.iter().copied())).collect()
    }

    /// C[b, m, n] depends on all of A[b, m, ·] and of B[b, ·, n].
    fn contracted(
        &mut self,
        contract: &Contract,
        sets: [Option<Rc<[SetId]>>; 2],
        types: [&Type; 2],
    ) -> Rows {
        let size = |of: usize, axes: &[usize]| -> usize {
            axes.iter().map(|&axis| types[of].shape[axis]).product()
        };
        let batches = size(0, &contract.batch[0]);
        let alone = [0, 1].map(|of| contract.alone(of, types[of].shape.rank()));
        let counts = [size(0, &alone[0]), size(1, &alone[1])];
        let lines = [0, 1].map(|of| {
            let groups = [&contract.batch[of], &alone[of], &contract.sums[of]];
            let order: Vec<usize> = groups.into_iter().flatten().copied().collect();
            let lines = vec![EMPTY; batches * counts[of]];
            let Some(sets) = &sets[of] else { return lines };
            let shape: Shape = order.iter().map(|&axis| types[of].shape[axis]).collect();
            let arranged = looked_at(sets, &Place::whole(&types[of].shape).permuted(&order));
            let axes: Vec<usize> = (shape.rank() - contract.sums[of].len()..shape.rank()).collect();
            self.united(&arranged, &shape, &axes)
        });
        let mut rows = Vec::with_capacity(batches * counts[0] * counts[1]);
        for batch in 0..batches {
            for m in 0..counts[0] {
                for n in 0..counts[1] {
                    let of_a = lines[0][batch * counts[0] + m];
                    rows.push(self.sets.union(of_a, lines[1][batch * counts[1] + n]));
                }
            }
        }
        rows
    }

    /// `rows`, with each of these added at its number.
    fn added(&mut self, mut rows: Rows, mut into: Vec<(usize, SetId)>) -> Rows {
        into.retain(|pair| pair.1 != EMPTY);
        into.sort_unstable();
        for same in into.chunk_by(|a, b| a.0 == b.0) {
            let number = same[0].0;
            let before = rows[number];
            rows[number] = self.sets.union_all(same.iter().map(|pair| pair.1).chain([before]));
        }
        rows
    }

    /// The element that each index says; any along the axis where the indices are not known.
    fn picked(&mut self, x: &[SetId], place: &Place, index: Option<&ArrayD<i64>>) -> Rows {
        let (starts, extent, stride) = lines(place);
        match index {
            Some(index) => starts
                .zip(index)
                .map(|(start, &i)| along(start, i, extent, stride).map_or(EMPTY, |at| x[at]))
                .collect(),
            None => starts
                .map(|start| {
                    let line = (0..extent as i64).filter_map(|i| along(start, i, extent, stride));
                    self.sets.union_all(line.map(|at| x[at]))
                })
                .collect(),
        }
    }

    /// Each element of the source in place of what is where its index says; beside it, at all along the axis, where the
    /// indices are not known.
    fn replaced(
        &mut self,
        mut rows: Rows,
        place: &Place,
        index: Option<&ArrayD<i64>>,
        source: &[SetId],
    ) -> Rows {
        let Some(known) = index else { return self.put(rows, place, None, source) };
        let (starts, extent, stride) = lines(place);
        for ((start, &set), &i) in starts.zip(source).zip(known) {
            if let Some(at) = along(start, i, extent, stride) {
                rows[at] = set;
            }
        }
        rows
    }

    /// Each element of the source added where its index says; at all along the axis where the indices are not known.
    fn put(
        &mut self,
        rows: Rows,
        place: &Place,
        index: Option<&ArrayD<i64>>,
        source: &[SetId],
    ) -> Rows {
        let (starts, extent, stride) = lines(place);
        let from = starts.zip(source.iter().copied());
        let into: Vec<(usize, SetId)> = match index {
            Some(index) => from
                .zip(index)
                .filter_map(|((start, set), &i)| Some((along(start, i, extent, stride)?, set)))
                .collect(),
            None => {
                let mut from: Vec<(usize, SetId)> = from.collect();
                from.sort_unstable();
                let mut into = Vec::new();
                for same in from.chunk_by(|a, b| a.0 == b.0) {
                    let all = self.sets.union_all(same.iter().map(|pair| pair.1));
                    let line =
                        (0..extent as i64).filter_map(|i| along(same[0].0, i, extent, stride));
                    into.extend(line.map(|at| (at, all)));
                }
                into
            }
        };
        self.added(rows, into)
    }
}

/// Where the elements of an array lie among those of one of this shape that broadcasts to it.
fn repeated(shape: &Shape, to: &Shape) -> Place {
    let (own, rank) = (shape.strides(), to.rank());
    let stride = |axis: usize| match shape.aligned(axis, rank) {
        1 => 0,
        _ => own[axis + shape.rank() - rank] as isize,
    };
    Place { offset: 0, shape: to.clone(), strides: (0..rank).map(stride).collect() }
}

fn looked_at(x: &[SetId], place: &Place) -> Rows {
    place.numbers().map(|number| x[number]).collect()
}

/// The first element of each line along the last axis of a place, and the extent and the stride of that axis.
fn lines(place: &Place) -> (impl Iterator<Item = usize>, usize, isize) {
    let axis = place.shape.rank() - 1;
    let shape = Shape::from(&place.shape[..axis]);
    let first = Place { offset: place.offset, shape, strides: place.strides[..axis].into() };
    let starts: Vec<usize> = first.numbers().collect();
    (starts.into_iter(), place.shape[axis], place.strides[axis])
}

/// The number of the element at an index of a line, if it has one.
fn along(start: usize, index: i64, extent: usize, stride: isize) -> Option<usize> {
    let index = usize::try_from(index).ok().filter(|&index| index < extent)?;
    Some(start.wrapping_add_signed(index as isize * stride))
}
