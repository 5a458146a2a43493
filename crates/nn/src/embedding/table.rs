//! The table of an embedding.

use graph::{IndexWords, Kind, Param, Scope, Shape, Var, misfit};
use ndarray::{Axis, arr0};

use crate::HyperparameterError;
use crate::error::positive;
use crate::init::Init;

/// A table to be built.
#[derive(Clone, Debug)]
pub(super) struct Table {
    owner: &'static str,
    rows: usize,
    width: usize,
    pub init: Init,
    pub lookup: Lookup,
}

/// How rows are looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Lookup {
    pub padding: Option<usize>,
    pub max_norm: Option<f64>,
}

impl Table {
    pub fn new(owner: &'static str, rows: usize, width: usize) -> Self {
        Self { owner, rows, width, init: Init::normal(0.0, 1.0), lookup: Lookup::default() }
    }

    fn shape(&self) -> Shape {
        [self.rows, self.width].into()
    }

    /// The parameter `weight`, with a row of 0 for padding.
    #[track_caller]
    pub fn build(&self, scope: &mut Scope<'_>) -> Param {
        let mut values = self.init.values(scope, &self.shape());
        if let Some(row) = self.lookup.padding {
            values.index_axis_mut(Axis(0), row).fill(0.0);
        }
        scope.parameter("weight", values)
    }

    pub fn check(&self) -> Result<(), HyperparameterError> {
        positive(self.owner, "the number of rows", self.rows)?;
        positive(self.owner, "the width", self.width)?;
        let row = self.lookup.padding.unwrap_or(0);
        let (name, rule) = ("the row of padding", "a row of the table");
        HyperparameterError::unless(row < self.rows, self.owner, name, rule, row as f64)?;
        let max_norm = self.lookup.max_norm.unwrap_or(1.0);
        let (name, holds) = ("the largest norm", max_norm > 0.0 && max_norm.is_finite());
        HyperparameterError::unless(holds, self.owner, name, "positive", max_norm)?;
        self.init.check(&self.shape())
    }
}

impl Lookup {
    /// The rows at these indices, none longer than it may be; the one of padding is a constant.
    #[track_caller]
    pub fn rows<'g>(self, name: &'static str, weight: &Param, index: Var<'g>) -> Var<'g> {
        let words = IndexWords { one: "row", many: "rows" };
        let index = index.within(weight.shape()[0], name, words);
        let rows = index.graph().param(weight).take(0, index);
        let rows = match self.padding {
            Some(row) => is_padding(index, row).unsqueeze(-1).select(rows.stop_gradient(), rows),
            None => rows,
        };
        match self.max_norm {
            Some(max_norm) => {
                let lines = rows.reshape_to([index.shape().size(), weight.shape()[1]]);
                lines.renorm(2.0, 0, max_norm).reshape_to(rows.shape())
            }
            None => rows,
        }
    }
}

#[track_caller]
pub(super) fn is_padding(index: Var<'_>, row: usize) -> Var<'_> {
    index.eq(index.graph().constant(arr0(row as i64)))
}

#[track_caller]
pub(super) fn expect_indices(name: &str, path: &str, index: Var<'_>) {
    if index.kind() != Kind::Index {
        let rule = "the input must hold indices of rows";
        misfit(&format!("{name} {path:?}"), rule, &[index]);
    }
}

/// The methods of a builder that has a `table`.
macro_rules! table_options {
    ($layer:ident) => {
        /// How the table starts.
        pub fn init(mut self, init: impl Into<$crate::init::Init>) -> Self {
            self.table.init = init.into();
            self
        }

        /// The row that stands for no word: it starts at 0, and has no gradient (PyTorch's `padding_idx`).
        pub fn padding(mut self, row: usize) -> Self {
            self.table.lookup.padding = Some(row);
            self
        }

        /// A row that is looked up is shortened to this Euclidean norm if it is longer (PyTorch's `max_norm`; see
        /// [`renorm`](graph::Var::renorm)). What is looked up is PyTorch's, and the gradient is that of shortening. PyTorch
        /// shortens the row in the table itself, and its gradient is that of the short row; here the table is written by
        /// optimizers alone.
        pub fn max_norm(mut self, max_norm: f64) -> Self {
            self.table.lookup.max_norm = Some(max_norm);
            self
        }

        /// [`build`](Self::build), for options that come from data.
        ///
        /// # Errors
        /// If an extent is 0, the initialiser is not defined, the row of padding is none of the table, or the largest
        /// norm is not positive; nothing is built then.
        #[track_caller]
        pub fn try_build(
            self,
            scope: &mut Scope<'_>,
            name: &str,
        ) -> Result<$layer, HyperparameterError> {
            self.table.check()?;
            Ok(self.build(scope, name))
        }
    };
}
pub(super) use table_options;
