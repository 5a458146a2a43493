//! Elements found by index, as a compiler knows them: the operations that `gather`, `take`, `dynamic_slice` and their
//! adjoints become, each with a reverse rule by the others. Only compilers record them.

use std::fmt;

use smallvec::smallvec;

use super::check;
use crate::error::{exactly, expect_kind};
use crate::{
    Args, Batch, Cotangents, Kind, Lowering, Operation, Out, Place, RunResult, Scalar, Shape, Type,
    Var,
};

/// yₚ = x at the place of (p, indexₚ): a place has one axis more than the indices, and each of them points along it.
/// Cotangent: v, put where it came from ([`Put`]).
#[derive(Clone)]
pub struct Pick {
    /// What messages call it: `gather`, `take`.
    pub name: &'static str,
    /// Where the elements lie among those of the array, the indexed axis being the last.
    pub place: Place,
}

/// x with each element of the source added at its place, which is that of (p, indexₚ). Cotangents: v, and v picked there
/// ([`Pick`]).
#[derive(Clone)]
pub struct Put {
    /// What messages call it: `scatter_add`, `index_add`.
    pub name: &'static str,
    /// As of [`Pick`].
    pub place: Place,
}

/// x with each element of the source in place of the one at its place, which is that of (p, indexₚ); no two positions have
/// one. Cotangents: v with zeros there, and v picked there ([`Pick`]).
#[derive(Clone)]
pub struct Replace {
    /// What messages call it: `dynamic_update_slice`.
    pub name: &'static str,
    /// As of [`Pick`].
    pub place: Place,
}

/// The name says nothing of the result.
impl PartialEq for Pick {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

/// The name says nothing of the result.
impl PartialEq for Put {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

/// The name says nothing of the result.
impl PartialEq for Replace {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
    }
}

/// Without the name: what is equal prints alike.
impl fmt::Debug for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pick").field("place", &self.place).finish()
    }
}

/// Without the name: what is equal prints alike.
impl fmt::Debug for Put {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Put").field("place", &self.place).finish()
    }
}

/// Without the name: what is equal prints alike.
impl fmt::Debug for Replace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replace").field("place", &self.place).finish()
    }
}

impl Operation for Pick {
    fn name(&self) -> &'static str {
        self.name
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        let [x, index] = exactly(inputs)?;
        Ok(Type::real(positions(&self.place, x, index)?))
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (graph, place) = (v.graph(), self.place.clone());
        let zeros = graph.full(inputs[0].shape(), 0.0);
        smallvec![Some(graph.apply(Put { name: "put", place }, &[zeros, inputs[1], v])), None]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        let (x, index) = (args.real(0), args.index(1));
        let x = x.as_standard_layout();
        let x = x.as_slice().expect("standard layout");
        let places = numbers(&self.place);
        for ((y, (place, &i)), start) in out.real().iter_mut().zip(index.indexed_iter()).zip(places)
        {
            *y = x[moved(&self.place, start, i, &place)?];
        }
        Ok(())
    }
    fn lower(&self) -> Lowering {
        Lowering::Pick(self.place.clone())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        let apart = if batch.is_sampled(0) { batch.ty(0).shape.size() } else { 0 };
        let place = self.place.repeated(batch.samples(), apart);
        let index = batch.each(1);
        Some(index.graph().apply(Self { name: self.name, place }, &[batch.given(0), index]))
    }
}

impl Operation for Put {
    fn name(&self) -> &'static str {
        self.name
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        written(&self.place, inputs)
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let picked = Pick { name: "pick", place: self.place.clone() };
        smallvec![Some(v), None, Some(v.graph().apply(picked, &[v, inputs[1]]))]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        write(&self.place, args, out, &|x, s| *x += s)
    }
    fn lower(&self) -> Lowering {
        Lowering::Put(self.place.clone())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        let place = self.place.repeated(batch.samples(), batch.ty(0).shape.size());
        Some(batch.apply(Self { name: self.name, place }))
    }
}

impl Operation for Replace {
    fn name(&self) -> &'static str {
        self.name
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type, String> {
        written(&self.place, inputs)
    }
    fn vjp<'g>(&self, inputs: &[Var<'g>], _: Var<'g>, v: Var<'g>) -> Cotangents<'g> {
        let (graph, index) = (v.graph(), inputs[1]);
        let picked = Pick { name: "pick", place: self.place.clone() };
        let zeros = graph.full(inputs[2].shape(), 0.0);
        smallvec![
            Some(graph.apply(self.clone(), &[v, index, zeros])),
            None,
            Some(graph.apply(picked, &[v, index])),
        ]
    }
    fn eval<T: Scalar>(&self, args: &Args<'_, T>, out: &mut Out<'_, T>) -> RunResult {
        write(&self.place, args, out, &|x, s| *x = s)
    }
    fn lower(&self) -> Lowering {
        Lowering::Replace(self.place.clone())
    }
    fn batch<'g>(&self, batch: &Batch<'_, 'g>) -> Option<Var<'g>> {
        let place = self.place.repeated(batch.samples(), batch.ty(0).shape.size());
        Some(batch.apply(Self { name: self.name, place }))
    }
}

/// The shape rule of what writes where indices say.
fn written(place: &Place, inputs: &[Type]) -> Result<Type, String> {
    let [x, index, source] = exactly(inputs)?;
    let expected = Type::real(positions(place, x, index)?);
    if *source == expected {
        Ok(x.clone())
    } else {
        Err(format!("the source must be {expected}, and is {source}"))
    }
}

/// Hands each element that an index says, of the first argument, to `set` with the element of the third there.
fn write<T: Scalar>(
    place: &Place,
    args: &Args<'_, T>,
    out: &mut Out<'_, T>,
    set: &dyn Fn(&mut T, T),
) -> RunResult {
    let (index, source) = (args.index(1), args.real(2));
    let out = out.real();
    out.assign(&args.real(0));
    let out = out.as_slice_mut().expect("an output is dense");
    for (((at, &i), &s), start) in index.indexed_iter().zip(&source).zip(numbers(place)) {
        set(&mut out[moved(place, start, i, &at)?], s);
    }
    Ok(())
}

/// The shape of the positions, each of which has an index.
fn positions(place: &Place, x: &Type, index: &Type) -> Result<Shape, String> {
    expect_kind("the array", x.kind, Kind::Real)?;
    expect_kind("the indices", index.kind, Kind::Index)?;
    place.check(&x.shape)?;
    match place.shape.split_last() {
        Some((_, positions)) if *positions == index.shape[..] => Ok(index.shape.clone()),
        _ => {
            Err(format!("indices of shape {} point along no axis of {}", index.shape, place.shape))
        }
    }
}

/// The numbers of the elements that are first along the indexed axis.
fn numbers(place: &Place) -> Vec<usize> {
    let rank = place.shape.rank() - 1;
    let shape = Shape::from(&place.shape[..rank]);
    let first = Place { offset: place.offset, shape, strides: place.strides[..rank].into() };
    first.numbers().collect()
}

/// The number of the element that an index says, `start` being that of the first.
fn moved(
    place: &Place,
    start: usize,
    index: i64,
    position: &impl ndarray::Dimension,
) -> Result<usize, crate::Fault> {
    let axis = place.shape.rank() - 1;
    let index = check(index, place.shape[axis], || position.slice().to_vec())?;
    Ok(start.wrapping_add_signed(index as isize * place.strides[axis]))
}

/// Picks from an array as an operation of this name says, by indices that broadcast to the positions in the shape that they
/// come with. Nothing, where so many positions cannot be counted.
pub(super) fn picked<'g>(
    name: &'static str,
    place: Place,
    x: Var<'g>,
    index: (Var<'g>, Shape),
) -> Option<Var<'g>> {
    let index = located(name, &place, index)?;
    Some(x.graph().apply(Pick { name, place }, &[x, index]))
}

/// As [`picked`], the other way round.
pub(super) fn put<'g>(
    name: &'static str,
    place: Place,
    [x, source]: [Var<'g>; 2],
    index: (Var<'g>, Shape),
) -> Option<Var<'g>> {
    let index = located(name, &place, index)?;
    Some(x.graph().apply(Put { name, place }, &[x, index, source]))
}

/// As [`put`], in place of what is there.
pub(super) fn replaced<'g>(
    name: &'static str,
    place: Place,
    [x, source]: [Var<'g>; 2],
    index: (Var<'g>, Shape),
) -> Option<Var<'g>> {
    let index = located(name, &place, index)?;
    Some(x.graph().apply(Replace { name, place }, &[x, index, source]))
}

/// The indices, which are checked, for each of the positions, to which they broadcast in a shape.
fn located<'g>(
    name: &'static str,
    place: &Place,
    (index, shape): (Var<'g>, Shape),
) -> Option<Var<'g>> {
    let (&extent, positions) = place.shape.split_last()?;
    let positions = Shape::from(positions);
    let countable = |count: usize, &extent: &usize| count.checked_mul(extent.max(1));
    let count = place.shape.iter().try_fold(1, countable)?;
    let index = super::within::checked(name, extent, index);
    let index = if index.shape() == shape { index } else { index.reshape_to(shape) };
    (count <= Shape::MOST).then(|| index.broadcast_to(positions))
}
