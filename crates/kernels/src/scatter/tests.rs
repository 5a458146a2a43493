//! Sums and replacements against the definition, on any number of threads.

use proptest::prelude::*;

use super::*;

/// What the definition writes.
fn expected(
    extents: &[usize],
    [source, indices, result]: [Laid<'_>; 3],
    along: Along,
    (x, at, y): (&[f32], &[i64], &mut [f32]),
    set: fn(&mut f32, f32),
) {
    let size: usize = extents.iter().product();
    for i in 0..size {
        let (mut rest, mut moved) = (i, [0; 3]);
        for (axis, &extent) in extents.iter().enumerate().rev() {
            for (moved, laid) in moved.iter_mut().zip([source, indices, result]) {
                *moved += (rest % extent) as isize * laid.strides[axis];
            }
            rest /= extent;
        }
        let number = |laid: Laid<'_>, moved: isize| laid.offset.wrapping_add_signed(moved);
        let step = along.step(at[number(indices, moved[1])]);
        set(&mut y[number(result, moved[2] + step)], x[number(source, moved[0])]);
    }
}

/// Of an array with its axes in some order, some of them repeated: the strides, and the length.
fn lay(extents: &[usize], repeated: usize, turned: bool) -> (Vec<isize>, usize) {
    let mut order: Vec<usize> = (0..extents.len()).rev().collect();
    if turned {
        order.rotate_left(extents.len().min(1));
    }
    let (mut strides, mut len) = (vec![0; extents.len()], 1);
    for axis in order {
        if repeated >> axis & 1 == 0 {
            strides[axis] = len as isize;
            len *= extents[axis];
        }
    }
    (strides, len)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_that_of_the_definition_on_any_number_of_threads(
        extents in prop::collection::vec(prop::sample::select(vec![1usize, 2, 3, 7, 20, 70, 0]), 0..4),
        large in prop::bool::weighted(0.3),
        extent in prop::sample::select(vec![1usize, 2, 5, 40]),
        repeated in [0usize..16, 0usize..16, 0usize..16],
        turned in [any::<bool>(), any::<bool>(), any::<bool>()],
        replaces in any::<bool>(),
    ) {
        let extents = if large { [&extents[..], &[300, 66]].concat() } else { extents };
        let with_axis = [&extents[..], &[extent]].concat();
        let (of_source, x) = lay(&extents, repeated[0], turned[0]);
        let (of_indices, at) = lay(&extents, repeated[1], turned[1]);
        let (of_result, y) = lay(&with_axis, repeated[2] & !(1 << extents.len()), turned[2]);
        let (stride, of_result) = of_result.split_last().unwrap();
        let along = Along { extent, stride: *stride };
        if extents.iter().product::<usize>() > 1 << 17 || y > 1 << 20 || x > 1 << 20 {
            return Ok(());
        }
        let laid = [&of_source[..], &of_indices, of_result].map(|strides| Laid { offset: 0, strides });
        let source: Vec<f32> = (0..x).map(|i| (i as f32 * 0.37).sin()).collect();
        let indices: Vec<i64> = (0..at).map(|i| (i * 7 % 11 * 5 % extent) as i64).collect();
        let mut written = vec![0.25; y];
        let set = if replaces { |y: &mut f32, x| *y = x } else { |y: &mut f32, x| *y += x };
        expected(&extents, laid, along, (&source, &indices, &mut written), set);
        let add = Scatter::new(&extents, laid[0], laid[1], laid[2], along);
        let scatter = if replaces { add.replacing() } else { add };
        for isa in Isa::available() {
            for threads in 1..=4 {
                let mut seen = vec![f32::NAN; y];
                let pool = Pool::new(threads);
                scatter.run(isa, &pool, &source, &indices, Some(0.25), &mut seen);
                prop_assert_eq!(&seen, &written, "{} threads, {:?}", threads, scatter.cut);
            }
        }
    }
}

#[test]
fn what_is_shared_depends_on_the_shape() {
    fn cut(
        extents: &[usize],
        x: &[isize],
        at: &[isize],
        y: &[isize],
        (extent, stride): (usize, isize),
    ) -> Option<Cut> {
        let [x, at, y] = [x, at, y].map(|strides| Laid { offset: 0, strides });
        Scatter::new(extents, x, at, y, Along { extent, stride }).cut
    }
    // Rows of a large table and of a small one; elements of each row; and a few.
    let rows = cut(&[2048, 128], &[128, 1], &[1, 0], &[0, 1], (10_000, 128));
    assert_eq!(rows, Some(Cut::Destinations));
    let few = cut(&[2048, 128], &[128, 1], &[1, 0], &[0, 1], (3, 128));
    assert_eq!(few, Some(Cut::Columns));
    let each = cut(&[512, 100], &[100, 1], &[100, 1], &[50, 0], (50, 1));
    assert_eq!(each, Some(Cut::Axis(0)));
    assert_eq!(cut(&[20, 12], &[12, 1], &[1, 0], &[0, 1], (30, 12)), None);
    // Places that are not known to lie apart.
    assert_eq!(cut(&[2048, 128], &[128, 1], &[1, 0], &[0, 1], (10_000, 5)), None);
}

#[test]
fn an_index_outside_is_refused_by_every_thread() {
    let laid = |strides| Laid { offset: 0, strides };
    let along = Along { extent: 40, stride: 1 };
    let add = Scatter::new(&[20_000], laid(&[1]), laid(&[1]), laid(&[0]), along);
    let (x, mut at, mut y) = (vec![1.0; 20_000], vec![39; 20_000], vec![0.0; 40]);
    let pool = Pool::new(2);
    add.run(Isa::best(), &pool, &x, &at, None, &mut y);
    assert_eq!(y[39], 20_000.0);
    for wrong in [40, -1, i64::MAX, i64::MIN] {
        at[7] = wrong;
        let run = || add.run(Isa::best(), &pool, &x, &at, None, &mut y);
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn overlapping_places_are_added_up_on_any_number_of_threads(
        extents in prop::collection::vec(1usize..9, 1..4),
        large in any::<bool>(),
        strides in prop::collection::vec(-9isize..40, 5),
    ) {
        let extents = if large { [&extents[..], &[40, 30]].concat() } else { extents };
        let strides = &strides[..extents.len()];
        let (of_source, x) = lay(&extents, 0, false);
        let reach = |stride: &isize, extent: &usize| stride * (*extent as isize - 1);
        let reaches: Vec<isize> = strides.iter().zip(&extents).map(|(s, e)| reach(s, e)).collect();
        let offset = reaches.iter().map(|reach| -reach.min(&0)).sum::<isize>() as usize;
        let y = offset + 1 + reaches.iter().map(|reach| *reach.max(&0)).sum::<isize>() as usize;
        let from = Laid { offset: 0, strides: &of_source };
        let to = Laid { offset, strides };
        let first = vec![0; extents.len()];
        let still = Laid { offset: 0, strides: &first };
        let source: Vec<f32> = (0..x).map(|i| (i % 64) as f32).collect();
        let (mut sums, along) = (vec![0.0; y], Along { extent: 1, stride: 1 });
        let add = |y: &mut f32, x| *y += x;
        expected(&extents, [from, still, to], along, (&source, Scatter::FIRST, &mut sums), add);
        let overlay = Scatter::overlay(&extents, from, to);
        for threads in 1..=3 {
            let mut seen = vec![f32::NAN; y];
            let pool = Pool::new(threads);
            overlay.run(Isa::best(), &pool, &source, Scatter::FIRST, Some(0.0), &mut seen);
            prop_assert_eq!(&seen, &sums, "{} threads, {:?}", threads, overlay.cut);
        }
    }
}

#[test]
fn windows_are_shared_by_what_they_do_not_meet_along() {
    let cut = |extents: &[usize], to: &[isize]| {
        let (of_source, _) = lay(extents, 0, false);
        let from = Laid { offset: 0, strides: &of_source };
        Scatter::overlay(extents, from, Laid { offset: 0, strides: to }).cut
    };
    // Windows of 3 × 3 over four images of 30 × 30 with 8 channels, which come last; over the rows of a matrix; and over
    // one image with one channel.
    let images = [4, 28, 28, 3, 3, 8];
    assert_eq!(cut(&images, &[7200, 240, 8, 240, 8, 1]), Some(Cut::Axis(0)));
    assert_eq!(cut(&[80, 3, 100], &[1, 1, 200]), Some(Cut::Columns));
    assert_eq!(cut(&[128, 128, 3, 3], &[130, 1, 130, 1]), None);
}
