//! The results as a picture for the README: plain SVG, written by hand.
//!
//! A row for each step: how long it takes each framework, in multiples of ours, and at the end how many times the
//! fastest other takes. The picture brings its own background, so that it reads on a white page and on a dark one,
//! whatever decides which of its two palettes is taken.

use std::fmt::Write;

use crate::peers::OURS;
use crate::results::{Entry, Measured, Results, time, times};

const WIDTH: f64 = 860.0;
const MARGIN: f64 = 26.0;
/// Where bars begin, and how long a bar may be.
const BARS: f64 = 268.0;
const LONGEST: f64 = 420.0;
/// How many times ours the longest bar is; what is longer is cut, and says so.
const LARGEST: f64 = 6.0;
/// Height of a bar, and from one to the next.
const BAR: f64 = 9.0;
const PITCH: f64 = 11.5;
/// Between rows.
const GAP: f64 = 15.0;
/// Where the rows begin.
const HEAD: f64 = 126.0;

const STYLE: &str = "
  text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; fill: #1f2328 }
  .card { fill: #ffffff; stroke: #d1d9e0 } .line { stroke: #d1d9e0 } .one { stroke: #d9480f; stroke-dasharray: 2 3 }
  .title { font-size: 21px; font-weight: 700 } .name { font-size: 13.5px; font-weight: 600 }
  .small { font-size: 11px } .value { paint-order: stroke; stroke: #ffffff; stroke-width: 3px } .muted { fill: #59636e } .sum { font-size: 17px; font-weight: 700 }
  .ours { fill: #d9480f } .torch { fill: #7f8d9c } .jax { fill: #b4c0cc } .candle { fill: #d3b26a } .burn { fill: #c98f8f }
  .cut { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .card { fill: #0d1117; stroke: #3d444d } .line { stroke: #3d444d } .one { stroke: #ff922b }
    .muted { fill: #9198a1 } .ours { fill: #ff922b } .torch { fill: #8b97a5 } .jax { fill: #596673 }
    .cut { fill: #0d1117 } .value { stroke: #0d1117 }
  }";

/// The picture; the machine is described in its foot.
pub fn svg(results: &Results, machine: &str) -> String {
    let mut families = vec![(OURS, "Cotangent")];
    families.extend(results.others());
    let row = families.len() as f64 * PITCH + GAP;
    let foot = HEAD + results.steps.len() as f64 * row;
    let height = foot + 34.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}\n</style>\n\
         <rect class=\"card\" x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"10\"/>\n",
        headline(results),
        WIDTH - 1.0,
        height - 1.0
    );
    head(&mut out, results, &families);
    scale(&mut out, foot);
    for (i, step) in results.steps.iter().enumerate() {
        let top = HEAD + i as f64 * row;
        if i > 0 && results.steps[i - 1].group != step.group {
            rule(&mut out, top - GAP / 2.0);
        }
        draw_step(&mut out, results, step, &families, top);
    }
    text(&mut out, "small muted", (MARGIN, foot + 14.0), "start", machine);
    out += "</svg>\n";
    out
}

fn headline(results: &Results) -> String {
    match results.mean(|_| true) {
        Some(mean) if mean >= 1.0 => {
            let others: Vec<&str> =
                results.others().into_iter().map(|(_, called)| called).collect();
            format!("One step on a CPU: {mean:.1}× faster than the best of {}", listed(&others))
        }
        _ => "One step on a CPU".to_owned(),
    }
}

/// `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

/// Title, what is shown, and who is who.
fn head(out: &mut String, results: &Results, families: &[(&str, &str)]) {
    text(out, "title", (MARGIN, 40.0), "start", &headline(results));
    let count = results.steps.len();
    let shown = format!(
        "Times in multiples of Cotangent’s, each framework with its fastest settings; geometric mean over {count} steps. Shorter is \
         faster."
    );
    text(out, "small muted", (MARGIN, 60.0), "start", &shown);
    let mut x = MARGIN;
    for (family, called) in families {
        let _ = writeln!(
            out,
            "<rect class=\"{family}\" x=\"{x}\" y=\"76\" width=\"12\" height=\"12\" rx=\"2.5\"/>"
        );
        text(out, "small", (x + 18.0, 86.0), "start", called);
        x += 34.0 + 7.0 * called.len() as f64;
    }
    let end = WIDTH - MARGIN;
    text(out, "small muted", (end, 99.0), "end", "best other");
    text(out, "small muted", (end, 112.0), "end", "÷ ours");
}

/// Lines at once, twice, … ours.
fn scale(out: &mut String, foot: f64) {
    for multiple in [1.0, 2.0, 4.0, 6.0] {
        let (x, top, bottom) = (place(multiple), HEAD - 8.0, foot - GAP / 2.0);
        let class = if multiple == 1.0 { "one" } else { "line" };
        let _ = writeln!(
            out,
            "<line class=\"{class}\" x1=\"{x}\" y1=\"{top}\" x2=\"{x}\" y2=\"{bottom}\"/>"
        );
        text(out, "small muted", (x, 112.0), "middle", &format!("{multiple}×"));
    }
}

fn place(multiple: f64) -> f64 {
    BARS + LONGEST * multiple / LARGEST
}

fn draw_step(
    out: &mut String,
    results: &Results,
    step: &Measured,
    families: &[(&str, &str)],
    top: f64,
) {
    let middle = top + families.len() as f64 * PITCH / 2.0;
    text(out, "name", (MARGIN, middle - 2.0), "start", &step.name);
    text(out, "small muted", (MARGIN, middle + 13.0), "start", &short(&step.summary));
    let Some(ours) = results.ours(step) else { return };
    for (i, (family, _)) in families.iter().enumerate() {
        if let Some(entry) = results.best_of(step, family) {
            bar(out, family, &entry, ours.us, top + i as f64 * PITCH);
        }
    }
    if let Some(ratio) = results.against_best(step) {
        let class = if ratio >= 1.0 { "sum ours" } else { "sum muted" };
        let shown = format!("{}×", times(ratio));
        text(out, class, (WIDTH - MARGIN, middle + 5.0), "end", &shown);
    }
}

/// What fits beside the bars: what stands in the way least is left out first.
fn short(summary: &str) -> String {
    const FITS: usize = 36;
    let mut parts: Vec<&str> = summary.split(", ").collect();
    while parts.len() > 1 && parts.join(", ").chars().count() > FITS {
        parts.pop();
    }
    parts.join(", ")
}

fn bar(out: &mut String, family: &str, entry: &Entry<'_>, ours: f64, y: f64) {
    let multiple = entry.us / ours;
    let length = place(multiple.min(LARGEST)) - BARS;
    let _ = writeln!(
        out,
        "<rect class=\"{family}\" x=\"{BARS}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"2\"/>"
    );
    if multiple > LARGEST {
        // Two slanted cuts near the end of a bar that should be longer.
        for x in [BARS + length - 20.0, BARS + length - 13.0] {
            let (below, base) = (x + 3.0, y + BAR);
            let _ = writeln!(
                out,
                "<polygon class=\"cut\" points=\"{below},{y} {},{y} {},{base} {x},{base}\"/>",
                below + 3.0,
                x + 3.0
            );
        }
    }
    let (class, shown) = match family {
        OURS => ("small value ours", time(entry.us)),
        _ => ("small value muted", format!("{}×", times(multiple))),
    };
    text(out, class, (BARS + length + 6.0, y + BAR - 0.8), "start", &shown);
}

fn rule(out: &mut String, y: f64) {
    let end = WIDTH - MARGIN;
    let _ =
        writeln!(out, "<line class=\"line\" x1=\"{MARGIN}\" y1=\"{y}\" x2=\"{end}\" y2=\"{y}\"/>");
}

fn text(out: &mut String, class: &str, (x, y): (f64, f64), anchor: &str, shown: &str) {
    let shown = shown.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(
        out,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{shown}</text>"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::tests::example;

    #[test]
    fn every_step_has_its_bars_and_its_ratio() {
        let shown = svg(&example(), "a machine & more");
        assert_eq!(shown.matches("class=\"jax\"").count(), 3, "{shown}");
        assert_eq!(shown.matches("class=\"torch\"").count(), 2, "{shown}");
        assert_eq!(shown.matches("class=\"cut\"").count(), 2, "8 times ours is cut: {shown}");
        for expected in [
            ">2.00×</text>",
            ">8.00×</text>",
            "a machine &amp; more",
            "4.0× faster than the best of PyTorch and JAX",
        ] {
            assert!(shown.contains(expected), "{expected} in {shown}");
        }
    }

    #[test]
    fn long_summaries_lose_their_ends() {
        assert_eq!(short("2-16-16-2, tanh, SGD, batch 32"), "2-16-16-2, tanh, SGD, batch 32");
        let long = "2 blocks of width 128, 4 heads, 64 steps, Adam, batch 16";
        assert_eq!(short(long), "2 blocks of width 128, 4 heads");
    }
}
