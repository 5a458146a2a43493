//! Tables of vectors.

use graph::{Kind, Param, Scope, Shape, Var, misfit};

use crate::error::{accept, positive};
use crate::init::Init;
use crate::module::forward_at;
use crate::{HyperparameterError, Mode, Module};

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
    path: String,
}

/// The options of an [`Embedding`] to be built.
#[derive(Clone, Debug)]
pub struct EmbeddingBuilder {
    rows: usize,
    width: usize,
    init: Init,
}

impl Embedding {
    /// A table of `rows` vectors of extent `width`.
    #[allow(clippy::new_ret_no_self)] // a layer exists once it is built into a scope
    pub fn new(rows: usize, width: usize) -> EmbeddingBuilder {
        EmbeddingBuilder { rows, width, init: Init::normal(0.0, 1.0) }
    }

    /// The rows at these indices: of shape `[..]`, the result has shape `[.., width]`.
    ///
    /// # Panics
    /// If the argument does not hold indices.
    #[track_caller]
    pub fn forward<'g>(&self, index: Var<'g>) -> Var<'g> {
        if index.kind() != Kind::Index {
            let rule = "the input must hold indices of rows".to_owned();
            misfit(&format!("embedding {:?}", self.path), rule, &[index]);
        }
        index.graph().param(&self.weight).embedding(index)
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
    /// How the table starts.
    pub fn init(self, init: impl Into<Init>) -> Self {
        Self { init: init.into(), ..self }
    }

    /// Builds the parameter `name.weight`.
    ///
    /// # Panics
    /// If an extent is 0, the initialiser is not defined, or the name is taken.
    #[track_caller]
    pub fn build(self, scope: &mut Scope<'_>, name: &str) -> Embedding {
        accept(self.check());
        let mut scope = scope.child(name);
        let weight = self.init.build(&mut scope, "weight", [self.rows, self.width]);
        Embedding { weight, path: scope.path().to_owned() }
    }

    /// [`build`](Self::build), for options that come from data.
    ///
    /// # Errors
    /// If an extent is 0 or the initialiser is not defined; nothing is built then.
    #[track_caller]
    pub fn try_build(
        self,
        scope: &mut Scope<'_>,
        name: &str,
    ) -> Result<Embedding, HyperparameterError> {
        self.check()?;
        Ok(self.build(scope, name))
    }

    fn check(&self) -> Result<(), HyperparameterError> {
        positive("Embedding", "the number of rows", self.rows)?;
        positive("Embedding", "the width", self.width)?;
        self.init.check(&Shape::from([self.rows, self.width]))
    }
}
