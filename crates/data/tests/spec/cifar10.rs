use std::fs;
use std::path::Path;

use cotangent::data::cifar10::{self, Cifar10};
use ndarray::{Ix4, array};
use tempfile::TempDir;

use crate::{assert_message, gzip};

const FILES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

/// An image of this label, whose first row of red ends in 255, and whose green and blue are 51 and 102.
fn image(label: u8) -> Vec<u8> {
    let mut bytes = [vec![label], vec![0; 1024], vec![51; 1024], vec![102; 1024]].concat();
    bytes[32] = 255;
    bytes
}

fn write(folder: &Path, name: &str, bytes: Vec<u8>) {
    fs::write(folder.join(name), bytes).unwrap();
}

/// A folder with one image in each file, of label 0 to 5; two in the third.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (label, name) in FILES.into_iter().enumerate() {
        write(folder.path(), name, image(label as u8));
    }
    write(folder.path(), FILES[2], [image(2), image(9)].concat());
    folder
}

fn load_with(name: &str, bytes: Vec<u8>) -> Result<Cifar10, cotangent::data::DataError> {
    let folder = folder();
    write(folder.path(), name, bytes);
    cifar10::load(folder.path())
}

#[test]
fn loads_the_parts_in_order_with_colours_as_planes() {
    let Cifar10 { train, test } = cifar10::load(folder().path()).unwrap();
    assert_eq!(train.labels(), array![0, 1, 2, 9, 3, 4]);
    assert_eq!((test.labels(), test.classes()), (&array![5], 10));
    assert_eq!((train.width(), train.feature_shape()), (3072, &[3, 32, 32][..]));
    let images = train.unflatten::<Ix4>().unwrap();
    let pixel = |colour, row, column| images.features()[[5, colour, row, column]];
    assert_eq!([pixel(0, 0, 31), pixel(0, 1, 31)], [1.0, 0.0]);
    assert_eq!([pixel(1, 0, 0), pixel(1, 31, 31)], [0.2, 0.2]);
    assert_eq!([pixel(2, 0, 0), pixel(2, 31, 31)], [0.4, 0.4]);
}

#[test]
fn each_file_may_be_compressed() {
    let packed = load_with(FILES[0], gzip(&image(0)));
    assert_eq!(packed.unwrap(), cifar10::load(folder().path()).unwrap());
}

#[test]
fn a_missing_file_is_named_with_the_folder() {
    for name in FILES {
        let folder = folder();
        fs::remove_file(folder.path().join(name)).unwrap();
        let place = folder.path().display().to_string();
        assert_message(cifar10::load(folder.path()), &["must hold", name, &place]);
    }
}

#[test]
fn a_file_that_ends_within_an_image_is_refused() {
    let mut short = [image(1), image(2)].concat();
    short.truncate(3073 + 100);
    let parts = ["data_batch_4.bin", "3073 bytes", "image 1", "100"];
    assert_message(load_with(FILES[3], short), &parts);
}

#[test]
fn a_label_above_9_is_refused_in_its_file() {
    let wrong = load_with(FILES[5], [image(0), image(10)].concat());
    assert_message(wrong, &["test_batch.bin", "the number of classes, 10", "row 1", "label 10"]);
}

#[test]
fn a_file_without_images_is_refused() {
    let empty = load_with(FILES[1], Vec::new());
    assert_message(empty, &["data_batch_2.bin", "0 rows of 3072 features"]);
}
