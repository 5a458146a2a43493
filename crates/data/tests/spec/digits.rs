use cotangent::data::digits;

#[test]
fn the_embedded_digits_are_those_of_the_repository() {
    let digits = digits();
    assert_eq!((digits.len(), digits.width(), digits.classes()), (1797, 64, 10));
    assert_eq!(digits.feature_shape(), [8, 8]);
    let counts: Vec<usize> = digits.class_counts().into_values().collect();
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(digits.features().sum(), 561_718.0);
}

#[test]
fn pixels_lie_from_0_to_16() {
    let digits = digits();
    let whole = |pixel: f32| (0.0..=16.0).contains(&pixel) && pixel.fract() == 0.0;
    assert!(digits.features().iter().all(|&pixel| whole(pixel)));
    assert_eq!(digits.features().row(0).to_vec()[..8], [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
    assert_eq!(digits.labels().to_vec()[..3], [0, 1, 2]);
}
