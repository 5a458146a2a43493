//! CIFAR-10 (Krizhevsky, "Learning multiple layers of features from tiny images", 2009): coloured photographs of ten kinds of
//! thing, in its binary version.
//!
//! Six files in one folder, `cifar-10-batches-bin` as it is published:
//!
//! | names                                    | holds                              |
//! |------------------------------------------|------------------------------------|
//! | `data_batch_1.bin` to `data_batch_5.bin` | 10 000 images each, to train with  |
//! | `test_batch.bin`                         | 10 000 more images                 |
//!
//! An image is its label, a byte from 0 to 9, and 3072 bytes of pixels: 32×32 of red, then of green, then of blue, row by row.
//! The number of images is read from the files, so that smaller copies of the same layout load too.

use std::path::Path;

use ndarray::{Array1, Array2};

use crate::source::Source;
use crate::{DataError, Dataset};

/// What the classes show, in the order of the labels.
///
/// ```
/// assert_eq!(cotangent::data::cifar10::CLASSES[6], "frog");
/// ```
pub const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Colours, height and width.
const SHAPE: [usize; 3] = [3, 32, 32];
const PIXELS: usize = 3 * 32 * 32;
/// The label and the pixels.
const RECORD: usize = 1 + PIXELS;

/// Both parts of the data set.
///
/// [`load`] answers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cifar10 {
    /// The images to train with.
    pub train: Dataset,
    /// The images to test with.
    pub test: Dataset,
}

/// Loads the six files from a folder.
///
/// Pixels are scaled from bytes to 0 (dark) to 1: each is divided by 255. The features have shape `[images, 3072]`; the feature
/// shape is `[3, 32, 32]`, which [`unflatten`](Dataset::unflatten) makes axes of. All of them take 0.7 GB.
///
/// ```no_run
/// use cotangent::data::cifar10;
/// use cotangent::ndarray::Ix4;
///
/// # fn main() -> Result<(), cotangent::data::DataError> {
/// let cifar = cifar10::load("cifar-10-batches-bin")?;
/// let images = cifar.train.unflatten::<Ix4>()?;
/// assert_eq!(images.features().dim(), (50_000, 3, 32, 32));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`FileNotFound`](DataError::FileNotFound); [`Io`](DataError::Io);
/// [`IncompleteImage`](DataError::IncompleteImage) for a file that ends within an image; and
/// [`InFile`](DataError::InFile) for a label above 9, with the place of the image in its file, and for a file without images.
pub fn load(folder: impl AsRef<Path>) -> Result<Cifar10, DataError> {
    let folder = folder.as_ref();
    let train: Vec<String> = (1..=5).map(|part| format!("data_batch_{part}.bin")).collect();
    Ok(Cifar10 { train: read(folder, &train)?, test: read(folder, &["test_batch.bin".into()])? })
}

/// The images of these files, one after the other.
fn read(folder: &Path, names: &[String]) -> Result<Dataset, DataError> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for name in names {
        for record in read_file(folder, name)?.chunks_exact(RECORD) {
            labels.push(i64::from(record[0]));
            pixels.extend(record[1..].iter().map(|&pixel| f32::from(pixel) / 255.0));
        }
    }
    let features = Array2::from_shape_vec((labels.len(), PIXELS), pixels)
        .expect("each label comes with its pixels");
    Dataset::new(features, Array1::from(labels), CLASSES.len())?.with_feature_shape(&SHAPE)
}

/// The bytes of a file: whole images, at least one, with labels that name classes.
fn read_file(folder: &Path, name: &str) -> Result<Vec<u8>, DataError> {
    let file = folder.join(name);
    if !file.is_file() {
        let folder = folder.to_path_buf();
        return Err(DataError::FileNotFound { folder, names: vec![name.to_owned()] });
    }
    let bytes = Source::open(&file)?.read_up_to(u64::MAX)?;
    let (images, found) = (bytes.len() / RECORD, bytes.len() % RECORD);
    if found > 0 {
        return Err(DataError::IncompleteImage { file, image: images, expected: RECORD, found });
    }
    if images == 0 {
        return Err(DataError::Empty { rows: 0, columns: PIXELS }.in_file(file));
    }
    let labels = bytes.iter().step_by(RECORD).map(|&label| usize::from(label));
    match labels.enumerate().find(|&(_, label)| label >= CLASSES.len()) {
        None => Ok(bytes),
        Some((row, label)) => {
            let (label, classes) = (label as i64, CLASSES.len());
            Err(DataError::LabelOutOfRange { row, label, classes }.in_file(file))
        }
    }
}
