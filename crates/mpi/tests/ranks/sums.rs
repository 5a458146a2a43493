//! Sums of plain arrays.

use crate::support::*;

#[test]
fn sums_are_of_all_ranks_however_long_they_are() {
    let test = "sums::sums_are_of_all_ranks_however_long_they_are";
    if folder().is_some() {
        return rank(|world| {
            let ranks = world.size();
            let of_all = (ranks * (ranks + 1) / 2) as f64;
            // The longest leaves in pieces, of which the last is shorter.
            for length in [0, 1, 1000, 300_001] {
                let own = |i| (i % 1000) as f64 * (world.rank() + 1) as f64;
                let mut values = Vec::from_iter((0..length).map(own));
                world.sum(&mut values);
                let expected = (0..length).map(|i| (i % 1000) as f64 * of_all);
                assert!(values.iter().copied().eq(expected), "{length} numbers");
            }
            Ok(())
        });
    }
    let folder = tempfile::tempdir().unwrap();
    [1, 2, 4].iter().for_each(|&ranks| run(ranks, test, folder.path()));
}
