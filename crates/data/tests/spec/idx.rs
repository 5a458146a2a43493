use std::fs;

use cotangent::data::DataError;
use cotangent::data::idx::{self, IdxArray, IdxFault};
use ndarray::array;
use proptest::prelude::*;

use crate::{assert_message, gzip, message};

/// An IDX file of this type, sizes and elements.
fn file(element: u8, sizes: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, element, sizes.len() as u8];
    sizes.iter().for_each(|size| bytes.extend(size.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

fn parse(bytes: &[u8]) -> Result<IdxArray, DataError> {
    idx::from_reader(bytes, "some.idx")
}

fn fault(bytes: &[u8]) -> IdxFault {
    match parse(bytes) {
        Err(DataError::Idx { file, fault }) if file.as_os_str() == "some.idx" => fault,
        other => panic!("expected a fault of the format; found {other:?}"),
    }
}

#[test]
fn every_element_type_is_big_endian() {
    let parsed = |element, bytes: &[u8]| parse(&file(element, &[2], bytes)).unwrap();
    assert_eq!(parsed(0x08, &[7, 255]), IdxArray::U8(array![7, 255].into_dyn()));
    assert_eq!(parsed(0x09, &[7, 255]), IdxArray::I8(array![7, -1].into_dyn()));
    assert_eq!(parsed(0x0b, &[1, 2, 255, 254]), IdxArray::I16(array![258, -2].into_dyn()));
    let words = [(-2_i32).to_be_bytes(), 70_000_i32.to_be_bytes()].concat();
    assert_eq!(parsed(0x0c, &words), IdxArray::I32(array![-2, 70_000].into_dyn()));
    let floats = [0.5_f32.to_be_bytes(), (-3.25_f32).to_be_bytes()].concat();
    assert_eq!(parsed(0x0d, &floats), IdxArray::F32(array![0.5, -3.25].into_dyn()));
    let doubles = [0.1_f64.to_be_bytes(), 1e300_f64.to_be_bytes()].concat();
    assert_eq!(parsed(0x0e, &doubles), IdxArray::F64(array![0.1, 1e300].into_dyn()));
}

#[test]
fn elements_are_row_major() {
    let parsed = parse(&file(0x08, &[2, 1, 3], &[1, 2, 3, 4, 5, 6])).unwrap();
    assert_eq!(parsed.shape(), [2, 1, 3]);
    assert_eq!(parsed.to_real::<f64>(), array![[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]].into_dyn());
}

#[test]
fn a_size_of_0_makes_an_empty_array() {
    assert_eq!(parse(&file(0x0e, &[0, 28], &[])).unwrap().shape(), [0, 28]);
}

#[test]
fn gzip_is_recognised_by_content_not_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let plain = file(0x08, &[2], &[1, 2]);
    for (name, bytes) in [("plain.gz", plain.clone()), ("packed.idx", gzip(&plain))] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        assert_eq!(idx::read(&path).unwrap(), parse(&plain).unwrap());
    }
}

#[test]
fn a_file_that_does_not_open_is_named() {
    let missing = tempfile::tempdir().unwrap().path().join("missing.idx");
    assert_message(idx::read(&missing), &["cannot read", "missing.idx"]);
}

#[test]
fn the_magic_number_must_be_that_of_idx() {
    let bytes = [0x89, b'P', b'N', b'G', 0, 0, 0, 0];
    assert_message(parse(&bytes), &["some.idx", "byte 0", "0x0000TTDD", "found 0x89504e47"]);
    let unknown_type = fault(&[0, 0, 0x0a, 1, 0, 0, 0, 0]);
    assert!(matches!(unknown_type, IdxFault::Magic { found: 0x0a01, .. }));
}

#[test]
fn dimensions_must_number_1_to_8() {
    let nine = file(0x08, &[1; 9], &[0]);
    assert_eq!(
        message(parse(&nine)),
        "some.idx: byte 3: an IDX file must have 1 to 8 dimensions; found 9"
    );
    assert_eq!(fault(&file(0x08, &[], &[0])), IdxFault::Dimensions { found: 0, most: 8 });
    assert!(parse(&file(0x08, &[1; 8], &[0])).is_ok());
}

#[test]
fn the_header_must_be_whole() {
    assert_message(parse(&[]), &["the header must hold 4 bytes; found 0"]);
    assert_message(parse(&[0, 0, 8]), &["the header must hold 4 bytes; found 3"]);
    let two_sizes = file(0x08, &[1, 1], &[]);
    assert_message(parse(&two_sizes[..9]), &["the header must hold 12 bytes; found 9"]);
}

#[test]
fn elements_must_be_as_many_as_announced() {
    let short = file(0x0b, &[3, 2], &[0; 11]);
    assert_message(parse(&short), &["announces [3, 2], 12 bytes of elements; found 11 bytes"]);
}

#[test]
fn nothing_may_follow_the_elements() {
    let long = file(0x0b, &[3, 2], &[0; 13]);
    assert_message(parse(&long), &["announces [3, 2]", "must end at byte 24; found more bytes"]);
    assert_message(parse(&gzip(&long)), &["must end at byte 24"]);
}

#[test]
fn a_header_that_claims_terabytes_is_an_error_not_an_allocation() {
    let terabytes = file(0x0e, &[u32::MAX, 1000], &[1, 2, 3]);
    let expected = u64::from(u32::MAX) * 8000;
    assert_eq!(
        fault(&terabytes),
        IdxFault::Truncated { shape: vec![u32::MAX, 1000], expected, found: 3 }
    );
}

#[test]
fn sizes_must_not_overflow() {
    for sizes in [vec![u32::MAX; 3], vec![u32::MAX; 8], vec![0, u32::MAX, u32::MAX, u32::MAX]] {
        let bytes = file(0x08, &sizes, &[]);
        assert_message(parse(&bytes), &["byte 4", "addressable", &format!("{sizes:?}")]);
    }
}

#[test]
fn a_truncated_gzip_stream_says_where_it_breaks_off() {
    let packed = gzip(&file(0x08, &[1000], &[7; 1000]));
    for end in [3, 12, packed.len() - 1] {
        let parts = ["some.idx", "must end with its checksum", "decompressed bytes"];
        assert_message(parse(&packed[..end]), &parts);
    }
    let without_checksum = parse(&packed[..packed.len() - 1]);
    assert_message(without_checksum, &["breaks off after 1008 decompressed bytes"]);
}

#[test]
fn a_corrupt_gzip_stream_is_an_error() {
    let mut packed = gzip(&file(0x08, &[1000], &[7; 1000]));
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    assert_message(parse(&packed), &["must decompress", "after 1008 decompressed bytes"]);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let _ = parse(&bytes);
        let _ = parse(&gzip(&bytes));
        let _ = parse(&[&[0x1f, 0x8b, 8], &bytes[..]].concat());
    }

    #[test]
    fn arbitrary_headers_never_panic(
        element in 0x08_u8..0x0f,
        sizes in prop::collection::vec(prop_oneof![0_u32..5, any::<u32>()], 0..10),
        elements in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let _ = parse(&file(element, &sizes, &elements));
    }

    #[test]
    fn what_is_written_is_read(rows in 0_u32..9, columns in 0_u32..9, pixel: u8, packed: bool) {
        let pixels: Vec<u8> = (0..rows * columns).map(|at| pixel.wrapping_add(at as u8)).collect();
        let bytes = file(0x08, &[rows, columns], &pixels);
        let array = parse(&if packed { gzip(&bytes) } else { bytes }).unwrap();
        prop_assert_eq!(array.shape(), [rows as usize, columns as usize]);
        let read: Vec<u8> = array.to_real::<f32>().iter().map(|&value| value as u8).collect();
        prop_assert_eq!(read, pixels);
    }
}
