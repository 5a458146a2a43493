//! Data sets for training on a CPU: where the numbers come from, and how they reach a training
//! loop.
//!
//! | to                                     | use                                 |
//! |----------------------------------------|-------------------------------------|
//! | start at once, without a file          | [`digits()`]: 1797 images, embedded |
//! | read MNIST or Fashion-MNIST            | [`mnist::load`]                     |
//! | read CIFAR-10                          | [`cifar10::load`]                   |
//! | read any IDX file                      | [`idx::read`]                       |
//! | read a numeric CSV file                | [`CsvReader`]                       |
//! | use arrays you already have            | [`Dataset::new`], [`Dataset::of`]   |
//! | divide into parts, stratified by class | [`Dataset::split`]                  |
//! | normalise by the training data         | [`Standardizer`]                    |
//! | walk through mini-batches              | [`Dataset::batches`]                |
//! | … and resume in the middle of them     | [`Dataset::epochs`]                 |
//!
//! ```
//! use cotangent::data::Standardizer;
//!
//! # fn main() -> Result<(), cotangent::data::DataError> {
//! let [train, validation, test] = cotangent::data::digits().split([0.6, 0.2, 0.2], 0)?;
//!
//! let standardizer = Standardizer::fit(&train)?; // the training part alone
//! let train = standardizer.apply(&train)?;
//! let test = standardizer.apply(&test)?;
//!
//! for epoch in 0..2 {
//!     for (x, labels) in train.batches(64)?.shuffled((0, epoch)) { // a seed, and the epoch
//!         assert_eq!(x.nrows(), labels.len());
//!     }
//! }
//! # assert_eq!(train.len() + validation.len() + test.len(), 1797);
//! # Ok(())
//! # }
//! ```
//!
//! Every function that meets data from outside returns a [`DataError`], which states the rule that
//! was broken, the values seen, and the place. Nothing here prints, and nothing panics on bad data.

mod batches;
pub mod cifar10;
mod csv_reader;
mod dataset;
mod digits;
mod epochs;
mod error;
pub mod idx;
pub mod mnist;
mod random;
mod real;
mod rows;
mod source;
mod split;
mod standardize;

pub use batches::{Batches, part_of};
pub use csv_reader::{CsvFault, CsvReader, Header, LabelColumn};
pub use dataset::Dataset;
pub use digits::digits;
pub use epochs::{DataOrder, Epochs};
pub use error::DataError;
pub use random::Shuffle;
pub use real::Real;
pub use rows::{IntoRows, Rows};
pub use standardize::Standardizer;
