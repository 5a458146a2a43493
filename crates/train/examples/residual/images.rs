//! Coloured images with labels.

use std::path::PathBuf;

use cotangent::Seed;
use cotangent::data::{self, DataError, cifar10};
use cotangent::ndarray::{Array4, ArrayView1, Ix4};
use cotangent::prelude::*;

/// Images of `[3, 32, 32]`, with colours that are 0 in the middle, as all of them are learnt best.
pub struct Images {
    pub train: Dataset<Array4<f32>>,
    pub validation: Dataset<Array4<f32>>,
    pub test: Dataset<Array4<f32>>,
    /// What the classes are called.
    pub names: Vec<String>,
}

impl Images {
    /// Parts with colours from 0 to 1.
    fn new(parts: [Dataset; 3], names: Vec<String>) -> Result<Self, DataError> {
        let [train, validation, test] = parts.map(|part| {
            let part = part.with_feature_shape(&[3, SIDE, SIDE])?;
            part.map(|colour| (colour - 0.5) / DEVIATION)?.unflatten::<Ix4>()
        });
        Ok(Self { train: train?, validation: validation?, test: test?, names })
    }
}

const SIDE: usize = 32;
/// How many times each digit is painted to train with.
const PAINTED: usize = 3;
/// About that of the colours.
const DEVIATION: f32 = 0.25;

/// What was taken of a colour, from 0 to 255.
pub fn byte(colour: f32) -> u8 {
    ((colour * DEVIATION + 0.5) * 255.0).clamp(0.0, 255.0) as u8
}

/// CIFAR-10 from this folder.
pub fn cifar(folder: PathBuf) -> Result<Images, DataError> {
    let cifar = cifar10::load(folder)?;
    let [train, validation] = cifar.train.split([0.9, 0.1], 0)?;
    Images::new([train, validation, cifar.test], cifar10::CLASSES.map(str::to_owned).to_vec())
}

/// The embedded digits, three times as large, here and there, in a colour of their own on a darker one.
pub fn digits() -> Result<Images, DataError> {
    let parts = data::digits().map(|pixel| pixel / 16.0)?.split([0.7, 0.1, 0.2], 0)?;
    let [train, validation, test] = parts;
    let parts = [painted(&train, PAINTED, 0)?, painted(&validation, 1, 1)?, painted(&test, 1, 2)?];
    Images::new(parts, (0..10).map(|digit| digit.to_string()).collect())
}

/// Every digit so many times, each time painted otherwise.
fn painted(digits: &Dataset, times: usize, seed: u64) -> Result<Dataset, DataError> {
    let rows: Vec<usize> = (0..times * digits.len()).map(|i| i % digits.len()).collect();
    let digits = digits.select(&rows)?;
    let mut images = Array2::zeros((digits.len(), 3 * SIDE * SIDE));
    let pairs = images.outer_iter_mut().zip(digits.features().outer_iter());
    for (i, (mut image, digit)) in pairs.enumerate() {
        let draw = |stream| Seed { seed, run: i as u64 }.uniform(stream, 0) as f32;
        paint(image.as_slice_mut().expect("rows lie in one piece"), digit, draw);
    }
    Dataset::new(images, digits.labels().clone(), digits.classes())
}

/// Paints a digit of 8×8, its ink from 0 to 1, with what is drawn for it.
fn paint(image: &mut [f32], digit: ArrayView1<'_, f32>, draw: impl Fn(u64) -> f32) {
    // So many pixels of the image are one of the digit, which begins two to six of them from the edges.
    let scale = 3.0;
    let place = [0, 1].map(|axis| 2.0 + (5.0 * draw(axis)).floor());
    for (at, colour) in image.iter_mut().enumerate() {
        let (channel, row, column) = (at / (SIDE * SIDE), at / SIDE % SIDE, at % SIDE);
        let [y, x] = [(row, place[0]), (column, place[1])]
            .map(|(i, place)| (i as f32 - place + 0.5) / scale - 0.5);
        let ground = 0.45 * draw(2 + channel as u64);
        let ink = ground + 0.25 + 0.3 * draw(5 + channel as u64);
        *colour = ground + (ink - ground) * between(digit, [y, x]);
    }
}

/// The ink at a place between pixels, by those around it; there is none outside.
fn between(digit: ArrayView1<'_, f32>, place: [f32; 2]) -> f32 {
    let mut sum = 0.0;
    for (dy, dx) in [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)] {
        let [y, x] = [place[0].floor() + dy, place[1].floor() + dx];
        if (0.0..8.0).contains(&y) && (0.0..8.0).contains(&x) {
            let near = (1.0 - (place[0] - y).abs()) * (1.0 - (place[1] - x).abs());
            sum += near * digit[8 * y as usize + x as usize];
        }
    }
    sum
}
