//! Any extents and strides, up to the largest numbers: what a run accepts lies within its slices.

use super::*;

/// Small numbers, and those about which products and sums wrap around.
fn extent() -> impl Strategy<Value = usize> {
    prop_oneof![
        12 => 0usize..7,
        1 => (20u32..64).prop_map(|bit| 1 << bit),
        1 => (0usize..3).prop_map(|below| usize::MAX - below),
    ]
}

fn stride() -> impl Strategy<Value = isize> {
    prop_oneof![
        12 => -9isize..60,
        1 => (20u32..63).prop_map(|bit| 1 << bit),
        1 => (0isize..3).prop_map(|above| isize::MIN + above),
        1 => (0isize..3).prop_map(|below| isize::MAX - below),
    ]
}

fn axes_of(count: usize) -> impl Strategy<Value = (Vec<usize>, [Vec<isize>; 3])> {
    let strides = || proptest::collection::vec(stride(), count);
    (proptest::collection::vec(extent(), count), [strides(), strides(), strides()])
}

fn case() -> impl Strategy<Value = Case> {
    let groups = (axes_of(1), axes_of(2), axes_of(1), axes_of(2));
    (groups, [0usize..60, 0usize..60, 0usize..60]).prop_map(|(groups, offsets)| {
        let ((batch, b), (rows, r), (columns, c), (depth, d)) = groups;
        let [ba, bb, bc] = b;
        let ([ra, _, rc], [_, cb, cc], [da, db, _]) = (r, c, d);
        let strides = [[ba, ra, da], [bb, db, cb], [bc, rc, cc]];
        let mut strides = strides.into_iter();
        let places =
            offsets.map(|offset| Lies { offset, strides: strides.next().expect("three operands") });
        Case { batch, rows, columns, depth, places }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn contractions_stay_within_their_slices(case in case(), len in 0usize..900) {
        let Ok(contraction) = catch_unwind(AssertUnwindSafe(|| case.contraction::<f64>())) else {
            return Ok(());
        };
        let data: Vec<f64> = (0..len).map(|i| (i % 5) as f64).collect();
        let small = case.counts_are_small();
        let fits = contraction.reach().iter().all(|&reach| reach <= len);
        if fits && !small {
            return Ok(());
        }
        let mut c = vec![-1.0; len];
        let (pool, isa) = (Pool::new(1), Isa::best());
        let run = || contraction.run(isa, &pool, Source::Slice(&data), Source::Slice(&data), &mut c);
        assert_eq!(catch_unwind(AssertUnwindSafe(run)).is_ok(), fits);
        if !fits {
            return Ok(());
        }
        let [batch, rows, columns, depth] = case.counts();
        let [of_a, of_b, of_c] = [0, 1, 2].map(|k| case.offsets(k));
        for b in 0..batch {
            for i in 0..rows {
                for j in 0..columns {
                    let term = |p| data[of_a([b, i, p])] * data[of_b([b, p, j])];
                    let place = &mut c[of_c([b, i, j])];
                    assert_eq!(*place, (0..depth).map(term).sum::<f64>());
                    *place = -1.0;
                }
            }
        }
        assert!(c.iter().all(|&x| x == -1.0));
    }
}

impl Case {
    /// Whether the definition can be computed.
    fn counts_are_small(&self) -> bool {
        let axes = [&self.batch, &self.rows, &self.columns, &self.depth];
        let all = axes.iter().flat_map(|axes| axes.iter());
        all.fold(1u128, |count, &extent| count.saturating_mul(extent.max(1) as u128)) < 100_000
    }
}

#[test]
#[should_panic(expected = "elements of C may share a place")]
fn overlapping_results_are_refused() {
    let mut case = Case::dense(&[], &[4], &[4], &[4]);
    case.places[2].strides[1] = vec![3];
    case.contraction::<f32>();
}

#[test]
#[should_panic(expected = "B needs 16 elements, not 15")]
fn short_slices_are_refused() {
    let contraction = Case::dense(&[], &[4], &[4], &[4]).contraction::<f32>();
    let (a, b) = (Source::Slice(&[0.0; 16][..]), Source::Slice(&[0.0; 15][..]));
    contraction.run(Isa::best(), &Pool::new(1), a, b, &mut [0.0; 16]);
}

#[test]
#[should_panic(expected = "C has the strides [4] along the extents [4, 2]")]
fn missing_strides_are_refused() {
    let mut case = Case::dense(&[], &[4, 2], &[4], &[4]);
    case.places[2].strides[1] = vec![4];
    case.contraction::<f32>();
}
