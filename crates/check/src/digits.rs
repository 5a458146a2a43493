//! Numbers with as many digits as it takes to see how they differ.

/// More digits than two different numbers of double precision need.
const MOST: usize = 20;

/// Two numbers in scientific notation, with at least so many digits after the point, and with one more
/// than it takes to tell them apart.
pub(crate) fn apart(a: f64, b: f64, least: usize) -> [String; 2] {
    shown([a, b], least, |x, digits| format!("{x:.digits$e}"))
}

/// The same as [`apart`], as sentences show numbers: in scientific notation where a number is very
/// large or small.
pub(crate) fn apart_in_words(a: f64, b: f64, least: usize) -> [String; 2] {
    let is_plain = |x: f64| x == 0.0 || (1e-3..1e6).contains(&x.abs());
    if is_plain(a) && is_plain(b) {
        shown([a, b], least, |x, digits| format!("{x:.digits$}"))
    } else {
        apart(a, b, least)
    }
}

fn shown(numbers: [f64; 2], least: usize, write: impl Fn(f64, usize) -> String) -> [String; 2] {
    let with = |digits: usize| numbers.map(|x| write(x, digits));
    let [a, b] = numbers;
    let differ = |digits: &usize| with(*digits)[0] != with(*digits)[1];
    let needed = if a == b { None } else { (0..MOST).find(differ) };
    with(needed.map_or(least, |digits| least.max(digits + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_seen_however_small() {
        assert_eq!(apart(1.0, 2.0, 3), ["1.000e0", "2.000e0"]);
        assert_eq!(apart(0.1, 0.1, 3), ["1.000e-1", "1.000e-1"]);
        assert_eq!(apart(1.0, 1.0 + 1e-12, 3), ["1.0000000000000e0", "1.0000000000010e0"]);
        let [one, next] = apart(1.0, 1.0 + f64::EPSILON, 3);
        assert_ne!(one, next);
    }

    #[test]
    fn sentences_show_small_numbers_too() {
        assert_eq!(apart_in_words(0.5, 0.25, 3), ["0.500", "0.250"]);
        assert_eq!(apart_in_words(2e-8, 3e-8, 3), ["2.000e-8", "3.000e-8"]);
        assert_eq!(apart_in_words(0.0, f64::NAN, 3), ["0.000e0", "NaN"]);
    }
}
