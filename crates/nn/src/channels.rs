//! Channels stand on axis 1: what is said where they do not.

use graph::{Var, misfit};

/// Refuses an input that has not so many channels on axis 1.
#[track_caller]
pub(crate) fn expect(layer: &str, path: &str, x: Var<'_>, channels: usize) {
    if x.shape().get(1) != Some(&channels) {
        let rule = format!(
            "axis 1 of the input must have {channels} channels: {}",
            remedy(&x.shape(), channels)
        );
        misfit(&format!("{layer} {path:?}"), rule, &[x]);
    }
}

/// What may be done about an input of this shape.
pub(crate) fn remedy(shape: &[usize], channels: usize) -> String {
    match shape {
        [_, _, .., last] if *last == channels => {
            let positions: Vec<String> = (1..shape.len() - 1).map(|i| i.to_string()).collect();
            let (rank, positions) = (shape.len() - 1, positions.join(", "));
            format!(
                "channels that come last are brought there by `x.permute([0, {rank}, {positions}])`"
            )
        }
        [first, _, ..] if *first == channels => {
            "a single sample gets its axis by `x.unsqueeze(0)`".to_owned()
        }
        [_, found, ..] => {
            format!("build the layer for {found} channels, or look at what the input comes from")
        }
        _ => "axis 0 is that of samples, and there is none behind it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::remedy;

    #[test]
    fn channels_that_come_last_are_moved_in_front_of_the_positions() {
        assert!(remedy(&[8, 28, 28, 3], 3).ends_with("`x.permute([0, 3, 1, 2])`"));
        assert!(remedy(&[8, 50, 3], 3).ends_with("`x.permute([0, 2, 1])`"));
    }

    #[test]
    fn what_is_no_order_of_axes_is_no_permutation() {
        assert!(remedy(&[8, 4, 28, 28], 3).contains("for 4 channels"));
        assert!(remedy(&[8, 4], 3).contains("for 4 channels"));
        assert!(remedy(&[3, 28, 28], 3).contains("`x.unsqueeze(0)`"));
        assert!(remedy(&[3], 3).contains("none behind"));
        assert!(remedy(&[], 3).contains("none behind"));
    }
}
