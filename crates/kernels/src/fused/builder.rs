//! How a fused loop is described: values on values, then what is stored.

use super::Fused;
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
    /// Its place among the values of its builder.
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Describes a [`Fused`] loop nest, value by value.
///
/// ```ignore
/// let mut b = FusedBuilder::<f32>::new(&[64, 128]);
/// let (x, bias) = (b.input(&[128, 1]), b.input(&[0, 1]));
/// let sum = b.binary(Binary::Add, x, bias);
/// let y = b.unary(Unary::Relu, sum);
/// b.store(y); // output 0: [64, 128]
/// b.store_reduced(Reduce::Sum, y); // output 1: [128]
/// let fused = b.build();
/// ```
#[derive(Clone, Debug)]
pub struct FusedBuilder<T> {
    extents: Vec<usize>,
    inputs: Vec<Vec<usize>>,
    nodes: Vec<Node<T>>,
    /// For each node, how it varies along the last axis.
    spans: Vec<Span>,
    outputs: Vec<Output>,
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node<T> {
    Input(usize),
    Constant(T),
    Unary(Unary, Value),
    Binary(Binary, Value, Value),
    Select(Value, Value, Value),
    ReduceLast(Reduce, Value),
}

/// What a caller may take a value for, by its construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Span {
    /// It does not vary along the last axis, and no reduction says that it should count as one per row.
    Neutral,
    /// It comes from a `reduce_last` and does not vary along the last axis.
    Row,
    /// It may vary from position to position.
    Full,
}

/// What is kept of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub(super) value: Value,
    /// One number per row, not per position.
    pub(super) per_row: bool,
    /// Reduced over the rows.
    pub(super) reduce: Option<Reduce>,
}

impl<T: Scalar> FusedBuilder<T> {
    /// A loop nest over `extents`, row-major: the last axis is the columns, the one before it the rows.
    ///
    /// Fewer than two extents are padded in front with ones.
    pub fn new(extents: &[usize]) -> Self {
        FusedBuilder {
            extents: extents.to_vec(),
            inputs: Vec::new(),
            nodes: Vec::new(),
            spans: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// The next input, with an element stride for each extent; 0 repeats it along that axis.
    ///
    /// # Panics
    ///
    /// When there is not one stride for each extent.
    #[track_caller]
    pub fn input(&mut self, strides: &[usize]) -> Value {
        let rank = self.extents.len();
        assert_eq!(strides.len(), rank, "an input needs one stride for each of {rank} extents");
        self.inputs.push(strides.to_vec());
        let span = if strides.last().is_some_and(|&s| s != 0) { Span::Full } else { Span::Neutral };
        self.push(Node::Input(self.inputs.len() - 1), span)
    }

    /// The same number at every position.
    pub fn constant(&mut self, x: T) -> Value {
        self.push(Node::Constant(x), Span::Neutral)
    }

    /// f(x).
    #[track_caller]
    pub fn unary(&mut self, f: Unary, x: Value) -> Value {
        let span = self.span(&[x]);
        if let [Some(x)] = self.constants([x]) {
            return self.folded(|out| unary(Isa::PORTABLE, f, x, out));
        }
        self.push(Node::Unary(f, x), span)
    }

    /// f(a, b).
    #[track_caller]
    pub fn binary(&mut self, f: Binary, a: Value, b: Value) -> Value {
        let span = self.span(&[a, b]);
        if let [Some(a), Some(b)] = self.constants([a, b]) {
            return self.folded(|out| binary(Isa::PORTABLE, f, a, b, out));
        }
        self.push(Node::Binary(f, a, b), span)
    }

    /// `a` where `condition` ≠ 0, `b` elsewhere.
    #[track_caller]
    pub fn select(&mut self, condition: Value, a: Value, b: Value) -> Value {
        let span = self.span(&[condition, a, b]);
        if let [Some(c), Some(a), Some(b)] = self.constants([condition, a, b]) {
            return self.folded(|out| select(Isa::PORTABLE, c, a, b, out));
        }
        self.push(Node::Select(condition, a, b), span)
    }

    /// The reduction of `x` over the last axis: one number per row, the same all along it as an operand.
    #[track_caller]
    pub fn reduce_last(&mut self, f: Reduce, x: Value) -> Value {
        self.span(&[x]);
        self.push(Node::ReduceLast(f, x), Span::Row)
    }

    /// Keeps `x` as the next output, dense and row-major over all extents (also where `x` happens to be the same all
    /// along a row), and returns the output's position.
    #[track_caller]
    pub fn store(&mut self, x: Value) -> usize {
        self.span(&[x]);
        self.output(Output { value: x, per_row: false, reduce: None })
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
        let span = self.span(&[x]);
        assert!(
            span != Span::Full,
            "only a value that is the same all along a row has one number per row"
        );
        self.output(Output { value: x, per_row: true, reduce: None })
    }

    /// Keeps the reduction of `x` over the rows, the second to last axis: an output dense over the other extents (also
    /// where `x` happens to be the same all along a row).
    #[track_caller]
    pub fn store_reduced(&mut self, f: Reduce, x: Value) -> usize {
        self.span(&[x]);
        self.output(Output { value: x, per_row: false, reduce: Some(f) })
    }

    /// Keeps the reduction over the rows of one number per row of `x`, which does not vary along the last axis: an
    /// output dense over all extents but the last two.
    ///
    /// # Panics
    ///
    /// When `x` may vary along the last axis.
    #[track_caller]
    pub fn store_reduced_rows(&mut self, f: Reduce, x: Value) -> usize {
        assert!(
            self.span(&[x]) != Span::Full,
            "only a value that is the same all along a row has one number per row"
        );
        self.output(Output { value: x, per_row: true, reduce: Some(f) })
    }

    /// The loop nest, ready to run.
    #[track_caller]
    pub fn build(self) -> Fused<T> {
        Fused::new(self)
    }

    fn push(&mut self, node: Node<T>, span: Span) -> Value {
        self.nodes.push(node);
        self.spans.push(span);
        Value(u32::try_from(self.nodes.len() - 1).expect("fewer than 2³² values"))
    }

    fn output(&mut self, output: Output) -> usize {
        self.outputs.push(output);
        self.outputs.len() - 1
    }

    /// How an operation on `operands` varies along the last axis.
    #[track_caller]
    fn span(&self, operands: &[Value]) -> Span {
        let span = |v: &Value| *self.spans.get(v.index()).expect("a value of this builder");
        operands.iter().map(span).max().expect("an operation has operands")
    }

    fn constants<const N: usize>(&self, operands: [Value; N]) -> [Option<Arg<'static, T>>; N] {
        operands.map(|v| match self.nodes[v.index()] {
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

    pub(super) fn parts(self) -> (Vec<usize>, Vec<Vec<usize>>, Vec<Node<T>>, Vec<Output>) {
        (self.extents, self.inputs, self.nodes, self.outputs)
    }
}
