//! How a fused loop is described: values on values, then what is stored.

use super::Fused;
use super::indexed::Along;
use super::nest::Lay;
use super::product::{Factor, Product};
use crate::contract::Extents;
use crate::elementwise::{Arg, Binary, Unary, binary, select, unary};
use crate::isa::Isa;
use crate::reduce::Reduce;
use crate::scalar::Scalar;

/// A value computed at each position of a loop nest: an input, a constant, or an operation's result.
///
/// It belongs to the [`FusedBuilder`] that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value(u32);

impl Value {
    pub(super) fn at(index: usize) -> Self {
        Value(u32::try_from(index).expect("fewer than 2³² values"))
    }

    /// Its place among the values of its builder.
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Describes a [`Fused`] loop nest, value by value.
///
/// ```
/// use cotangent_kernels::{Binary, FusedBuilder, Isa, Pool, Reduce, Source, Unary};
///
/// let mut b = FusedBuilder::<f32>::new(&[2, 3]);
/// let (x, bias) = (b.input(&[3, 1]), b.input(&[0, 1]));
/// let sum = b.binary(Binary::Add, x, bias);
/// let y = b.unary(Unary::Relu, sum);
/// b.store(y); // output 0: 2 × 3
/// b.store_reduced(Reduce::Sum, y); // output 1: 3
/// let fused = b.build();
///
/// let (x, bias) = ([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 10.0]);
/// let (mut y, mut sums, mut scratch) = ([0.0; 6], [0.0; 3], vec![0.0; fused.scratch_len(1)]);
/// let inputs = [Source::Slice(&x), Source::Slice(&bias)];
/// fused.run(Isa::best(), &Pool::new(1), &inputs, &mut [&mut y, &mut sums], &mut scratch);
/// assert_eq!((y, sums), ([0.0, 0.0, 11.0, 2.0, 3.0, 14.0], [2.0, 3.0, 25.0]));
/// ```
#[derive(Clone, Debug)]
pub struct FusedBuilder<T> {
    pub(super) parts: Parts<T>,
    /// For each node, whether it may vary along the last axis.
    along_row: Vec<bool>,
}

/// A described loop nest.
#[derive(Clone, Debug)]
pub(super) struct Parts<T> {
    pub(super) extents: Vec<usize>,
    /// How many axes before the last one the rows are.
    pub(super) row_axes: usize,
    pub(super) inputs: Vec<Input>,
    /// How the positions are numbered that indices are compared with.
    pub(super) numbers: Vec<Lay>,
    pub(super) products: Vec<Product<T>>,
    pub(super) nodes: Vec<Node<T>>,
    pub(super) outputs: Vec<Output>,
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node<T> {
    Input(usize),
    /// The element of a table that an input of indices says.
    Gather(usize, usize),
    /// Whether an input of indices says the number of the position.
    IsAt(usize, usize),
    Product(usize),
    Constant(T),
    Unary(Unary, Value),
    Binary(Binary, Value, Value),
    Select(Value, Value, Value),
    ReduceLast(Reduce, Value),
    ReduceRows(Reduce, Value),
}

/// Where an input lies.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) lay: Lay,
    /// The output slice that it stands in, if it has none of its own.
    pub(super) slot: Option<usize>,
    pub(super) role: Role,
}

/// What an input is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Values,
    /// Along an axis of its own, at an index.
    Table(Along),
    Indices,
}

impl Role {
    pub(super) fn along(self) -> Option<Along> {
        match self {
            Role::Table(along) => Some(along),
            Role::Values | Role::Indices => None,
        }
    }
}

/// What is kept of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) value: Value,
    /// One number per row, not per position.
    pub(super) per_row: bool,
    /// One number per column.
    pub(super) per_column: bool,
    /// Reduced over the rows.
    pub(super) reduce: Option<Reduce>,
    /// Where it goes; by default dense into a slice of its own.
    pub(super) layout: Option<Layout>,
}

/// Where an output goes: into which of the slices handed over, from which element on, and how far apart neighbours are
/// along each axis that the output has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The position of the slice; several outputs may share one.
    pub slot: usize,
    /// The number of the first element.
    pub offset: usize,
    /// The strides over the extents of the nest, without the last one of a value per row, and without those of the rows
    /// of a value per column or a reduction over the rows.
    pub strides: Vec<isize>,
}

impl Output {
    /// A number for each position, dense in a slice of its own.
    fn of(value: Value) -> Self {
        Output { value, per_row: false, per_column: false, reduce: None, layout: None }
    }

    /// The axes of the nest that it has, of so many, of which so many are the rows.
    pub(super) fn axes(&self, rank: usize, row_axes: usize) -> impl Iterator<Item = usize> + use<> {
        let (per_row, reduced) = (self.per_row, self.per_column || self.reduce.is_some());
        let is_of_rows = move |axis| axis + 1 < rank && axis + 1 + row_axes >= rank;
        (0..rank).filter(move |&axis| !(per_row && axis + 1 == rank || reduced && is_of_rows(axis)))
    }
}

impl<T> Node<T> {
    /// The values it is computed from.
    pub(super) fn operands(&self) -> impl Iterator<Item = Value> {
        let operands = match *self {
            Node::Input(_)
            | Node::Gather(..)
            | Node::IsAt(..)
            | Node::Product(_)
            | Node::Constant(_) => [None, None, None],
            Node::Unary(_, x) | Node::ReduceLast(_, x) | Node::ReduceRows(_, x) => {
                [Some(x), None, None]
            }
            Node::Binary(_, a, b) => [Some(a), Some(b), None],
            Node::Select(condition, a, b) => [Some(condition), Some(a), Some(b)],
        };
        operands.into_iter().flatten()
    }

    /// Whether it needs the numbers of a whole row.
    pub(super) fn reduces_row(&self) -> bool {
        matches!(self, Node::ReduceLast(..))
    }

    /// Whether it needs those of a whole column.
    pub(super) fn reduces_column(&self) -> bool {
        matches!(self, Node::ReduceRows(..))
    }
}

impl<T: Scalar> FusedBuilder<T> {
    /// A loop nest over `extents`, row-major: the last axis is the columns, the one before it the rows.
    ///
    /// Fewer than two extents are padded in front with ones.
    pub fn new(extents: &[usize]) -> Self {
        Self::with_row_axes(extents, 1)
    }

    /// The same with several axes before the last one as the rows, row-major: those of an image, or of all images of a
    /// batch. A reduction over the rows goes along all of them.
    ///
    /// ```
    /// use cotangent_kernels::{FusedBuilder, Isa, Pool, Reduce, Source};
    ///
    /// let mut b = FusedBuilder::<f32>::with_row_axes(&[2, 2, 3], 2);
    /// let x = b.input(&[12, 3, 1]); // every other row
    /// b.store_reduced(Reduce::Sum, x);
    /// let fused = b.build();
    ///
    /// let x: Vec<f32> = (0..18).map(|i| i as f32).collect();
    /// let (mut sums, mut scratch) = ([0.0; 3], vec![0.0; fused.scratch_len(1)]);
    /// fused.run(Isa::best(), &Pool::new(1), &[Source::Slice(&x)], &mut [&mut sums], &mut scratch);
    /// assert_eq!(sums, [30.0, 34.0, 38.0]); // of rows that begin with 0, 3, 12 and 15
    /// ```
    ///
    /// # Panics
    ///
    /// When the rows are no axis, or more than there are before the last one (of two at least).
    #[track_caller]
    pub fn with_row_axes(extents: &[usize], row_axes: usize) -> Self {
        let rank = extents.len().max(2);
        assert!(
            (1..rank).contains(&row_axes),
            "the rows are {row_axes} of the axes before the last one of {extents:?}"
        );
        FusedBuilder {
            parts: Parts {
                extents: extents.to_vec(),
                row_axes,
                inputs: Vec::new(),
                numbers: Vec::new(),
                products: Vec::new(),
                nodes: Vec::new(),
                outputs: Vec::new(),
            },
            along_row: Vec::new(),
        }
    }

    /// The next input, with an element stride for each extent; 0 repeats it along that axis.
    ///
    /// # Panics
    ///
    /// When there is not one stride for each extent.
    #[track_caller]
    pub fn input(&mut self, strides: &[isize]) -> Value {
        self.add_input(None, 0, strides)
    }

    /// As [`input`](Self::input), from an element on; strides may be negative.
    ///
    /// # Panics
    ///
    /// As [`input`](Self::input); [`build`](Self::build) panics where an element would lie before the first.
    #[track_caller]
    pub fn input_at(&mut self, offset: usize, strides: &[isize]) -> Value {
        self.add_input(None, offset, strides)
    }

    /// As [`input_at`](Self::input_at), of what stands in an output slice before the loop: exactly where an output goes,
    /// which then is computed in place, or where none does.
    ///
    /// # Panics
    ///
    /// As [`input`](Self::input); [`build`](Self::build) panics where it is neither.
    #[track_caller]
    pub fn input_in(&mut self, slot: usize, offset: usize, strides: &[isize]) -> Value {
        self.add_input(Some(slot), offset, strides)
    }

    #[track_caller]
    fn add_input(&mut self, slot: Option<usize>, offset: usize, strides: &[isize]) -> Value {
        let input = self.operand(slot, offset, strides, Role::Values);
        let along_row = strides.last().is_some_and(|&stride| stride != 0);
        self.push(Node::Input(input), along_row)
    }

    /// Adds an input; answers its position.
    #[track_caller]
    pub(super) fn operand(
        &mut self,
        slot: Option<usize>,
        offset: usize,
        strides: &[isize],
        role: Role,
    ) -> usize {
        let rank = self.parts.extents.len();
        assert_eq!(strides.len(), rank, "an input needs one stride for each of {rank} extents");
        self.parts.inputs.push(Input {
            lay: Lay { offset, strides: strides.to_vec() },
            slot,
            role,
        });
        self.parts.inputs.len() - 1
    }

    /// The elements of a product of matrices, computed in the loop just before they are used: its result has a row for each
    /// of the rows of the nest, in their order and with its batch before them, and a column for each column.
    ///
    /// Where the factors lie is said as for a [`Contraction`](crate::Contraction); one that stands in an output slice, as
    /// in [`input_in`](Self::input_in) but apart from all outputs, comes with the slot. A run reads them after all inputs,
    /// product by product.
    ///
    /// ```
    /// use cotangent_kernels::{Extents, Factor, FusedBuilder, Isa, Place, Pool, Source, Unary};
    ///
    /// let dense = |row| Place { offset: 0, batch: &[], rows: row, columns: &[1] };
    /// let extents = Extents { batch: &[], rows: &[2], columns: &[2], depth: &[3] };
    /// let [x, w] = [&[3], &[2]].map(|row| Factor { slot: None, place: dense(row) });
    /// let mut b = FusedBuilder::<f32>::new(&[2, 2]);
    /// let product = b.product(extents, x, w);
    /// let y = b.unary(Unary::Relu, product);
    /// b.store(y); // relu(x·w): 2 × 2
    /// let fused = b.build();
    ///
    /// let (x, w) = ([1.0, 0.0, -1.0, 0.0, 2.0, 1.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    /// let (mut y, mut scratch) = ([0.0; 4], vec![0.0; fused.scratch_len(1)]);
    /// let factors = [Source::Slice(&x), Source::Slice(&w)];
    /// fused.run(Isa::best(), &Pool::new(1), &factors, &mut [&mut y], &mut scratch);
    /// assert_eq!(y, [0.0, 0.0, 11.0, 14.0]);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Contraction::new`](crate::Contraction::new), or when the result has other rows or columns than the nest;
    /// [`build`](Self::build) panics where a factor is not known to lie apart from the outputs of its slice.
    #[track_caller]
    pub fn product(&mut self, extents: Extents<'_>, a: Factor<'_>, b: Factor<'_>) -> Value {
        let product = Product::new(&self.parts.extents, extents, a, b);
        self.parts.products.push(product);
        self.push(Node::Product(self.parts.products.len() - 1), true)
    }

    /// The same number at every position.
    pub fn constant(&mut self, x: T) -> Value {
        self.push(Node::Constant(x), false)
    }

    /// f(x).
    #[track_caller]
    pub fn unary(&mut self, f: Unary, x: Value) -> Value {
        let along_row = self.along_row(&[x]);
        if let [Some(x)] = self.constants([x]) {
            return self.folded(|out| unary(Isa::PORTABLE, f, x, out));
        }
        self.push(Node::Unary(f, x), along_row)
    }

    /// f(a, b).
    #[track_caller]
    pub fn binary(&mut self, f: Binary, a: Value, b: Value) -> Value {
        let along_row = self.along_row(&[a, b]);
        if let [Some(a), Some(b)] = self.constants([a, b]) {
            return self.folded(|out| binary(Isa::PORTABLE, f, a, b, out));
        }
        self.push(Node::Binary(f, a, b), along_row)
    }

    /// `a` where `condition` ≠ 0, `b` elsewhere.
    #[track_caller]
    pub fn select(&mut self, condition: Value, a: Value, b: Value) -> Value {
        let along_row = self.along_row(&[condition, a, b]);
        if let [Some(c), Some(a), Some(b)] = self.constants([condition, a, b]) {
            return self.folded(|out| select(Isa::PORTABLE, c, a, b, out));
        }
        self.push(Node::Select(condition, a, b), along_row)
    }

    /// The reduction of `x` over the last axis: one number per row, the same all along it as an operand.
    #[track_caller]
    pub fn reduce_last(&mut self, f: Reduce, x: Value) -> Value {
        self.along_row(&[x]);
        self.push(Node::ReduceLast(f, x), false)
    }

    /// The reduction of `x` over the rows: one number per column, the same all down it as an
    /// operand. The loop is then cut into columns, all rows of each at a time.
    ///
    /// ```
    /// use cotangent_kernels::{Binary, FusedBuilder, Isa, Pool, Reduce, Source};
    ///
    /// let mut b = FusedBuilder::<f32>::new(&[2, 3]);
    /// let x = b.input(&[3, 1]);
    /// let sums = b.reduce_rows(Reduce::Sum, x);
    /// let share = b.binary(Binary::Div, x, sums);
    /// b.store(share); // of each number in the sum of its column
    /// let fused = b.build();
    ///
    /// let x = [1.0, 2.0, 3.0, 3.0, 2.0, 1.0];
    /// let (mut y, mut scratch) = ([0.0; 6], vec![0.0; fused.scratch_len(1)]);
    /// fused.run(Isa::best(), &Pool::new(1), &[Source::Slice(&x)], &mut [&mut y], &mut scratch);
    /// assert_eq!(y, [0.25, 0.5, 0.75, 0.75, 0.5, 0.25]);
    /// ```
    ///
    /// # Panics
    ///
    /// [`build`](Self::build) panics when a row is reduced, too, or has an output.
    #[track_caller]
    pub fn reduce_rows(&mut self, f: Reduce, x: Value) -> Value {
        self.along_row(&[x]);
        self.push(Node::ReduceRows(f, x), true)
    }

    /// Keeps `x` as the next output, dense and row-major over all extents (also where `x` happens to be the same all
    /// along a row), and returns the output's position.
    #[track_caller]
    pub fn store(&mut self, x: Value) -> usize {
        self.along_row(&[x]);
        self.output(Output::of(x))
    }

    /// Keeps one number per column of `x`, which does not vary along the rows: an output over all extents but those of
    /// the rows. The loop is cut as by [`reduce_rows`](Self::reduce_rows).
    ///
    /// # Panics
    ///
    /// [`build`](Self::build) panics when `x` varies along the rows, or a row is reduced or has an output.
    #[track_caller]
    pub fn store_columns(&mut self, x: Value) -> usize {
        self.along_row(&[x]);
        self.output(Output { per_column: true, ..Output::of(x) })
    }

    /// Keeps one number per row of `x`, which does not vary along the last axis: an output over all extents but the
    /// last.
    ///
    /// # Panics
    ///
    /// When `x` is, or comes from, an input with a stride along the last axis, other than through
    /// [`reduce_last`](Self::reduce_last).
    #[track_caller]
    pub fn store_rows(&mut self, x: Value) -> usize {
        self.check_per_row(x);
        self.output(Output { per_row: true, ..Output::of(x) })
    }

    /// Keeps the reduction of `x` over the rows: an output dense over the other extents (also
    /// where `x` happens to be the same all along a row).
    #[track_caller]
    pub fn store_reduced(&mut self, f: Reduce, x: Value) -> usize {
        self.along_row(&[x]);
        self.output(Output { reduce: Some(f), ..Output::of(x) })
    }

    /// Keeps the reduction over the rows of one number per row of `x`, which does not vary along the last axis: an
    /// output dense over the extents before those of the rows.
    ///
    /// # Panics
    ///
    /// When `x` may vary along the last axis.
    #[track_caller]
    pub fn store_reduced_rows(&mut self, f: Reduce, x: Value) -> usize {
        self.check_per_row(x);
        self.output(Output { per_row: true, reduce: Some(f), ..Output::of(x) })
    }

    /// Says where an output goes, which by default is dense into the slice of its own position.
    ///
    /// # Panics
    ///
    /// When there is no such output, or not one stride for each axis that it has.
    #[track_caller]
    pub fn put(&mut self, output: usize, layout: Layout) {
        let Parts { extents, row_axes, outputs, .. } = &self.parts;
        let axes = outputs[output].axes(extents.len(), *row_axes).count();
        let given = layout.strides.len();
        assert_eq!(given, axes, "output {output} needs one stride for each of {axes} axes");
        self.parts.outputs[output].layout = Some(layout);
    }

    /// The loop nest, ready to run.
    ///
    /// # Panics
    ///
    /// When it has more positions, or an input reaches further, than a slice can have elements; when more than eight axes
    /// are left of it after neighbours were merged; or when a row of more than [`Fused::MAX_ROW`] elements and its
    /// reduction are needed together; when two outputs, or an output and an input in its slice, are not known to lie apart
    /// ([`Spread::is_apart_from`](crate::Spread::is_apart_from)), an output shares places with itself, or a reduction over
    /// the rows is not dense.
    #[track_caller]
    pub fn build(self) -> Fused<T> {
        Fused::new(self.parts)
    }

    pub(super) fn push(&mut self, node: Node<T>, along_row: bool) -> Value {
        self.parts.nodes.push(node);
        self.along_row.push(along_row);
        Value::at(self.parts.nodes.len() - 1)
    }

    fn output(&mut self, output: Output) -> usize {
        self.parts.outputs.push(output);
        self.parts.outputs.len() - 1
    }

    /// Whether an operation on `operands` may vary along the last axis.
    #[track_caller]
    pub(super) fn along_row(&self, operands: &[Value]) -> bool {
        let along_row =
            |v: &Value| *self.along_row.get(v.index()).expect("a value of this builder");
        operands.iter().map(along_row).max() == Some(true)
    }

    #[track_caller]
    fn check_per_row(&self, x: Value) {
        assert!(
            !self.along_row(&[x]),
            "only a value that is the same all along a row has one number per row"
        );
    }

    fn constants<const N: usize>(&self, operands: [Value; N]) -> [Option<Arg<'static, T>>; N] {
        operands.map(|v| match self.parts.nodes[v.index()] {
            Node::Constant(x) => Some(Arg::Splat(x)),
            _ => None,
        })
    }

    /// A constant for an operation on constants, computed by its kernel.
    fn folded(&mut self, compute: impl FnOnce(&mut [T])) -> Value {
        let mut x = [T::zero()];
        compute(&mut x);
        self.constant(x[0])
    }
}
