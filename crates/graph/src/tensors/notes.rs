//! Notes at the head of a file.

/// The file with these notes, in their order: the same arrays and notes are the same bytes, where a map that was hashed would
/// be written in any order.
///
/// `file` is safetensors without notes: the length of its header in 8 bytes, the header, a JSON object padded with spaces to
/// a multiple of 8 bytes, and the numbers, whose offsets count from its end.
pub(super) fn noted(mut file: Vec<u8>, notes: &[(&str, &str)]) -> Vec<u8> {
    const HEAD: usize = 8;
    let length = u64::from_le_bytes(file[..HEAD].try_into().expect("8 bytes")) as usize;
    let arrays = file[HEAD..HEAD + length]
        .strip_prefix(b"{")
        .expect("a header is an object")
        .trim_ascii_end();
    let notes: Vec<String> =
        notes.iter().map(|(name, text)| format!("{}:{}", quoted(name), quoted(text))).collect();
    let separator = if arrays == b"}" { "" } else { "," };
    let mut header = format!("{{\"__metadata__\":{{{}}}{separator}", notes.join(",")).into_bytes();
    header.extend(arrays);
    header.resize(header.len().next_multiple_of(HEAD), b' ');
    let length_of_header = (header.len() as u64).to_le_bytes();
    file.splice(..HEAD + length, length_of_header.into_iter().chain(header));
    file
}

/// A string of JSON (RFC 8259, section 7).
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\0'..='\x1f' => quoted += &format!("\\u{:04x}", u32::from(c)),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use crate::tensors::{Tensors, write};
    use crate::{Shape, Storage};

    #[test]
    fn the_same_arrays_and_notes_are_the_same_bytes_and_any_text_comes_back() {
        let notes = [("b", "plain"), ("a \"quoted\\\"", "line\nand\ttab, \u{1}, µ, 🦀"), ("c", "")];
        let (shape, values) = (Shape::from([3]), [1.0_f32, -2.5, f32::NAN]);
        for arrays in [&[][..], &[("x", &shape, &values[..])], &[("y", &shape, &values[..]); 1]] {
            let file = || {
                let notes = notes.map(|(name, text)| (name.to_owned(), text.to_owned()));
                write(arrays.iter().copied(), Storage::F32, HashMap::from(notes)).unwrap()
            };
            let bytes = file();
            for _ in 0..20 {
                assert!(file() == bytes, "the same every time");
            }
            let read = Tensors::read(&bytes).unwrap();
            assert_eq!(read.names().len(), arrays.len());
            for (name, text) in notes {
                assert_eq!(read.note(name), Some(text));
            }
        }
    }
}
