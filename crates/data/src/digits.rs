//! The embedded digits.

use crate::{CsvReader, Dataset, Header};

const DIGITS: &[u8] = include_bytes!("../assets/digits.csv.gz");

/// Handwritten digits: 1797 images of 8×8 pixels, each from 0 (white) to 16 (black), with labels 0
/// to 9.
///
/// The features have shape `[1797, 64]`, row by row of each image; the feature shape is `[8, 8]`.
/// The data is part of the program: no file is needed. Pixels are as published, so scale them by
/// `map(|pixel| pixel / 16.0)` or a [`Standardizer`](crate::Standardizer) before training.
///
/// ```
/// let digits = cotangent::data::digits();
/// assert_eq!(digits.features().dim(), (1797, 64));
/// assert_eq!(digits.feature_shape(), [8, 8]);
/// assert_eq!(digits.classes(), 10);
/// ```
///
/// # Attribution
///
/// "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, 1998, UCI Machine
/// Learning Repository (its test split), licensed under [CC BY
/// 4.0](https://creativecommons.org/licenses/by/4.0/).
pub fn digits() -> Dataset {
    CsvReader::new()
        .header(Header::No)
        .classes(10)
        .from_reader(DIGITS, "digits.csv.gz")
        .and_then(|digits| digits.with_feature_shape(&[8, 8]))
        .expect("the embedded digits are well formed, as a test shows")
}
