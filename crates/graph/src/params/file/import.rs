//! Loading a part of a file, or into a part of a model.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::{LoadError, Mismatch, numbers, unfit_type};
use crate::Scalar;
use crate::params::{Param, Params, Pattern};
use crate::tensors::Tensors;

type Rename = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Which parameters take which tensors of a file, for [`Params::load_with`].
///
/// Names of the file become paths of the model by what is said about them, in the order in which it
/// is said. Unless it is [partial](Self::partial), every parameter [asked](Self::only) [for](Self::except) must be in
/// the file, and every tensor whose path is asked for must be a parameter.
///
/// ```
/// use cotangent::{Import, Params};
/// use cotangent::ndarray::arr1;
///
/// // A file of an encoder alone, from elsewhere.
/// let mut theirs = Params::seeded(0);
/// theirs.root().child("net").parameter("gamma", arr1(&[7.0]).into_dyn());
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("encoder.safetensors");
/// theirs.save(&file)?;
///
/// // A model that has an encoder, and a head of its own.
/// let mut ours = Params::seeded(0);
/// let weight = ours.root().child("encoder").parameter("scale", arr1(&[1.0]).into_dyn());
/// ours.root().child("head").parameter("bias", arr1(&[0.5]).into_dyn());
///
/// let import = Import::new()
///     .strip_prefix("net.")
///     .rename(|name| name.replace("gamma", "scale"))
///     .add_prefix("encoder.")
///     .only("encoder.*");
/// let loaded = ours.load_with(&file, &import)?;
/// assert_eq!(loaded.taken, ["encoder.scale"]);
/// assert_eq!(ours.get(weight.id()).unwrap()[0], 7.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Default)]
pub struct Import {
    renames: Vec<Rename>,
    only: Vec<Pattern>,
    except: Vec<Pattern>,
    partial: bool,
}

impl Import {
    /// The whole of a file into the whole of a model, as [`Params::load`].
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks only for parameters whose path the pattern matches, or one of several patterns. All
    /// others stay as they are, and what the file has of them is left over.
    #[must_use]
    pub fn only(mut self, pattern: impl Into<Pattern>) -> Self {
        self.only.push(pattern.into());
        self
    }

    /// Does not ask for parameters whose path the pattern matches: they stay as they are, as a head for other classes than
    /// those of the file.
    ///
    /// ```
    /// use cotangent::{Import, Params};
    /// use cotangent::ndarray::Array1;
    ///
    /// let model = |classes: usize| {
    ///     let mut params = Params::seeded(0);
    ///     params.root().child("body").parameter("scale", Array1::ones(3).into_dyn());
    ///     params.root().child("head").parameter("bias", Array1::ones(classes).into_dyn());
    ///     params
    /// };
    /// let folder = tempfile::tempdir()?;
    /// let file = folder.path().join("ten_classes.safetensors");
    /// model(10).save(&file)?;
    /// let loaded = model(2).load_with(&file, &Import::new().except("head.*"))?;
    /// assert_eq!((&loaded.taken[..], &loaded.left_over[..]), (&["body.scale".into()][..], &["head.bias".into()][..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn except(mut self, pattern: impl Into<Pattern>) -> Self {
        self.except.push(pattern.into());
        self
    }

    /// Reads the tensors whose names begin so, without this beginning; others are left over.
    #[must_use]
    pub fn strip_prefix(mut self, prefix: &str) -> Self {
        let prefix = prefix.to_owned();
        self.renames.push(Box::new(move |name| name.strip_prefix(&prefix).map(str::to_owned)));
        self
    }

    /// Puts this before every name of the file: `"encoder."` for a file of the encoder alone.
    #[must_use]
    pub fn add_prefix(mut self, prefix: &str) -> Self {
        let prefix = prefix.to_owned();
        self.renames.push(Box::new(move |name| Some(format!("{prefix}{name}"))));
        self
    }

    /// Gives every name of the file another.
    #[must_use]
    pub fn rename(mut self, rename: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        self.renames.push(Box::new(move |name| Some(rename(name))));
        self
    }

    /// Parameters may be missing from the file, and tensors unknown to the model: what they are
    /// stands in the [report](Loaded). Another shape or type, or a file of which nothing can be
    /// taken, is still an error; a part that has another shape on purpose is left out by [`except`](Self::except).
    #[must_use]
    pub fn partial(self) -> Self {
        Self { partial: true, ..self }
    }

    fn asks_for(&self, path: &str) -> bool {
        let matches = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(path));
        (self.only.is_empty() || matches(&self.only)) && !matches(&self.except)
    }

    /// The path of a tensor, if it has one and that is asked for.
    fn path(&self, name: &str) -> Option<String> {
        let renamed = |path: String, rename: &Rename| rename(&path);
        let path = self.renames.iter().try_fold(name.to_owned(), renamed)?;
        self.asks_for(&path).then_some(path)
    }
}

impl fmt::Debug for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { renames, only, except, partial } = self;
        let mut import = f.debug_struct("Import");
        import.field("renames", &renames.len()).field("only", only).field("except", except);
        import.field("partial", partial).finish()
    }
}

/// What was loaded, and what was not.
///
/// [`Params::load_with`] answers it: see the example of [`Import`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// The paths of the parameters that were given their values, in their order.
    pub taken: Vec<String>,
    /// The paths of the parameters that were asked for, and that the file does not have.
    pub missing: Vec<String>,
    /// The names of the tensors of the file that no parameter took, in alphabetical order.
    pub left_over: Vec<String>,
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} taken", self.taken.len())?;
        for (what, paths) in [("missing", &self.missing), ("left over", &self.left_over)] {
            if !paths.is_empty() {
                write!(f, ", {} {what} ({})", paths.len(), paths.join(", "))?;
            }
        }
        Ok(())
    }
}

impl<T: Scalar> Params<T> {
    /// Loads every parameter and buffer by its path, from floating point numbers of 16, 32 or 64
    /// bits.
    ///
    /// A buffer may also come as 64-bit integers, as PyTorch saves BatchNorm's `num_batches_tracked`,
    /// if this precision holds each of them exactly.
    ///
    /// # Errors
    /// If the file cannot be read, is not whole, or does not hold exactly the model's parameters in
    /// their shapes; then nothing is changed.
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        self.load_with(path, &Import::new()).map(drop)
    }

    /// Loads what an [`Import`] asks for, and answers what was taken, missing and left over.
    ///
    /// # Errors
    /// If the file cannot be read, is not whole, or does not hold what is asked for in the
    /// parameters' shapes; then nothing is changed.
    pub fn load_with(
        &mut self,
        path: impl AsRef<Path>,
        import: &Import,
    ) -> Result<Loaded, LoadError> {
        let path = path.as_ref();
        let bytes = std::fs::read(path)
            .map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
        let tensors = Tensors::read(&bytes).map_err(|source| LoadError::Format {
            path: path.to_owned(),
            length: bytes.len(),
            source,
        })?;
        let (found, mismatch) = self.find(&tensors, import);
        if !mismatch.is_empty() {
            let (path, mismatch) = (path.to_owned(), Box::new(mismatch));
            return Err(LoadError::Mismatch { path, mismatch });
        }
        let wanted = |param: &&Param| import.asks_for(param.path());
        let mut loaded = Loaded::default();
        for param in self.entries().iter().filter(wanted) {
            let to = if found.contains_key(param.path()) {
                &mut loaded.taken
            } else {
                &mut loaded.missing
            };
            to.push(param.path().to_owned());
        }
        loaded.left_over = tensors.names().into_iter().map(str::to_owned).collect();
        loaded.left_over.retain(|name| !found.values().any(|taken| taken == name));
        if loaded.taken.is_empty() && !loaded.missing.is_empty() {
            return Err(LoadError::Nothing { path: path.to_owned(), loaded });
        }
        for (path, name) in &found {
            let tensor = tensors.get(name).expect("it was found");
            let range = self.range(self.id(path).expect("it was found"));
            for (value, x) in self.values_mut()[range].iter_mut().zip(numbers(&tensor)) {
                *value = T::from_f64(x);
            }
        }
        Ok(loaded)
    }

    /// For every path that is asked for and in the file, the name of its tensor; and all that stands
    /// in the way.
    fn find(&self, tensors: &Tensors<'_>, import: &Import) -> (BTreeMap<String, String>, Mismatch) {
        let (mut found, mut mismatch) = (BTreeMap::new(), Mismatch::default());
        for name in tensors.names() {
            let Some(path) = import.path(name) else { continue };
            if self.id(&path).is_none() {
                mismatch.unexpected.push(name.to_owned());
            } else if let Some(first) = found.insert(path.clone(), name.to_owned()) {
                mismatch.twice.push((path, first, name.to_owned()));
            }
        }
        for param in self.entries().iter().filter(|param| import.asks_for(param.path())) {
            let path = || param.path().to_owned();
            let Some(name) = found.get(param.path()) else {
                mismatch.missing.push(path());
                continue;
            };
            let tensor = tensors.get(name).expect("it is one of the file's names");
            let shape = tensor.shape();
            if shape != *param.shape() {
                mismatch.shapes.push((path(), param.shape().clone(), shape));
            }
            if let Some(unfit) = unfit_type::<T>(param, &tensor) {
                mismatch.types.push((path(), unfit));
            }
        }
        if import.partial {
            mismatch.missing.clear();
            mismatch.unexpected.clear();
        }
        (found, mismatch)
    }
}
