use std::fs;
use std::path::Path;

use cotangent::data::mnist::{self, Mnist};
use ndarray::array;
use tempfile::TempDir;

use crate::{assert_message, gzip};

fn images(count: u32, height: u32, width: u32) -> Vec<u8> {
    let header = [0x0803, count, height, width];
    let pixels = (0..count * height * width).map(|at| at as u8);
    header.into_iter().flat_map(u32::to_be_bytes).chain(pixels).collect()
}

fn labels(labels: &[u8]) -> Vec<u8> {
    let header = [0x0801, labels.len() as u32];
    header.into_iter().flat_map(u32::to_be_bytes).chain(labels.iter().copied()).collect()
}

fn write(folder: &Path, name: &str, bytes: Vec<u8>) {
    fs::write(folder.join(name), bytes).unwrap();
}

/// A folder of three images of 2×3 to train with, and two to test with.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "train-images-idx3-ubyte", images(3, 2, 3));
    write(folder.path(), "train-labels-idx1-ubyte", labels(&[4, 0, 9]));
    write(folder.path(), "t10k-images-idx3-ubyte", images(2, 2, 3));
    write(folder.path(), "t10k-labels-idx1-ubyte", labels(&[1, 2]));
    folder
}

fn load_with(name: &str, bytes: Vec<u8>) -> Result<Mnist, cotangent::data::DataError> {
    let folder = folder();
    write(folder.path(), name, bytes);
    mnist::load(folder.path())
}

#[test]
fn loads_both_parts_with_pixels_from_0_to_1() {
    let Mnist { train, test } = mnist::load(folder().path()).unwrap();
    assert_eq!((train.len(), test.len()), (3, 2));
    assert_eq!((train.classes(), train.feature_shape()), (10, &[2, 3][..]));
    assert_eq!(train.labels(), array![4, 0, 9]);
    assert_eq!(train.features()[[2, 5]], 17.0 / 255.0);
    let white = mnist::load(white_folder().path()).unwrap();
    assert_eq!(white.train.features(), array![[1.0]]);
}

/// One white pixel in each part.
fn white_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in ["train", "t10k"] {
        let mut white = images(1, 1, 1);
        *white.last_mut().unwrap() = 255;
        write(folder.path(), &format!("{part}-images-idx3-ubyte"), white);
        write(folder.path(), &format!("{part}-labels-idx1-ubyte"), labels(&[0]));
    }
    folder
}

#[test]
fn each_file_may_go_by_four_names() {
    let expected = mnist::load(folder().path()).unwrap();
    for (old, new) in [
        ("train-images-idx3-ubyte", "train-images.idx3-ubyte"),
        ("train-labels-idx1-ubyte", "train-labels.idx1-ubyte.gz"),
        ("t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz"),
        ("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"),
    ] {
        let folder = folder();
        let bytes = fs::read(folder.path().join(old)).unwrap();
        fs::remove_file(folder.path().join(old)).unwrap();
        write(folder.path(), new, if new.ends_with(".gz") { gzip(&bytes) } else { bytes });
        assert_eq!(mnist::load(folder.path()).unwrap(), expected, "{new}");
    }
}

#[test]
fn a_missing_file_is_named_with_all_its_names_and_the_folder() {
    let folder = folder();
    fs::remove_file(folder.path().join("t10k-labels-idx1-ubyte")).unwrap();
    let names = "t10k-labels-idx1-ubyte, t10k-labels-idx1-ubyte.gz, \
                 t10k-labels.idx1-ubyte, t10k-labels.idx1-ubyte.gz";
    let place = folder.path().display().to_string();
    assert_message(mnist::load(folder.path()), &["must hold one of the files", names, &place]);
    assert_message(mnist::load(folder.path().join("none")), &["train-images-idx3-ubyte", "none"]);
}

#[test]
fn images_and_labels_must_be_equally_many() {
    let wrong = load_with("train-labels-idx1-ubyte", labels(&[1, 2]));
    let parts = ["each image needs one label", "holds 3 images", "holds 2 labels", "train-labels"];
    assert_message(wrong, &parts);
}

#[test]
fn files_of_the_wrong_kind_are_told_by_their_magic_number() {
    let swapped = load_with("train-images-idx3-ubyte", labels(&[1, 2, 3]));
    let parts = ["train-images", "expected the magic number 0x00000803; found 0x00000801"];
    assert_message(swapped, &parts);
    let swapped = load_with("t10k-labels-idx1-ubyte", images(2, 2, 3));
    assert_message(swapped, &["t10k-labels", "0x00000801; found 0x00000803"]);
}

#[test]
fn a_header_must_agree_with_the_bytes() {
    let mut short = images(3, 2, 3);
    short.pop();
    let parts = ["train-images", "[3, 2, 3], 18 bytes of elements; found 17 bytes"];
    assert_message(load_with("train-images-idx3-ubyte", short), &parts);
}

#[test]
fn a_label_above_9_is_refused_in_its_file() {
    let wrong = load_with("train-labels-idx1-ubyte", labels(&[1, 10, 3]));
    let parts = ["train-labels", "the number of classes, 10", "row 1 has the label 10"];
    assert_message(wrong, &parts);
}

#[test]
fn a_folder_without_images_is_refused() {
    let folder = folder();
    write(folder.path(), "train-images-idx3-ubyte", images(0, 2, 3));
    write(folder.path(), "train-labels-idx1-ubyte", labels(&[]));
    assert_message(mnist::load(folder.path()), &["train-images", "0 rows of 6 features"]);
    let flat = load_with("train-images-idx3-ubyte", images(3, 0, 3));
    assert_message(flat, &["train-images", "3 rows of 0 features"]);
}

#[test]
fn both_parts_must_hold_images_of_one_size() {
    let wrong = load_with("t10k-images-idx3-ubyte", images(2, 2, 2));
    assert_message(wrong, &["t10k-images", "expected 6 features", "found 4"]);
}

#[test]
fn a_truncated_gzip_file_is_named() {
    let folder = folder();
    fs::remove_file(folder.path().join("train-images-idx3-ubyte")).unwrap();
    let packed = gzip(&images(3, 2, 3));
    let half = packed[..packed.len() / 2].to_vec();
    write(folder.path(), "train-images-idx3-ubyte.gz", half);
    assert_message(mnist::load(folder.path()), &["train-images-idx3-ubyte.gz", "checksum"]);
}
