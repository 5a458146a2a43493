//! The store of parameters and buffers.

use std::collections::HashMap;
use std::panic::Location;

use ndarray::{ArrayD, ArrayViewD, ArrayViewMutD, IxDyn};

use super::id::unique;
use super::scope::Build;
use super::{Param, ParamId, Role, Scope};
use crate::random::Seed;
use crate::{Scalar, Shape};

/// All parameters and buffers of a model, in one contiguous buffer.
///
/// The trainable parameters come first and the buffers after them, each in the order they were
/// built, so that an optimizer step, a global norm or a checkpoint is one pass over a slice.
///
/// ```
/// use cotangent::Params;
/// use cotangent::ndarray::Array;
///
/// let mut params = Params::seeded(0);
/// let bias = params.root().parameter("bias", Array::zeros(3).into_dyn());
/// params.set(bias.id(), Array::from_elem(3, 0.5_f32).into_dyn().view())?;
/// assert_eq!(params.trainable(), [0.5; 3]);
/// assert_eq!(params.id("bias"), Some(bias.id()));
/// # Ok::<(), cotangent::ParamsError>(())
/// ```
///
/// A copy has the same parameters under the same ids, so that a model can be run with either (with
/// averaged weights, or those of a moment ago). What is built into one of them after is not known to
/// the other.
#[derive(Clone, Debug)]
pub struct Params<T = f32> {
    /// Changes whenever the parameters, their places or what is frozen do.
    pub(super) structure: u64,
    /// For each entry, whether it stays as it is.
    pub(super) frozen: Vec<bool>,
    seed: Seed,
    entries: Vec<Param>,
    by_path: HashMap<String, usize>,
    /// For each entry, where its values start.
    offsets: Vec<usize>,
    trainable: usize,
    values: Vec<T>,
}

/// A use of the store that it refuses. The store stays as it was.
///
/// ```
/// use cotangent::Params;
/// let mut params = Params::seeded(0);
/// let error = params.freeze("encoder.*").unwrap_err();
/// assert!(error.to_string().contains("encoder.*"));
/// ```
#[derive(Clone, PartialEq, thiserror::Error)]
pub enum ParamsError {
    /// An id of another store.
    #[error(
        "parameter #{index} is not one of this store: it was built in another, or in a copy of this \
         one after the copy was made"
    )]
    Unknown {
        /// The index in its own store.
        index: usize,
    },
    /// A value of another shape.
    #[error("parameter {path:?} has shape {expected}, and the value given {given}")]
    Shape {
        /// The parameter's path.
        path: String,
        /// Its shape.
        expected: Shape,
        /// The value's shape.
        given: Shape,
    },
    /// A pattern that matches no path.
    #[error("no parameter matches {pattern:?}; there are {known}")]
    UnmatchedPattern {
        /// The pattern.
        pattern: String,
        /// The first few paths.
        known: String,
    },
}

crate::debug_as_display!(ParamsError);

impl Params<f32> {
    /// An empty store in single precision, whose seed decides initial values and random operations.
    pub fn seeded(seed: u64) -> Self {
        Self::with_seed(seed)
    }
}

impl<T: Scalar> Params<T> {
    /// An empty store in the precision `T`, whose seed decides initial values and random operations.
    pub fn with_seed(seed: u64) -> Self {
        Self {
            structure: unique(),
            frozen: Vec::new(),
            seed: Seed { seed, run: 0 },
            entries: Vec::new(),
            by_path: HashMap::new(),
            offsets: Vec::new(),
            trainable: 0,
            values: Vec::new(),
        }
    }

    /// The place to build a model in.
    pub fn root(&mut self) -> Scope<'_> {
        Scope::root(T::store(self))
    }

    /// The same parameters, under the same ids, in another precision.
    pub fn cast<U: Scalar>(&self) -> Params<U> {
        Params {
            structure: self.structure,
            frozen: self.frozen.clone(),
            seed: self.seed,
            entries: self.entries.clone(),
            by_path: self.by_path.clone(),
            offsets: self.offsets.clone(),
            trainable: self.trainable,
            values: self.values.iter().map(|&x| U::from_f64(x.to_f64())).collect(),
        }
    }

    /// A number that changes whenever the parameters do, as opposed to their values: when one is
    /// added, frozen or unfrozen. Stores that answer the same have the same parameters in the same
    /// places, and the same ones frozen: what was laid out for one, such as a compiled program, fits
    /// the other.
    pub fn structure(&self) -> u64 {
        self.structure
    }

    /// Every parameter and buffer, in the order of building.
    pub fn entries(&self) -> &[Param] {
        &self.entries
    }

    /// The trainable parameters, frozen or not, in the order of building, which is that of their
    /// values.
    pub fn trainable_entries(&self) -> impl Iterator<Item = &Param> {
        self.entries.iter().filter(|param| param.role == Role::Trainable)
    }

    /// What the store knows of an id, if it is one of its own.
    pub fn entry(&self, id: ParamId) -> Option<&Param> {
        self.entries.get(id.index()).filter(|param| param.id == id)
    }

    /// The id of a path.
    pub fn id(&self, path: &str) -> Option<ParamId> {
        self.by_path.get(path).map(|&index| self.entries[index].id)
    }

    /// The values of a parameter, if the id is one of this store.
    pub fn get(&self, id: ParamId) -> Option<ArrayViewD<'_, T>> {
        let shape = &self.entry(id)?.shape;
        let view = ArrayViewD::from_shape(IxDyn(shape), &self.values[self.range(id)]);
        Some(view.expect("the range has the size of the shape"))
    }

    /// The values of a parameter, to be changed, if the id is one of this store.
    pub fn get_mut(&mut self, id: ParamId) -> Option<ArrayViewMutD<'_, T>> {
        let shape = self.entry(id)?.shape.clone();
        let range = self.range(id);
        let view = ArrayViewMutD::from_shape(IxDyn(&shape), &mut self.values[range]);
        Some(view.expect("the range has the size of the shape"))
    }

    /// Gives a parameter a value.
    ///
    /// # Errors
    /// If the id is of another store, or the shape differs; nothing is changed then.
    pub fn set(&mut self, id: ParamId, value: ArrayViewD<'_, T>) -> Result<(), ParamsError> {
        let param = self.entry(id).ok_or(ParamsError::Unknown { index: id.index() })?;
        if value.shape() != &*param.shape {
            return Err(ParamsError::Shape {
                path: param.path.to_string(),
                expected: param.shape.clone(),
                given: value.shape().into(),
            });
        }
        self.get_mut(id).expect("the id was checked").assign(&value);
        Ok(())
    }

    /// Where a parameter's values lie in [`values`](Self::values).
    ///
    /// # Panics
    /// If the id is of another store.
    pub fn range(&self, id: ParamId) -> std::ops::Range<usize> {
        let param = self.entry(id).expect("an id of this store");
        let start = match param.role {
            Role::Trainable => self.offsets[id.index()],
            Role::Buffer => self.trainable + self.offsets[id.index()],
        };
        start..start + param.shape.size()
    }

    /// All values: those of the trainable parameters, then those of the buffers.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// All values, to be changed.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The values of the trainable parameters.
    pub fn trainable(&self) -> &[T] {
        &self.values[..self.trainable]
    }

    /// The values of the trainable parameters, to be changed.
    pub fn trainable_mut(&mut self) -> &mut [T] {
        &mut self.values[..self.trainable]
    }

    /// The number of trainable numbers.
    pub fn trainable_count(&self) -> usize {
        self.trainable
    }

    /// The seed that random operations draw from in the next training step.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// Sets the seed, and the count of training steps that drew from it.
    pub fn set_seed(&mut self, seed: Seed) {
        self.seed = seed;
    }
}

impl<T: Scalar> Build for Params<T> {
    fn build(
        &mut self,
        path: &str,
        role: Role,
        initial: ArrayD<f64>,
        location: &'static Location<'static>,
    ) -> Result<Param, String> {
        if self.by_path.contains_key(path) {
            return Err("the path is taken: names must be unique within a scope".to_owned());
        }
        let values = initial.iter().map(|&x| T::from_f64(x));
        let buffers = self.values.len() - self.trainable;
        let (offset, end) = match role {
            Role::Trainable => (self.trainable, self.trainable),
            Role::Buffer => (buffers, self.values.len()),
        };
        let behind = self.values.split_off(end);
        self.values.extend(values);
        self.values.extend(behind);
        if role == Role::Trainable {
            self.trainable += initial.len();
        }
        let (index, shape) = (self.entries.len(), initial.shape().into());
        let id = ParamId::new(index);
        let param = Param { id, role, path: path.into(), shape, location };
        self.offsets.push(offset);
        self.frozen.push(false);
        self.entries.push(param.clone());
        self.by_path.insert(path.to_owned(), index);
        self.structure = unique();
        Ok(param)
    }

    fn seed(&self) -> Seed {
        self.seed
    }

    fn count(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array, array};

    #[test]
    fn trainable_values_are_a_prefix_whatever_the_order_of_building() {
        let mut params = Params::seeded(0);
        let mut root = params.root();
        let running = root.buffer("running", array![7.0].into_dyn());
        let weight = root.parameter("weight", array![1.0, 2.0].into_dyn());
        let bias = root.child("head").parameter("bias", array![3.0].into_dyn());
        assert_eq!(params.values(), [1.0, 2.0, 3.0, 7.0]);
        assert_eq!(params.trainable(), [1.0, 2.0, 3.0]);
        assert_eq!(params.get(running.id()).unwrap()[0], 7.0);
        assert_eq!(params.get(weight.id()).unwrap()[1], 2.0);
        assert_eq!(params.id("head.bias"), Some(bias.id()));
    }

    #[test]
    #[should_panic(expected = "parameter \"a.w\": the path is taken")]
    fn paths_are_unique() {
        let mut params = Params::seeded(0);
        let mut root = params.root();
        root.child("a").parameter("w", Array::zeros(1).into_dyn());
        root.child("a").parameter("w", Array::zeros(1).into_dyn());
    }

    #[test]
    fn ids_of_another_store_are_refused() {
        let (mut ours, mut theirs) = (Params::seeded(0), Params::seeded(0));
        ours.root().parameter("w", Array::zeros(2).into_dyn());
        let foreign = theirs.root().parameter("w", Array::zeros(2).into_dyn());
        assert!(ours.get(foreign.id()).is_none());
        let refused = ours.set(foreign.id(), Array::ones(2).into_dyn().view());
        assert_eq!(refused, Err(ParamsError::Unknown { index: 0 }));
    }

    #[test]
    fn a_copy_has_the_same_parameters_and_keeps_what_is_built_later_to_itself() {
        let mut ours = Params::seeded(0);
        let shared = ours.root().parameter("shared", array![1.0].into_dyn());
        let mut copy = ours.clone();
        assert_eq!(ours.structure(), copy.structure());
        copy.set(shared.id(), array![2.0].into_dyn().view()).unwrap();
        assert_eq!((ours.values(), copy.values()), (&[1.0][..], &[2.0][..]));

        let late = ours.root().parameter("late", array![3.0].into_dyn());
        let other = copy.root().parameter("other", array![4.0].into_dyn());
        assert_ne!(ours.structure(), copy.structure());
        assert!(ours.get(other.id()).is_none() && copy.get(late.id()).is_none());
        let value = array![5.0].into_dyn();
        let refused = copy.set(late.id(), value.view());
        assert_eq!(refused, Err(ParamsError::Unknown { index: 1 }));
        copy.set(shared.id(), value.view()).unwrap();
        assert_eq!((ours.values(), copy.values()), (&[1.0, 3.0][..], &[5.0, 4.0][..]));
    }

    #[test]
    fn a_value_of_another_shape_changes_nothing() {
        let mut params = Params::seeded(0);
        let w = params.root().parameter("w", Array::zeros(2).into_dyn());
        let error = params.set(w.id(), Array::ones(3).into_dyn().view()).unwrap_err();
        assert_eq!(error.to_string(), "parameter \"w\" has shape [2], and the value given [3]");
        assert_eq!(params.values(), [0.0, 0.0]);
    }
}
