//! MNIST, and the data sets that share its file names, such as Fashion-MNIST.
//!
//! Four IDX files in one folder: images and labels, to train and to test. Each may go by either of
//! two names, with or without `.gz`:
//!
//! | names                                                | holds                      |
//! |------------------------------------------------------|----------------------------|
//! | `train-images-idx3-ubyte`, `train-images.idx3-ubyte` | 60 000 images, 28×28 bytes |
//! | `train-labels-idx1-ubyte`, `train-labels.idx1-ubyte` | their labels, bytes 0 to 9 |
//! | `t10k-images-idx3-ubyte`, `t10k-images.idx3-ubyte`   | 10 000 more images         |
//! | `t10k-labels-idx1-ubyte`, `t10k-labels.idx1-ubyte`   | their labels               |
//!
//! The number and the size of the images are read from the files, so that smaller copies of the
//! same layout load too.

use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2};

use crate::idx::{Element, Header};
use crate::source::Source;
use crate::{DataError, Dataset};

/// Both parts of the data set.
///
/// [`load`] answers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mnist {
    /// The images to train with.
    pub train: Dataset,
    /// The images to test with.
    pub test: Dataset,
}

const CLASSES: usize = 10;

/// Loads the four files from a folder.
///
/// Pixels are scaled from bytes to 0 (background) to 1: each is divided by 255. The features have
/// shape `[images, height * width]`, row by row of each image; the feature shape is `[height,
/// width]`.
///
/// ```no_run
/// # fn main() -> Result<(), cotangent::data::DataError> {
/// let mnist = cotangent::data::mnist::load("fashion-mnist")?;
/// assert_eq!(mnist.train.feature_shape(), [28, 28]);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`FileNotFound`](DataError::FileNotFound) with the names that were looked for; what
/// [`idx::read`](crate::idx::read) returns, and the magic number of the wrong kind of file;
/// [`ImagesAndLabels`](DataError::ImagesAndLabels) when they are not equally many; and
/// [`InFile`](DataError::InFile) for a label above 9, for a file without images, and for test
/// images of another size than those to train with.
pub fn load(folder: impl AsRef<Path>) -> Result<Mnist, DataError> {
    let folder = folder.as_ref();
    let train = load_part(folder, "train")?;
    let test = load_part(folder, "t10k")?;
    if train.width() != test.width() {
        let error = DataError::WidthMismatch { expected: train.width(), found: test.width() };
        return Err(error.in_file(find(folder, "t10k", "images", 3)?));
    }
    Ok(Mnist { train, test })
}

fn load_part(folder: &Path, part: &str) -> Result<Dataset, DataError> {
    let images_file = find(folder, part, "images", 3)?;
    let labels_file = find(folder, part, "labels", 1)?;
    let (shape, pixels) = read_bytes(&images_file, 3)?;
    let (_, labels) = read_bytes(&labels_file, 1)?;
    let (images, labels_count) = (shape[0], labels.len());
    if images != labels_count {
        return Err(DataError::ImagesAndLabels {
            images_file,
            images,
            labels_file,
            labels: labels_count,
        });
    }
    dataset(&shape, &pixels, &labels).map_err(|error| match error {
        DataError::LabelOutOfRange { .. } => error.in_file(labels_file),
        _ => error.in_file(images_file),
    })
}

fn dataset(shape: &[usize], pixels: &[u8], labels: &[u8]) -> Result<Dataset, DataError> {
    let (images, columns) = (shape[0], shape[1] * shape[2]);
    if images == 0 || columns == 0 {
        return Err(DataError::Empty { rows: images, columns });
    }
    let features = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    let features = Array2::from_shape_vec((images, columns), features)
        .expect("as many pixels as the header says");
    let labels = Array1::from_iter(labels.iter().map(|&label| i64::from(label)));
    Dataset::new(features, labels, CLASSES)?.with_feature_shape(&shape[1..])
}

/// The shape and the bytes of an IDX file of bytes in so many dimensions.
fn read_bytes(file: &Path, dimensions: u8) -> Result<(Vec<usize>, Vec<u8>), DataError> {
    let mut source = Source::open(file)?;
    let header = Header::read(&mut source)?.expect(Element::U8, dimensions, &source)?;
    let bytes = header.read_elements(&mut source)?;
    Ok((header.shape(), bytes))
}

/// The file of a part (`train` or `t10k`) that holds its `images` or `labels`, under the first name
/// that exists.
fn find(folder: &Path, part: &str, content: &str, dimensions: u8) -> Result<PathBuf, DataError> {
    let names = [("-", ""), ("-", ".gz"), (".", ""), (".", ".gz")]
        .map(|(joint, ending)| format!("{part}-{content}{joint}idx{dimensions}-ubyte{ending}"));
    let found = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| DataError::FileNotFound {
        folder: folder.to_path_buf(),
        names: names.to_vec(),
    })
}
