//! What keeps a state from fitting an optimizer.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use graph::Shape;

use super::State;
use crate::{OptimError, Precision};

/// A state that was not saved, not read or not restored. The optimizer is as it was.
///
/// See [`State`].
#[derive(thiserror::Error)]
pub enum StateError {
    /// The file could not be written; what was there before still is.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is no whole optimizer state.
    #[error("{} is no whole optimizer state: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The bytes are no whole optimizer state.
    #[error("no whole optimizer state: {reason}")]
    Bytes {
        /// What is wrong with them.
        reason: String,
    },
    /// The state is that of another optimizer, or for other parameters.
    #[error("the state does not fit the optimizer:{}", list(differences))]
    Mismatch {
        /// All differences.
        differences: Vec<Difference>,
    },
    /// The optimizer itself does not fit the parameters.
    #[error(transparent)]
    Optimizer(#[from] OptimError),
}

graph::debug_as_display!(StateError);

/// One difference between what is here, in an optimizer or a whole training run, and a state.
///
/// See [`State`].
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// It is here, and the state has it not.
    Missing(String),
    /// The state has it, and it is not here.
    Unexpected(String),
    /// A buffer of another shape.
    Shape {
        /// The name.
        name: String,
        /// What it is here.
        here: Shape,
        /// What it is in the state.
        there: Shape,
    },
    /// A hyperparameter, schedule or convention of another value.
    Setting {
        /// The name.
        name: String,
        /// What it is here.
        here: String,
        /// What it is in the state.
        there: String,
    },
}

impl Difference {
    /// What differs.
    pub fn name(&self) -> &str {
        match self {
            Self::Missing(name) | Self::Unexpected(name) => name,
            Self::Shape { name, .. } | Self::Setting { name, .. } => name,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "missing from the state: {name}"),
            Self::Unexpected(name) => write!(f, "unknown here: {name}"),
            Self::Shape { name, here, there } => {
                write!(f, "another shape: {name} is {here} here and {there} in the state")
            }
            Self::Setting { name, here, there } => {
                write!(f, "another setting: {name} is {here} here and {there} in the state")
            }
        }
    }
}

/// The differences, one to a line, after a colon.
pub(crate) fn list(differences: &[Difference]) -> String {
    differences.iter().map(|difference| format!("\n  {difference}")).collect()
}

impl<T: Precision> State<T> {
    /// Every difference between this, an optimizer's own state, and another.
    pub(crate) fn differences(&self, other: &Self) -> Vec<Difference> {
        let mut differences = Vec::new();
        if let (Some(ours), Some(theirs)) = (&self.settings, &other.settings) {
            differences.extend(between(ours, theirs, |name, here, there| {
                let text = ToString::to_string;
                (here != there).then(|| Difference::Setting {
                    name,
                    here: text(here),
                    there: text(there),
                })
            }));
        }
        differences.extend(between(&self.numbers, &other.numbers, |_, _, _| None));
        differences.extend(between(&self.tensors, &other.tensors, |name, here, there| {
            let (here, there) = (here.shape.clone(), there.shape.clone());
            (here != there).then_some(Difference::Shape { name, here, there })
        }));
        differences
    }
}

/// The names that only one has, and what differs about those that both have.
fn between<V>(
    ours: &BTreeMap<String, V>,
    theirs: &BTreeMap<String, V>,
    differs: impl Fn(String, &V, &V) -> Option<Difference>,
) -> Vec<Difference> {
    let of_ours = ours.iter().filter_map(|(name, here)| match theirs.get(name) {
        Some(there) => differs(name.clone(), here, there),
        None => Some(Difference::Missing(name.clone())),
    });
    let unknown = theirs.keys().filter(|name| !ours.contains_key(*name));
    of_ours.chain(unknown.cloned().map(Difference::Unexpected)).collect()
}
