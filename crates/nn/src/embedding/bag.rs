//! Sums of rows of a table.

use std::panic::Location;

use graph::{BoundWords, Kind, Param, Scope, Shape, Var, misfit};
use ndarray::Array1;

use super::table::{Lookup, Table, expect_indices, is_padding, table_options};
use crate::error::accept;
use crate::module::{forward_at, layer};
use crate::{HyperparameterError, Mode, Module};

/// What an [`EmbeddingBag`] makes of the rows of a bag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Bag {
    /// Their sum.
    Sum,
    /// Their mean.
    #[default]
    Mean,
    /// The largest number of each column; its gradient is shared where several are.
    Max,
}

/// The mean, sum or maximum of the rows of a trainable table at the indices of a bag, PyTorch's `EmbeddingBag`; 0 for a bag
/// of none. The row of [`padding`](EmbeddingBagBuilder::padding) is in no bag.
///
/// Bags of one size are indices of shape `[bags, size]`; others lie one after the other, with the place where each
/// begins ([`forward_offsets`](Self::forward_offsets)). The table has shape `[rows, width]` and starts standard normal.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::ndarray::array;
/// use cotangent::nn::{Bag, EmbeddingBag};
///
/// let mut params = Params::seeded(0);
/// let words = EmbeddingBag::new(1000, 16).bag(Bag::Sum).build(&mut params.root(), "words");
/// let g = Graph::new();
/// assert_eq!(words.forward(g.index_input("sentences", [8, 20])).shape(), [8, 16].into());
/// // Two sentences, of three words and of one.
/// let (index, offsets) = (g.constant(array![5, 17, 5, 8]), g.constant(array![0, 3]));
/// assert_eq!(words.forward_offsets(index, offsets).shape(), [2, 16].into());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddingBag {
    /// The table, of shape `[rows, width]`.
    pub weight: Param,
    bag: Bag,
    lookup: Lookup,
    path: String,
}

layer!([] EmbeddingBag, "EmbeddingBag", |layer| format!("{} → {}", layer.weight.shape()[0], layer.weight.shape()[1]);
    weight = layer.weight);

/// The options of an [`EmbeddingBag`] to be built.
#[derive(Clone, Debug)]
pub struct EmbeddingBagBuilder {
    table: Table,
    bag: Bag,
}

/// Less than any row.
const LEAST: f64 = f64::NEG_INFINITY;

impl EmbeddingBag {
    /// A table of `rows` vectors of extent `width`, of which means are taken.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(rows: usize, width: usize) -> EmbeddingBagBuilder {
        EmbeddingBagBuilder { table: Table::new("EmbeddingBag", rows, width), bag: Bag::default() }
    }

    /// Of bags of one size, indices of shape `[bags, size]`, what each makes, of shape `[bags, width]`.
    ///
    /// # Panics
    /// If the argument is not of such a shape.
    #[track_caller]
    pub fn forward<'g>(&self, index: Var<'g>) -> Var<'g> {
        self.of_equal(index, None)
    }

    /// As [`forward`](Self::forward), with a weight for each index, in their shape, by which its row is multiplied (PyTorch's
    /// `per_sample_weights`).
    ///
    /// # Panics
    /// If an argument is not of its shape, or the layer takes no sums.
    #[track_caller]
    pub fn forward_weighted<'g>(&self, index: Var<'g>, weights: Var<'g>) -> Var<'g> {
        self.of_equal(index, Some(weights))
    }

    /// Of bags one after the other, indices of shape `[n]`, where each begins, offsets of shape `[bags]`: what each makes, of
    /// shape `[bags, width]`. For [`Bag::Max`], an array of `[bags, n, width]` is recorded.
    ///
    /// The first offset is 0, none is less than the one before it, and none is above n; a bag that begins where the next
    /// does is empty. As they come from data, others are an error of the run ([`graph::RunError::OutOfBounds`]).
    ///
    /// # Panics
    /// If an argument is not of its shape.
    #[track_caller]
    pub fn forward_offsets<'g>(&self, index: Var<'g>, offsets: Var<'g>) -> Var<'g> {
        self.of_any(index, offsets, None)
    }

    /// As [`forward_offsets`](Self::forward_offsets), with a weight for each index, by which its row is multiplied.
    ///
    /// # Panics
    /// If an argument is not of its shape, or the layer takes no sums.
    #[track_caller]
    pub fn forward_offsets_weighted<'g>(
        &self,
        index: Var<'g>,
        offsets: Var<'g>,
        weights: Var<'g>,
    ) -> Var<'g> {
        self.of_any(index, offsets, Some(weights))
    }

    #[track_caller]
    fn of_equal<'g>(&self, index: Var<'g>, weights: Option<Var<'g>>) -> Var<'g> {
        let (rows, counts) = self.rows(index, 2, weights);
        let held = counts.unsqueeze(-1);
        let shown = held.ne(0.0);
        match self.bag {
            Bag::Sum => shown.select(rows, 0.0).sum_over(1),
            Bag::Mean => shown.select(rows, 0.0).sum_over(1) / held.sum_over(1).maximum(1.0),
            Bag::Max => {
                let largest = largest(shown.select(rows, LEAST));
                held.sum_over(1).gt(0.0).select(largest, 0.0)
            }
        }
    }

    #[track_caller]
    fn of_any<'g>(&self, index: Var<'g>, offsets: Var<'g>, weights: Option<Var<'g>>) -> Var<'g> {
        let (rows, counts) = self.rows(index, 1, weights);
        if offsets.kind() != Kind::Index || offsets.rank() != 1 || offsets.shape()[0] == 0 {
            let rule = "the offsets must be indices of shape [bags], of at least one bag";
            self.refuse(rule, &[offsets]);
        }
        let line = Location::caller();
        let (g, bags, shape) = (index.graph(), offsets.shape()[0], rows.shape());
        let offsets = g.at(line, || ascending(offsets, shape[0]));
        // The last bag that has begun: of the numbers of those that have, the largest.
        let begun = g.arange(shape[0]).unsqueeze(-1).ge(offsets).to_real();
        let bag = (begun * (g.arange(bags).to_real() + 1.0)).argmax(1);
        let sum = |x: Var<'g>| g.at(line, || added(x, bag, bags));
        let shown = counts.unsqueeze(-1).ne(0.0);
        match self.bag {
            Bag::Sum => sum(shown.select(rows, 0.0)),
            Bag::Mean => sum(shown.select(rows, 0.0)) / sum(counts).maximum(1.0).unsqueeze(-1),
            Bag::Max => {
                let members = g.arange(bags).unsqueeze(-1).eq(bag).and(counts.ne(0.0));
                let largest = largest(members.unsqueeze(-1).select(rows, LEAST));
                sum(counts).gt(0.0).unsqueeze(-1).select(largest, 0.0)
            }
        }
    }

    /// The rows of all indices, and 1 for each index that counts, 0 for padding.
    #[track_caller]
    fn rows<'g>(
        &self,
        index: Var<'g>,
        rank: usize,
        weights: Option<Var<'g>>,
    ) -> (Var<'g>, Var<'g>) {
        expect_indices("embedding_bag", &self.path, index);
        if index.rank() != rank {
            let rule = "the indices must be of shape [bags, size], or [n] with offsets";
            self.refuse(rule, &[index]);
        }
        let mut rows = self.lookup.rows("embedding_bag", &self.weight, index);
        if let Some(weights) = weights {
            if weights.shape() != index.shape() || self.bag != Bag::Sum {
                let rule = "weights are for sums, and in the shape of the indices";
                self.refuse(rule, &[index, weights]);
            }
            rows = rows * weights.unsqueeze(-1);
        }
        let counts = match self.lookup.padding {
            Some(row) => 1.0 - is_padding(index, row).to_real(),
            None => index.graph().full(index.shape(), 1.0),
        };
        (rows, counts)
    }

    #[track_caller]
    fn refuse(&self, rule: &str, given: &[Var<'_>]) -> ! {
        misfit(&format!("embedding_bag {:?}", self.path), rule, given)
    }
}

/// What offsets are, where one is out of its bounds.
const OFFSETS: BoundWords = BoundWords {
    one: "offset",
    rule: "the first offset is 0, none is less than the one before it, and none is above the number of indices",
};

/// Offsets, of which the first must be 0, none less than the one before it, and none above the number of indices.
fn ascending<'g>(offsets: Var<'g>, indices: usize) -> Var<'g> {
    let (g, bags) = (offsets.graph(), offsets.shape()[0]);
    let first = g.constant(Array1::from_elem(1, 0_i64));
    let before = match bags {
        1 => first,
        _ => g.concat(&[first, offsets.slice_axis(0, ..-1)], 0),
    };
    let mut most = Array1::from_elem(bags, indices as i64);
    most[0] = 0;
    offsets.bounded([before, g.constant(most)], "embedding_bag", OFFSETS)
}

/// The largest of each bag, along axis 1; of none, it is not asked for.
#[track_caller]
fn largest(x: Var<'_>) -> Var<'_> {
    let shape = x.shape();
    if shape[1] == 0 { x.graph().full(shape.reduced(&[1], false), 0.0) } else { x.max_over(1) }
}

/// The sum of the elements of each bag, along the first axis.
fn added<'g>(x: Var<'g>, bag: Var<'g>, bags: usize) -> Var<'g> {
    let shape: Shape = [bags].iter().chain(&x.shape()[1..]).copied().collect();
    x.graph().full(shape, 0.0).index_add(0, bag, x)
}

impl Module for EmbeddingBag {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}

impl EmbeddingBagBuilder {
    /// What is made of the rows of a bag; their mean by default.
    pub fn bag(self, bag: Bag) -> Self {
        Self { bag, ..self }
    }

    table_options!(EmbeddingBag);

    /// Builds the parameter `name.weight`.
    ///
    /// # Panics
    /// If an extent is 0, the initialiser is not defined, the row of padding is none of the table, the largest norm is not
    /// positive, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> EmbeddingBag {
        accept(self.table.check());
        let mut scope = scope.child(name);
        let weight = self.table.build(&mut scope);
        let path = scope.path().to_owned();
        EmbeddingBag { weight, bag: self.bag, lookup: self.table.lookup, path }
    }
}
