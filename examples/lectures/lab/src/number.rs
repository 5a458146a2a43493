//! Numbers as people write them.

/// A number to so many digits as m·10ᵏ, as 3·10⁻¹⁶; zeros at the end are left out.
///
/// ```
/// assert_eq!(lab::scientific(2.96e-16, 1), "3·10⁻¹⁶");
/// assert_eq!(lab::scientific(-1250.0, 2), "−1.2·10³");
/// assert_eq!([lab::scientific(0.0, 1), lab::scientific(9.7e4, 1)], ["0", "10⁵"]);
/// ```
pub fn scientific(value: f64, digits: usize) -> String {
    let text = format!("{value:.*e}", digits.max(1) - 1);
    let Some((mantissa, exponent)) = text.split_once('e').filter(|_| value != 0.0) else {
        return if value == 0.0 { "0".to_owned() } else { text };
    };
    let mantissa = match mantissa.contains('.') {
        true => mantissa.trim_end_matches('0').trim_end_matches('.'),
        false => mantissa,
    };
    let mantissa = mantissa.replace('-', "−");
    match (mantissa.as_str(), exponent) {
        (_, "0") => mantissa,
        ("1", _) => format!("10{}", superscript(exponent)),
        _ => format!("{mantissa}·10{}", superscript(exponent)),
    }
}

fn superscript(exponent: &str) -> String {
    let digit = |c: char| match c {
        '-' => '⁻',
        c => ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][c as usize - '0' as usize],
    };
    exponent.chars().map(digit).collect()
}
