use std::fs;

use cotangent::data::{CsvReader, DataError, Dataset, Header, LabelColumn};
use ndarray::array;
use proptest::prelude::*;

use crate::{assert_message, gzip, message};

fn read(options: CsvReader, text: &str) -> Result<Dataset, DataError> {
    options.from_reader(text.as_bytes(), "some.csv")
}

fn parse(text: &str) -> Result<Dataset, DataError> {
    read(CsvReader::new(), text)
}

#[test]
fn the_label_stands_last_and_the_rest_are_features() {
    let data = parse("1.5,-2e3,0\n0.25,7,2\n").unwrap();
    assert_eq!(data.features(), array![[1.5, -2000.0], [0.25, 7.0]]);
    assert_eq!(data.labels(), array![0, 2]);
    assert_eq!(data.classes(), 3);
}

#[test]
fn the_label_may_stand_elsewhere() {
    let data =
        read(CsvReader::new().label_column(LabelColumn::Index(1)), "1,0,2\n3,1,4\n").unwrap();
    assert_eq!(data.features(), array![[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(data.labels(), array![0, 1]);
}

#[test]
fn the_first_line_is_a_header_if_no_field_is_a_number() {
    assert_eq!(parse("x,y,label\n1,2,0\n").unwrap().len(), 1);
    assert_eq!(parse("1,2,0\n1,2,0\n").unwrap().len(), 2);
    assert_message(parse("1,y,0\n1,2,0\n"), &["line 1, column 2", "\"y\""]);
}

#[test]
fn the_header_may_be_stated() {
    assert_eq!(read(CsvReader::new().header(Header::Yes), "1,2,3\n1,2,0\n").unwrap().len(), 1);
    let wrong = read(CsvReader::new().header(Header::No), "x,y,label\n1,2,0\n");
    assert_message(wrong, &["line 1, column 1", "\"x\""]);
}

#[test]
fn the_delimiter_may_be_another() {
    let data = read(CsvReader::new().delimiter(b';'), "1;2;0\n").unwrap();
    assert_eq!(data.features(), array![[1.0, 2.0]]);
    assert_eq!(read(CsvReader::new().delimiter(b'\t'), "1\t2\t0\n").unwrap(), data);
}

#[test]
fn spaces_quotes_empty_lines_and_line_endings_do_not_matter() {
    let plain = parse("1,2,0\n3,4,1\n").unwrap();
    for text in [
        "1,2,0\n3,4,1",
        "1,2,0\r\n3,4,1\r\n",
        " 1, 2 ,0\n\n\n3,4,1\n\n",
        "\"1\",2,0\n3,4,\"1\"\n",
        "\u{feff}1,2,0\n3,4,1\n",
        "1,2,0.0\n3,4,1e0\n",
    ] {
        assert_eq!(parse(text).unwrap(), plain, "{text:?}");
    }
}

#[test]
fn reads_files_plain_or_gzip_as_f32_or_f64() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, packed) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
    fs::write(&plain, "0.1,0\n").unwrap();
    fs::write(&packed, gzip(b"0.1,0\n")).unwrap();
    assert_eq!(CsvReader::new().read(&plain).unwrap().features(), array![[0.1_f32]]);
    assert_eq!(CsvReader::new().read_as::<f64>(&packed).unwrap().features(), array![[0.1_f64]]);
    assert_message(CsvReader::new().read(folder.path().join("c.csv")), &["cannot read", "c.csv"]);
}

#[test]
fn the_number_of_classes_may_be_stated() {
    assert_eq!(read(CsvReader::new().classes(5), "1,2,0\n").unwrap().classes(), 5);
    let told = "some.csv: line 2, column 3: a label must be below the number of classes, 2; found 2: labels count from 0";
    assert_message(read(CsvReader::new().classes(2), "1,2,0\n1,2,2\n"), &[told]);
}

#[test]
fn a_file_without_data_is_refused() {
    for text in ["", "\n\n", "x,y,label\n"] {
        assert_message(parse(text), &["some.csv", "at least one line of data; found none"]);
    }
}

#[test]
fn a_feature_must_be_a_number() {
    assert_eq!(
        message(parse("1,2,0\n3,four,0\n")),
        "some.csv: line 2, column 2: a feature must be a number; found \"four\""
    );
    assert_message(parse("1,2,0\n3,,0\n"), &["line 2, column 2", "found \"\""]);
    let bytes = CsvReader::new().from_reader(&b"1,2,0\n\xff,2,0\n"[..], "some.csv");
    assert_message(bytes, &["line 2, column 1", "must be a number"]);
}

#[test]
fn a_feature_must_be_finite_in_its_type() {
    for text in ["nan", "inf", "-inf", "1e300"] {
        let result = parse(&format!("1,2,0\n3,4,0\n5,{text},0\n"));
        let seen = format!("found {text:?}");
        assert_message(result, &["line 3, column 2", "must be finite as f32", &seen]);
    }
}

#[test]
fn a_label_must_be_a_whole_number_from_0() {
    for text in ["1.5", "-1", "cat", "", "nan", "1e30"] {
        let result = parse(&format!("1,2,0\n3,4,{text}\n"));
        let seen = format!("found {text:?}");
        assert_message(result, &["line 2, column 3", "a whole number from 0", &seen]);
    }
}

#[test]
fn a_line_must_have_as_many_columns_as_the_first() {
    assert_eq!(
        message(parse("1,2,0\n3,4,0\n5,0\n")),
        "some.csv: line 3: each line must have as many columns as the first, 3; found 2"
    );
    assert_message(parse("x,y,label\n1,2,3,0\n"), &["line 2", "the first, 3; found 4"]);
}

#[test]
fn a_label_needs_a_feature_beside_it() {
    assert_message(parse("1\n2\n"), &["line 1", "a label and at least one feature", "1 column"]);
}

#[test]
fn the_label_column_must_exist() {
    let wrong = read(CsvReader::new().label_column(LabelColumn::Index(3)), "1,2,0\n");
    assert_message(wrong, &["line 1", "index 3", "below the number of columns, 3"]);
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    for text in ["1,0\n\n\nx,0\n", "1,0\r\n\r\n\r\nx,0\r\n", "\n\n1,0\nx,0", "\"a\nb\",l\n1,0\nx,0"]
    {
        assert_message(parse(text), &["line 4, column 1", "\"x\""]);
    }
}

#[test]
fn a_long_text_is_cut_short() {
    let message = message(parse(&format!("1,0\n{},0\n", "é".repeat(1000))));
    assert!(message.ends_with(&format!("\"{}…\"", "é".repeat(40))), "{message}");
}

#[test]
fn a_truncated_gzip_stream_is_refused() {
    let packed = gzip("1,2,0\n".repeat(1000).as_bytes());
    let cut = CsvReader::new().from_reader(&packed[..packed.len() - 4], "some.csv");
    assert_message(cut, &["some.csv", "breaks off after 6000 decompressed bytes"]);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, delimiter: u8) {
        let _ = CsvReader::new().delimiter(delimiter).from_reader(&bytes[..], "some.csv");
    }

    #[test]
    fn arbitrary_text_never_panics(text in "[-0-9.einf,\"\r\n x]{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn what_is_written_is_read(rows in prop::collection::vec((-1e6_f32..1e6, 0_i64..9), 1..20)) {
        let text: String = rows.iter().map(|(value, label)| format!("{value},{label}\n")).collect();
        let data = parse(&text).unwrap();
        let (features, labels) = data.into_parts();
        prop_assert_eq!(features.into_iter().zip(labels).collect::<Vec<_>>(), rows);
    }
}
