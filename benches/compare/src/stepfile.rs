//! The file that gives every framework the same weights and the same batch.
//!
//! A safetensors file: the [`Spec`] as JSON under the metadata key `spec`, and the tensors, all `f32` but the labels:
//!
//! | name | what |
//! |---|---|
//! | `x` | the batch; its first extent is the number of samples, or, for sequences of states, of steps; a sample alone has no such extent; rows of a table are whole numbers; of an update alone, the gradient |
//! | `labels` | `i64`, the class of each sample, where there are classes |
//! | `v.*` | the vector that a product is taken with, in parts of the shapes of the parameters `*`; where something else than a loss is computed, the weights of the results `*` in the sum that is compared |
//! | `source` | what the Laplacian of a network is to be at each point of the batch |
//! | any other | a parameter, in PyTorch's shape: `linear{i}.weight` is (outputs, inputs) |
//!
//! Running means start at 0, running variances at 1, optimizer state at 0.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::Failure;
use crate::spec::Spec;

/// A dense array of `f32` in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Extent of each axis.
    pub shape: Vec<usize>,
    /// The elements.
    pub data: Vec<f32>,
}

/// A training step with its numbers.
#[derive(Clone, Debug)]
pub struct StepFile {
    /// What to compute.
    pub spec: Spec,
    /// Every `f32` tensor by name, `x` included.
    pub arrays: HashMap<String, Array>,
    /// The class of each sample; empty where there are none.
    pub labels: Vec<i64>,
}

impl StepFile {
    /// The tensor of this name.
    pub fn array(&self, name: &str) -> Result<&Array, Failure> {
        self.arrays.get(name).ok_or_else(|| format!("the step file has no tensor {name:?}").into())
    }

    /// How many numbers are trained, or would be.
    pub fn parameters(&self) -> usize {
        let given = |name: &str| ["x", "source"].contains(&name) || name.starts_with("v.");
        let trained = self.arrays.iter().filter(|(name, _)| !given(name));
        trained.map(|(_, array)| array.data.len()).sum()
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let mut parts: Vec<(&str, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
        for (name, array) in &self.arrays {
            let bytes = array.data.iter().flat_map(|v| v.to_le_bytes()).collect();
            parts.push((name, Dtype::F32, array.shape.clone(), bytes));
        }
        let labels = self.labels.iter().flat_map(|v| v.to_le_bytes()).collect();
        if !self.labels.is_empty() {
            parts.push(("labels", Dtype::I64, vec![self.labels.len()], labels));
        }
        let views = parts
            .iter()
            .map(|(name, dtype, shape, bytes)| {
                Ok((*name, TensorView::new(*dtype, shape.clone(), bytes)?))
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        let metadata = HashMap::from([("spec".to_owned(), serde_json::to_string(&self.spec)?)]);
        safetensors::serialize_to_file(views, Some(metadata), path)?;
        Ok(())
    }

    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let bytes = std::fs::read(path)?;
        let (_, header) = SafeTensors::read_metadata(&bytes)?;
        let spec = header.metadata().as_ref().and_then(|m| m.get("spec"));
        let spec = serde_json::from_str(spec.ok_or("the step file has no spec")?)?;
        let mut arrays = HashMap::new();
        let mut labels = Vec::new();
        for (name, view) in SafeTensors::deserialize(&bytes)?.iter() {
            match view.dtype() {
                Dtype::F32 => {
                    let data = view.data().as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
                    let array = Array { shape: view.shape().to_vec(), data: data.collect() };
                    arrays.insert(name.to_owned(), array);
                }
                Dtype::I64 if name == "labels" => {
                    let data = view.data().as_chunks().0.iter().map(|b| i64::from_le_bytes(*b));
                    labels = data.collect();
                }
                other => return Err(format!("tensor {name:?} has the type {other:?}").into()),
            }
        }
        Ok(Self { spec, arrays, labels })
    }
}
