//! The sizes of the processor's caches, found out once at run time.

use std::sync::LazyLock;

/// What one core has of each level, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Caches {
    pub(crate) first: usize,
    pub(crate) second: usize,
}

/// A processor of the last ten years, where nothing is told.
const DEFAULT: Caches = Caches { first: 32 << 10, second: 512 << 10 };

static FOUND: LazyLock<Caches> =
    LazyLock::new(|| Caches::read("/sys/devices/system/cpu/cpu0/cache"));

impl Caches {
    /// The caches of this processor.
    pub(crate) fn found() -> Caches {
        *FOUND
    }

    /// What Linux tells in a directory of `index0`, `index1`, …
    fn read(directory: &str) -> Caches {
        let mut caches = DEFAULT;
        for index in 0..8 {
            let file = |name: &str| {
                let text = std::fs::read_to_string(format!("{directory}/index{index}/{name}"));
                text.map(|text| text.trim().to_owned()).unwrap_or_default()
            };
            let Some(size) = bytes(&file("size")) else { continue };
            match (file("level").as_str(), file("type").as_str()) {
                ("1", "Data" | "Unified") => caches.first = size,
                ("2", "Data" | "Unified") => caches.second = size,
                _ => {}
            }
        }
        caches
    }
}

/// "48K" in bytes.
fn bytes(size: &str) -> Option<usize> {
    let unit = match size.chars().last()? {
        'K' => 1 << 10,
        'M' => 1 << 20,
        _ => return size.parse().ok(),
    };
    size[..size.len() - 1].parse::<usize>().ok()?.checked_mul(unit).filter(|&size| size > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_unit() {
        assert_eq!(bytes("48K"), Some(48 << 10));
        assert_eq!(bytes("2M"), Some(2 << 20));
        assert_eq!(bytes("512"), Some(512));
        assert_eq!((bytes(""), bytes("K"), bytes("0K")), (None, None, None));
    }

    #[test]
    fn where_nothing_is_told_there_is_a_default() {
        assert_eq!(Caches::read("/nowhere"), DEFAULT);
    }
}
