//! Tables of vectors.

mod bag;
mod table;

pub use bag::{Bag, EmbeddingBag, EmbeddingBagBuilder};

use graph::{Param, Scope, Var};

use crate::error::accept;
use crate::module::{forward_at, layer};
use crate::{HyperparameterError, Mode, Module};
use table::{Lookup, Table, expect_indices, table_options};

/// The rows of a trainable table at given indices: for indices of shape `[..]`, the result has
/// shape `[.., width]`.
///
/// The table has shape `[rows, width]` and starts standard normal, as in PyTorch. An index outside
/// the table is an error of the run ([`graph::RunError`]), as it comes from data.
///
/// ```
/// use cotangent::{Graph, Params};
/// use cotangent::nn::Embedding;
///
/// let mut params = Params::seeded(0);
/// let words = Embedding::new(1000, 16).build(&mut params.root(), "words");
/// let g = Graph::new();
/// let sentence = g.index_input("sentence", [8, 20]);
/// assert_eq!(words.forward(sentence).shape(), [8, 20, 16].into());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    /// The table, of shape `[rows, width]`.
    pub weight: Param,
    lookup: Lookup,
    path: String,
}

layer!([] Embedding, "Embedding", |layer| format!("{} → {}", layer.weight.shape()[0], layer.weight.shape()[1]);
    weight = layer.weight);

/// The options of an [`Embedding`] to be built.
#[derive(Clone, Debug)]
pub struct EmbeddingBuilder {
    table: Table,
}

impl Embedding {
    /// A table of `rows` vectors of extent `width`.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(rows: usize, width: usize) -> EmbeddingBuilder {
        EmbeddingBuilder { table: Table::new("Embedding", rows, width) }
    }

    /// The rows at these indices: of shape `[..]`, the result has shape `[.., width]`.
    ///
    /// # Panics
    /// If the argument does not hold indices.
    #[track_caller]
    pub fn forward<'g>(&self, index: Var<'g>) -> Var<'g> {
        expect_indices("embedding", &self.path, index);
        self.lookup.rows("embedding", &self.weight, index)
    }
}

impl Module for Embedding {
    #[track_caller]
    fn forward<'g>(&self, x: Var<'g>, _: Mode) -> Var<'g> {
        self.forward(x)
    }

    forward_at!();
}

impl EmbeddingBuilder {
    table_options!(Embedding);

    /// Builds the parameter `name.weight`.
    ///
    /// # Panics
    /// If an extent is 0, the initialiser is not defined, the row of padding is none of the table, the largest norm is not
    /// positive, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> Embedding {
        accept(self.table.check());
        let mut scope = scope.child(name);
        let weight = self.table.build(&mut scope);
        Embedding { weight, lookup: self.table.lookup, path: scope.path().to_owned() }
    }
}
