//! Random programs over random extents and strides, against the reference.
//!
//! Inputs are small whole numbers and the operations exact on them, so that every order of summation gives the same
//! number and results are compared for equality.

use proptest::prelude::*;

use super::reference::interpret;
use super::{blank, run};
use crate::contract::{Extents, Place};
use crate::elementwise::{Binary, Unary};
use crate::fused::builder::{Node, Output, Parts};
use crate::fused::layout::{self, Shape};
use crate::fused::{Along, Factor, Fused, FusedBuilder, Layout, Source, Value};
use crate::isa::Isa;
use crate::pool::Pool;
use crate::reduce::Reduce;
use crate::scalar::Scalar;
use crate::testing::Precise;

/// The most positions of a test's loop nest.
const MOST: usize = 40_000;

/// Random choices, made in advance so that proptest can simplify them.
struct Choices<'a>(&'a [u16]);

impl Choices<'_> {
    fn below(&mut self, n: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(*first) % n
    }

    fn of<X: Copy>(&mut self, from: &[X]) -> X {
        from[self.below(from.len())]
    }

    fn extents(&mut self) -> Vec<usize> {
        let mut left = MOST;
        let mut extents = Vec::new();
        for axis in 0..self.below(5) {
            let short = [3, 1, 2, 5, 7, 10, 16, 33, 64, 100, 130, 0];
            let long = [128, 700, 1500, 2100, 3000, 4096];
            let extent =
                if axis == 0 && self.below(3) == 0 { self.of(&long) } else { self.of(&short) };
            if extent <= left {
                extents.push(extent);
                left /= extent.max(1);
            }
        }
        if self.below(4) == 0 {
            extents.sort_unstable();
        } else {
            extents.reverse();
        }
        extents
    }

    /// Strides of an operand that repeats some axes and holds the others in some order, perhaps from the last element
    /// down, with its first element and its length.
    fn lay(&mut self, extents: &[usize]) -> (usize, Vec<isize>, usize) {
        let (strides, len) = self.strides(extents);
        let (down, mut offset) = (self.below(64), 0);
        let signed = |(axis, (&stride, &extent)): (usize, (&usize, &usize))| {
            if down < 32 && down >> axis & 1 == 1 {
                offset += extent.saturating_sub(1) * stride;
                -(stride as isize)
            } else {
                stride as isize
            }
        };
        let signed = strides.iter().zip(extents).enumerate().map(signed).collect();
        (offset, signed, len)
    }

    /// Elements of a table at some indices, or whether these are those of the positions; with what the inputs hold.
    fn indexed<T: Scalar>(
        &mut self,
        b: &mut FusedBuilder<T>,
        nest: &[usize],
        inputs: &mut Vec<(usize, Holds)>,
    ) -> Value {
        let extent = self.of(&[1, 2, 5, 40]);
        let (offset, strides, len) = self.lay(nest);
        let index = b.index(offset, &strides);
        inputs.push((len, Holds::Indices(extent)));
        if self.below(2) == 0 {
            let (first, numbers, _) = self.lay(nest);
            return b.is_at(index, first, &numbers);
        }
        let (offset, strides, len) = self.lay(&[nest, &[extent]].concat());
        let (stride, strides) = strides.split_last().expect("there is one for the axis");
        let table = b.table(None, offset, strides, Along { extent, stride: *stride });
        inputs.push((len, Holds::Numbers));
        b.gather(table, index)
    }

    /// A product over the nest, of factors that repeat or permute their axes, and the lengths of these.
    fn product<T: Scalar>(
        &mut self,
        b: &mut FusedBuilder<T>,
        nest: &[usize],
    ) -> (Value, [usize; 2]) {
        let depth = [self.of(&[1, 3, 17, 0])];
        let (front, columns) = nest.split_at(nest.len().saturating_sub(1));
        let (batch, rows) = front.split_at(self.below(front.len() + 1));
        let (offset_a, of_a, len_a) = self.lay(&[batch, rows, &depth].concat());
        let (offset_b, of_b, len_b) = self.lay(&[batch, &depth, columns].concat());
        let extents = Extents { batch, rows, columns, depth: &depth };
        let a = factor(offset_a, &of_a, (batch.len(), rows.len()));
        (b.product(extents, a, factor(offset_b, &of_b, (batch.len(), 1))), [len_a, len_b])
    }

    /// Strides of an operand that repeats some axes and holds the others in some order, and its length.
    fn strides(&mut self, extents: &[usize]) -> (Vec<usize>, usize) {
        let mut axes: Vec<usize> = (0..extents.len()).collect();
        let (kind, repeated) = (self.below(6), self.below(1 << extents.len()));
        if kind == 0 {
            axes.rotate_left(extents.len().min(1));
        }
        let mut strides = vec![0; extents.len()];
        let mut len = 1;
        for &axis in axes.iter().rev() {
            if kind > 3 || repeated >> axis & 1 == 0 {
                strides[axis] = len;
                len *= extents[axis];
                len += usize::from(kind == 1 && len > 0);
            }
        }
        (strides, len)
    }
}

/// A factor whose strides are those of so many axes of its batch, so many of its rows, and its columns.
fn factor(offset: usize, strides: &[isize], (batch, rows): (usize, usize)) -> Factor<'_> {
    let (batch, rest) = strides.split_at(batch);
    let (rows, columns) = rest.split_at(rows);
    Factor { slot: None, place: Place { offset, batch, rows, columns } }
}

/// What an input holds: small numbers, or indices below an extent.
#[derive(Clone, Copy, Debug)]
enum Holds {
    Numbers,
    Indices(usize),
}

/// A program, the lengths of its inputs and what they hold.
struct Program<T> {
    builder: FusedBuilder<T>,
    inputs: Vec<(usize, Holds)>,
}

fn program<T: Scalar>(choices: &mut Choices<'_>) -> Program<T> {
    let extents = choices.extents();
    let row_axes = 1 + choices.below(extents.len().saturating_sub(1).max(1));
    let mut b = FusedBuilder::<T>::with_row_axes(&extents, row_axes);
    let (mut values, mut inputs) = (Vec::new(), Vec::new());
    for _ in 0..1 + choices.below(4) {
        let (offset, strides, len) = choices.lay(&extents);
        values.push(b.input_at(offset, &strides));
        inputs.push((len, Holds::Numbers));
    }
    for _ in 0..choices.below(5).saturating_sub(2) {
        values.push(choices.indexed(&mut b, &extents, &mut inputs));
    }
    values.push(b.constant(T::from_f64(choices.below(5) as f64 - 2.0)));
    for _ in 0..choices.below(6).saturating_sub(3) {
        let (value, lens) = choices.product(&mut b, &extents);
        values.push(value);
        inputs.extend(lens.map(|len| (len, Holds::Numbers)));
    }
    // Whole rows or whole columns.
    let rows: usize = extents.iter().rev().skip(1).take(row_axes).product();
    let columns = choices.below(3) == 0 && rows <= 1024;
    for _ in 0..1 + choices.below(10) {
        let (x, y, z) = (choices.of(&values), choices.of(&values), choices.of(&values));
        let zip = [
            Binary::Add,
            Binary::Sub,
            Binary::Mul,
            Binary::Max,
            Binary::Min,
            Binary::Lt,
            Binary::Eq,
        ];
        values.push(match choices.below(10) {
            0..2 => b.unary(choices.of(&[Unary::Neg, Unary::Abs, Unary::Square, Unary::Relu]), x),
            2..7 => b.binary(choices.of(&zip), x, y),
            7 => b.select(x, y, z),
            _ => {
                let f = choices.of(&[Reduce::Sum, Reduce::Max, Reduce::Min]);
                if columns { b.reduce_rows(f, x) } else { b.reduce_last(f, x) }
            }
        });
    }
    if columns {
        let of_columns = |x: &&Value| matches!(b.parts.nodes[x.index()], Node::ReduceRows(..));
        if let Some(&x) = values.iter().rev().find(of_columns) {
            b.store_columns(x);
        }
    }
    for _ in 0..1 + choices.below(4) {
        let x = values[values.len() - 1 - choices.below(values.len().min(4))];
        let f = choices.of(&[Reduce::Sum, Reduce::Max]);
        let full = b.along_row(&[x]) || columns || choices.below(3) == 0;
        match (choices.below(3), full) {
            (0, true) => b.store_reduced(f, x),
            (0, false) => b.store_reduced_rows(f, x),
            (_, true) => b.store(x),
            (_, false) => b.store_rows(x),
        };
    }
    Program { builder: b, inputs }
}

fn check<T: Scalar>(choices: &[u16], exact_below: f64) {
    let Program { builder, inputs: held } = program::<T>(&mut Choices(choices));
    let data = |(seed, &(len, holds)): (usize, &(usize, Holds))| {
        let mut choices = choices.iter().cycle().skip(seed * 3).zip((0..=u16::MAX).cycle());
        let mut next = || choices.next().map_or(0, |(a, b)| a.wrapping_mul(31).wrapping_add(b));
        let mut number = || match holds {
            Holds::Numbers => f64::from(next() % 5) - 2.0,
            Holds::Indices(extent) => (usize::from(next()) % extent) as f64,
        };
        (0..len).map(|_| number()).collect::<Vec<f64>>()
    };
    let inputs: Vec<Vec<f64>> = held.iter().enumerate().map(data).collect();
    let (expected, largest) = interpret(&builder.parts, &inputs);
    let inputs: Vec<Data<T>> = inputs.iter().zip(&held).map(Data::new).collect();
    let mut fused = builder.clone().build();
    let pools = [Pool::new(1), Pool::new(2)];
    fused.worth_a_thread = true;
    let sources: Vec<Source<'_, T>> = inputs.iter().map(Data::source).collect();
    for isa in Isa::available() {
        let outputs = run(&fused, isa, &pools[0], &sources, &blank(&fused));
        if largest < exact_below {
            for (output, expected) in outputs.iter().zip(&expected) {
                let expected: Vec<T> = expected.iter().map(|&x| T::from_f64(x)).collect();
                assert_same(&fused, output, &expected);
            }
        }
        let again = |fused: &Fused<T>, sources: &[Source<'_, T>], before: &[Vec<T>]| {
            let again = run(fused, isa, &pools[1], sources, before);
            again
                .iter()
                .zip(&outputs)
                .for_each(|(again, output)| assert_same(fused, again, output));
        };
        again(&fused, &sources, &blank(&fused));
        packed(&fused, isa, &inputs, again);
        in_place(&builder, &inputs, again);
        let (elsewhere, layouts) = interleaved(&builder);
        let memory = run(&elsewhere, isa, &pools[1], &sources, &blank(&elsewhere));
        let stored =
            builder.parts.outputs.iter().zip(&outputs).filter(|(of, _)| of.reduce.is_none());
        for (layout, (_, output)) in layouts.iter().zip(stored) {
            let at = |i: usize| memory[0][layout.offset - i * layouts.len()];
            let seen: Vec<T> = (0..output.len()).map(at).collect();
            assert_same(&elsewhere, &seen, output);
        }
        let (spaced, places) = spaced(&builder);
        let memory = run(&spaced, isa, &pools[1], &sources, &blank(&spaced));
        for ((memory, output), places) in memory.iter().zip(&outputs).zip(&places) {
            let mut expected = vec![T::nan(); memory.len()]; // as before
            places.iter().zip(output).for_each(|(&place, &x)| expected[place] = x);
            assert_same(&spaced, memory, &expected);
        }
    }
}

/// What an input is given.
#[derive(Clone)]
enum Data<T> {
    Numbers(Vec<T>),
    Indices(Vec<i64>),
}

impl<T: Scalar> Data<T> {
    fn new((numbers, held): (&Vec<f64>, &(usize, Holds))) -> Self {
        match held.1 {
            Holds::Numbers => Data::Numbers(numbers.iter().map(|&x| T::from_f64(x)).collect()),
            Holds::Indices(_) => Data::Indices(numbers.iter().map(|&x| x as i64).collect()),
        }
    }

    fn source(&self) -> Source<'_, T> {
        match self {
            Data::Numbers(x) => Source::Slice(x),
            Data::Indices(x) => Source::Index(x),
        }
    }

    fn numbers(&mut self) -> &mut Vec<T> {
        match self {
            Data::Numbers(x) => x,
            Data::Indices(_) => panic!("these are numbers"),
        }
    }
}

/// The program with all its outputs that are not reduced in one slice, taking turns element by element from its end down.
fn interleaved<T: Scalar>(builder: &FusedBuilder<T>) -> (Fused<T>, Vec<Layout>) {
    let mut builder = builder.clone();
    builder.parts.outputs.retain(|output| output.reduce.is_none());
    let (extents, row_axes) = (builder.parts.extents.clone(), builder.parts.row_axes);
    let count = builder.parts.outputs.len();
    let size = extents.iter().map(|&extent| extent.max(1)).product::<usize>();
    let layout = |number: usize, output: &Output| {
        let axes: Vec<usize> = output.axes(extents.len(), row_axes).collect();
        let mut stride = -(count as isize);
        let mut strides = vec![0; axes.len()];
        for (i, &axis) in axes.iter().enumerate().rev() {
            strides[i] = stride;
            stride *= extents[axis].max(1) as isize;
        }
        Layout { slot: 0, offset: size * count - 1 - number, strides }
    };
    let layouts: Vec<Layout> = builder
        .parts
        .outputs
        .iter()
        .enumerate()
        .map(|(number, output)| layout(number, output))
        .collect();
    layouts.iter().enumerate().for_each(|(j, layout)| builder.put(j, layout.clone()));
    (builder.build(), layouts)
}

/// The program with outputs whose rows lie apart, if they are not reduced, and where the elements of each are.
fn spaced<T: Scalar>(builder: &FusedBuilder<T>) -> (Fused<T>, Vec<Vec<usize>>) {
    let mut builder = builder.clone();
    let (extents, row_axes) = (builder.parts.extents.clone(), builder.parts.row_axes);
    let outputs = builder.parts.outputs.clone();
    let places = outputs.iter().enumerate().map(|(slot, output)| {
        let own: Vec<usize> =
            output.axes(extents.len(), row_axes).map(|axis| extents[axis]).collect();
        let len = own.iter().product();
        if output.reduce.is_some() {
            return (0..len).collect();
        }
        let (mut strides, mut stride) = (vec![0; own.len()], 1);
        for (axis, &extent) in own.iter().enumerate().rev() {
            strides[axis] = stride;
            stride = stride * extent.max(1) + 3;
        }
        let signed = strides.iter().map(|&stride| stride as isize).collect();
        builder.put(slot, Layout { slot, offset: 0, strides: signed });
        let place = |mut i: usize| {
            let mut place = 0;
            for (&extent, &stride) in own.iter().zip(&strides).rev() {
                place += i % extent * stride;
                i /= extent;
            }
            place
        };
        (0..len).map(place).collect()
    });
    let places = places.collect();
    (builder.build(), places)
}

/// Calls `test` with second factors that were packed before.
fn packed<T: Scalar>(
    fused: &Fused<T>,
    isa: Isa,
    inputs: &[Data<T>],
    test: impl Fn(&Fused<T>, &[Source<'_, T>], &[Vec<T>]),
) {
    let (mut packed, mut inputs) = (fused.clone(), inputs.to_vec());
    for (p, contraction) in fused.products().enumerate() {
        let factor = inputs[fused.inputs.len() + 2 * p + 1].numbers();
        let mut copy = vec![T::nan(); contraction.packed_b_len()];
        contraction.pack_b(isa, &Pool::new(1), factor, &mut copy);
        *factor = copy;
        packed.pack(p);
    }
    let sources: Vec<Source<'_, T>> = inputs.iter().map(Data::source).collect();
    test(&packed, &sources, &blank(&packed));
}

/// Calls `test` with each pair of an input and an output that can be the same memory.
fn in_place<T: Scalar>(
    builder: &FusedBuilder<T>,
    inputs: &[Data<T>],
    test: impl Fn(&Fused<T>, &[Source<'_, T>], &[Vec<T>]),
) {
    for k in 0..builder.parts.inputs.len() {
        let Data::Numbers(numbers) = &inputs[k] else { continue };
        for j in 0..builder.parts.outputs.len() {
            let mut builder = builder.clone();
            builder.parts.inputs[k].slot = Some(j);
            // It cannot where the output goes to other places.
            let Parts { extents, row_axes, inputs: laid, outputs, .. } = &builder.parts;
            let shape = |(j, output): (usize, &Output)| Shape::new(extents, *row_axes, j, output);
            let shapes: Vec<Shape> = outputs.iter().enumerate().map(shape).collect();
            if layout::check(extents, laid, &shapes).is_err() {
                continue;
            }
            let fused = builder.build();
            if numbers.len() >= fused.slots[j] && fused.inputs[k].reach <= fused.slots[j] {
                let mut sources: Vec<Source<'_, T>> = inputs.iter().map(Data::source).collect();
                let mut before = blank(&fused);
                sources[k] = Source::Output(j);
                let len = before[j].len();
                before[j].copy_from_slice(&numbers[..len]);
                test(&fused, &sources, &before);
            }
        }
    }
}

fn assert_same<T: Scalar>(fused: &Fused<T>, a: &[T], b: &[T]) {
    assert_eq!(a.len(), b.len());
    let differ = |(a, b): (&T, &T)| a != b && !(a.is_nan() && b.is_nan());
    if let Some(i) = a.iter().zip(b).position(differ) {
        panic!("element {i} of {} is {}, not {}, in\n{fused:?}", a.len(), a[i], b[i]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_programs_mean_what_the_reference_says(choices in prop::collection::vec(any::<u16>(), 20..90)) {
        check::<f64>(&choices, (1u64 << 53) as f64);
        check::<f32>(&choices, (1u64 << 24) as f64);
    }
}
