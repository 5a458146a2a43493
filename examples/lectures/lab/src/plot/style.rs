//! Colours that everybody tells apart, each with dashes and a marker of its own.

use plotters::style::RGBColor;

/// A colour of Okabe and Ito ("Color universal design", 2008), with the dashes and the marker that
/// stand for it in grey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hue {
    /// Solid, circles.
    Blue,
    /// Dashes, squares.
    Vermillion,
    /// Dots, triangles.
    Green,
    /// Dash and dot, diamonds.
    Purple,
    /// Short dashes, crosses.
    Orange,
    /// Long dashes, triangles upside down.
    Sky,
    /// The colour of the text: solid, plus signs.
    Ink,
    /// For what stays behind: solid.
    Grey,
}

/// What marks a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
    TriangleDown,
    Plus,
}

/// Colour, its like on a dark page, dashes, marker.
struct Style(u32, u32, &'static str, Shape);

impl Hue {
    /// All of them.
    pub const ALL: [Hue; 8] = [
        Hue::Blue,
        Hue::Vermillion,
        Hue::Green,
        Hue::Purple,
        Hue::Orange,
        Hue::Sky,
        Hue::Ink,
        Hue::Grey,
    ];

    fn style(self) -> Style {
        match self {
            Hue::Blue => Style(0x0072b2, 0x56a8e0, "none", Shape::Circle),
            Hue::Vermillion => Style(0xd55e00, 0xf0803c, "32 14", Shape::Square),
            Hue::Green => Style(0x009e73, 0x2fc79a, "7 12", Shape::Triangle),
            Hue::Purple => Style(0xb4568f, 0xdd92bd, "34 12 7 12", Shape::Diamond),
            Hue::Orange => Style(0xd08c00, 0xe6a823, "18 10", Shape::Cross),
            Hue::Sky => Style(0x3a9bd0, 0x7cc4f0, "60 14", Shape::TriangleDown),
            Hue::Ink => Style(0x000000, 0xe8e6e1, "none", Shape::Plus),
            Hue::Grey => Style(0x8a8a8a, 0x8f8f8f, "none", Shape::Circle),
        }
    }

    /// The colour of dashed lines, markers and text.
    pub(super) fn color(self) -> RGBColor {
        rgb(self.style().0)
    }

    /// The colour of solid lines: a shade that nobody sees but the style sheet, which dashes lines by
    /// their colour.
    pub(super) fn solid(self) -> RGBColor {
        rgb(solid(self.style().0))
    }

    pub(super) fn shape(self) -> Shape {
        self.style().3
    }
}

fn rgb(hex: u32) -> RGBColor {
    RGBColor((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

fn solid(hex: u32) -> u32 {
    hex ^ 1
}

/// What lies behind a figure: a white that nobody sees but the style sheet.
const PAPER: u32 = 0xfffffe;

/// The colour of what lies behind a figure.
pub(super) fn paper() -> RGBColor {
    rgb(PAPER)
}

/// The style sheet of figures below `selector`, on light or dark paper: dashes, colours, what lies
/// behind. SVG from plotters has no classes: what is styled is found by its colour.
pub(crate) fn stylesheet(selector: &str, dark: bool, paper: &str) -> String {
    let mut css = format!("{selector} [fill=\"#{PAPER:06X}\"]{{fill:{paper}}}\n");
    for hue in Hue::ALL {
        let Style(light, night, dashes, _) = hue.style();
        if !dark {
            if dashes != "none" {
                css +=
                    &format!("{selector} [stroke=\"#{light:06X}\"]{{stroke-dasharray:{dashes}}}\n");
            }
            continue;
        }
        for shade in [light, solid(light)] {
            css += &format!("{selector} [stroke=\"#{shade:06X}\"]{{stroke:#{night:06x}}}\n");
            css += &format!("{selector} [fill=\"#{shade:06X}\"]{{fill:#{night:06x}}}\n");
        }
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast by the Web Content Accessibility Guidelines 2.1.
    fn contrast(a: u32, b: u32) -> f64 {
        let channel = |c: u32| match f64::from(c & 255) / 255.0 {
            x if x <= 0.03928 => x / 12.92,
            x => ((x + 0.055) / 1.055).powf(2.4),
        };
        let light = |c| 0.2126 * channel(c >> 16) + 0.7152 * channel(c >> 8) + 0.0722 * channel(c);
        let (a, b) = (light(a) + 0.05, light(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn colours_stand_out_from_both_pages() {
        for hue in Hue::ALL {
            let Style(light, night, ..) = hue.style();
            assert!(contrast(light, 0xffffff) > 2.7, "{hue:?} on white");
            assert!(contrast(night, 0x15171c) > 4.5, "{hue:?} on black");
        }
    }

    #[test]
    fn no_two_colours_share_their_dashes_and_marker() {
        for (i, a) in Hue::ALL.iter().enumerate() {
            for b in &Hue::ALL[i + 1..] {
                let (Style(.., p, m), Style(.., q, n)) = (a.style(), b.style());
                assert!((p, m) != (q, n) || *b == Hue::Grey, "{a:?} and {b:?}");
            }
        }
    }
}
