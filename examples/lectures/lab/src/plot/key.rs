//! The key above the data, which tells the lines apart.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::canvas::{Area, Drawn, TEXT, text, units};
use super::marker::draw_marker;
use super::{Hue, SCALE, SIZE};

/// The height of a row of the key.
pub(super) const ROW: i32 = 22;
/// The width of a line or a band in the key, and of a marker.
const SAMPLE: i32 = 34;
const MARKER: i32 = 12;

/// An entry of the key.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub hue: Hue,
    pub label: String,
    pub mark: Mark,
}

/// What stands before the label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mark {
    Line,
    Solid,
    Points,
    Runner,
    Band,
}

impl Key {
    fn sample(&self) -> i32 {
        if self.mark == Mark::Points { MARKER } else { SAMPLE }
    }
}

/// The entries, each with its place from the left, broken into rows that fit.
pub(super) fn rows(entries: &[Key]) -> Vec<Vec<(i32, &Key)>> {
    let mut rows: Vec<Vec<(i32, &Key)>> = Vec::new();
    let mut x = SIZE.0;
    for key in entries {
        let needed = key.sample() + 8 + width(&key.label) + 14;
        if x + needed > SIZE.0 + 14 {
            rows.push(Vec::new());
            x = 60;
        }
        rows.last_mut().expect("a row was begun").push((x, key));
        x += needed;
    }
    rows
}

/// Roughly how wide a text is, in a wide font: fonts are not known here.
fn width(label: &str) -> i32 {
    let em = |c: char| match c {
        'm' | 'M' | 'w' | 'W' | '—' | '…' => 0.95,
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | ' ' | '.' | ',' | ':' | '(' | ')' | '/' | '⁻' => 0.4,
        c if c.is_uppercase() => 0.72,
        _ => 0.63,
    };
    (label.chars().map(em).sum::<f64>() * TEXT) as i32
}

/// Draws the rows.
pub(super) fn draw_keys(area: &Area<'_>, rows: &[Vec<(i32, &Key)>]) -> Drawn {
    for (row, keys) in rows.iter().enumerate() {
        let y = (row as i32 * ROW + ROW / 2 + 4) * SCALE;
        for (x, key) in keys {
            let Key { hue, label, mark } = key;
            let (from, to) = (x * SCALE, (x + key.sample()) * SCALE);
            match mark {
                Mark::Points => draw_marker(area, ((from + to) / 2, y), *hue, 5.0)?,
                Mark::Line | Mark::Solid | Mark::Runner => {
                    let solid = *mark == Mark::Solid;
                    let color = if solid { hue.solid() } else { hue.color() };
                    let style = color.stroke_width(units(if solid { 1.2 } else { 2.2 }) as u32);
                    area.draw(&PathElement::new(vec![(from, y), (to, y)], style))?;
                    if *mark == Mark::Runner {
                        draw_marker(area, ((from + to) / 2, y), *hue, 5.0)?;
                    }
                }
                Mark::Band => {
                    let corners = [(from, y - units(5.0)), (to, y + units(5.0))];
                    area.draw(&Rectangle::new(corners, hue.color().mix(0.25).filled()))?;
                }
            }
            let style = text(TEXT).pos(Pos::new(HPos::Left, VPos::Center));
            area.draw(&Text::new(label.as_str(), (to + units(8.0), y), style))?;
        }
    }
    Ok(())
}
