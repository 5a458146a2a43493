//! The table of an embedding.

use graph::{Kind, Param, Scope, Shape, Var, misfit};
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
    pub padding: Option<usize>,
}

impl Table {
    pub fn new(owner: &'static str, rows: usize, width: usize) -> Self {
        Self { owner, rows, width, init: Init::normal(0.0, 1.0), padding: None }
    }

    fn shape(&self) -> Shape {
        [self.rows, self.width].into()
    }

    /// The parameter `weight`, with a row of 0 for padding.
    #[track_caller]
    pub fn build(&self, scope: &mut Scope<'_>) -> Param {
        let mut values = self.init.values(scope, &self.shape());
        if let Some(row) = self.padding {
            values.index_axis_mut(Axis(0), row).fill(0.0);
        }
        scope.parameter("weight", values)
    }

    pub fn check(&self) -> Result<(), HyperparameterError> {
        positive(self.owner, "the number of rows", self.rows)?;
        positive(self.owner, "the width", self.width)?;
        let row = self.padding.unwrap_or(0);
        let (name, rule) = ("the row of padding", "a row of the table");
        HyperparameterError::unless(row < self.rows, self.owner, name, rule, row as f64)?;
        self.init.check(&self.shape())
    }
}

/// The rows at these indices; the one of padding is a constant.
#[track_caller]
pub(super) fn rows<'g>(weight: &Param, padding: Option<usize>, index: Var<'g>) -> Var<'g> {
    let rows = index.graph().param(weight).embedding(index);
    match padding {
        Some(row) => is_padding(index, row).unsqueeze(-1).select(rows.stop_gradient(), rows),
        None => rows,
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
            self.table.padding = Some(row);
            self
        }

        /// [`build`](Self::build), for options that come from data.
        ///
        /// # Errors
        /// If an extent is 0, the initialiser is not defined, or the row of padding is none of the table; nothing
        /// is built then.
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
