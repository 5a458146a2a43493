//! The gallery: all experiments on one page, which needs nothing but itself.

mod highlight;

use std::fmt::Write;
use std::path::Path;

use cotangent::write_atomically;
use pulldown_latex::config::DisplayMode;
use pulldown_latex::{Parser, RenderConfig, Storage, mathml};

use crate::plot::stylesheet;
use crate::{Claim, Experiment, Item, Lecture, Outcome, Result, Source, Table, Tally};

const STYLE: &str = include_str!("style.css");

/// Writes the page of these experiments and what their runs found.
///
/// # Errors
/// If a formula is not LaTeX, or the file cannot be written.
pub fn write_page(path: &Path, runs: &[(&Lecture, Outcome)]) -> Result {
    let page = page(runs)?;
    write_atomically(path, page.as_bytes())
        .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    Ok(())
}

fn page(runs: &[(&Lecture, Outcome)]) -> Result<String> {
    let tally = Tally::of(runs.iter().map(|(_, outcome)| outcome));
    let mut html = String::from(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>The lectures, executed</title>\n<style>\n",
    );
    let [light, dark] = [false, true].map(|dark| stylesheet("svg.plot", dark, "var(--paper)"));
    write!(
        html,
        "{STYLE}\n{light}@media screen and (prefers-color-scheme: dark) {{\n{dark}}}\n</style>\n</head>\n<body>\n\
         <header>\n<h1>The lectures, executed</h1>\n\
         <p>Two lecture decks on training neural networks, their claims run: gradients by the \
         recorded graph, steps by the optimizers. Each section has the slide’s words, what the run \
         found, the pictures, the numbers, and the program that made them. A claim that the run \
         contradicts is shown as such, with its number.</p>\n\
         <p class=\"sum\">{tally}</p>\n</header>\n<nav>\n<ol>\n"
    )?;
    for (lecture, outcome) in runs {
        let Tally { borne_out, claims } = Tally::of([outcome]);
        let (name, title) = (lecture.name(), escape(lecture.experiment.title));
        let (number, class) = (lecture.number(), if borne_out == claims { "yes" } else { "no" });
        writeln!(
            html,
            "<li value=\"{number}\"><a href=\"#{name}\">{title}</a> \
             <span class=\"{class}\">{borne_out} of {claims}</span></li>"
        )?;
    }
    html += "</ol>\n</nav>\n<main>\n";
    for (lecture, outcome) in runs {
        section(&mut html, lecture, outcome)?;
    }
    html += "</main>\n<footer><p>Made by <code>cargo run --release -p lectures --example gallery</code>. \
             The digits are by E. Alpaydin and C. Kaynak (UCI Machine Learning Repository, CC BY 4.0).\
             </p></footer>\n</body>\n</html>\n";
    Ok(html)
}

fn section(html: &mut String, lecture: &Lecture, outcome: &Outcome) -> Result {
    let Experiment { title, deck, slides, quotes, formulas, .. } = lecture.experiment;
    let (number, name, file) = (lecture.number(), lecture.name(), lecture.file());
    writeln!(html, "<section id=\"{name}\">\n<h2><span>{number}</span> {}</h2>", escape(title))?;
    html.push_str("<blockquote>\n");
    for quote in quotes {
        writeln!(html, "<p>{}</p>", escape(quote))?;
    }
    writeln!(html, "<cite>{}: {}</cite>\n</blockquote>", escape(deck.citation()), escape(slides))?;
    if !formulas.is_empty() {
        html.push_str("<div class=\"formulas\">\n");
        for formula in formulas {
            writeln!(html, "{}", mathml(formula)?)?;
        }
        html.push_str("</div>\n");
    }
    html.push_str("<ul class=\"claims\">\n");
    for Claim { statement, holds, evidence, .. } in outcome.claims() {
        let (statement, evidence) = (escape(statement), escape(evidence));
        let mark = verdict(*holds);
        writeln!(
            html,
            "<li>{mark} <div><p>{statement}</p><p class=\"evidence\">{evidence}</p></div></li>"
        )?;
    }
    html.push_str("</ul>\n<div class=\"figures\">\n");
    for figure in outcome.figures() {
        let caption = escape(&figure.caption);
        writeln!(
            html,
            "<figure>\n{}<figcaption>{caption}</figcaption>\n</figure>",
            figure.inline()
        )?;
    }
    html.push_str("<div class=\"numbers\">");
    numbers(html, &outcome.items)?;
    html.push_str("</div>\n</div>\n");
    let own = Source { file, code: lecture.code };
    for Source { file, code } in [own].iter().chain(&outcome.sources) {
        writeln!(
            html,
            "<details>\n<summary>The program, <code>examples/lectures/{file}</code></summary>\n\
             <pre><code>{}</code></pre>\n</details>",
            highlight::rust(code)
        )?;
    }
    html.push_str("</section>\n");
    Ok(())
}

/// Tables, and lines of output as they were printed.
fn numbers(html: &mut String, items: &[Item]) -> Result {
    let mut printing = false;
    for item in items {
        if let Item::Line(line) = item {
            html.push_str(if printing { "\n" } else { "<pre>" });
            html.push_str(&escape(line));
            printing = true;
        } else if printing {
            html.push_str("</pre>\n");
            printing = false;
        }
        if let Item::Table(content) = item {
            table(html, content)?;
        }
    }
    html.push_str(if printing { "</pre>\n" } else { "" });
    Ok(())
}

fn table(html: &mut String, Table { caption, head, rows }: &Table) -> Result {
    write!(
        html,
        "<div class=\"table\"><table>\n<caption>{}</caption>\n<thead><tr>",
        escape(caption)
    )?;
    for heading in head {
        write!(html, "<th scope=\"col\">{}</th>", escape(heading))?;
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (i, cell) in row.iter().enumerate() {
            let cell = escape(cell);
            match i {
                0 => write!(html, "<th scope=\"row\">{cell}</th>")?,
                _ => write!(html, "<td>{cell}</td>")?,
            }
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table></div>\n");
    Ok(())
}

fn verdict(holds: bool) -> &'static str {
    match holds {
        true => "<span class=\"yes\" role=\"img\" aria-label=\"borne out\">✓</span>",
        false => "<span class=\"no\" role=\"img\" aria-label=\"not borne out\">✗</span>",
    }
}

/// A formula as MathML, which browsers typeset themselves.
fn mathml(latex: &str) -> Result<String> {
    let storage = Storage::new();
    let config = RenderConfig { display_mode: DisplayMode::Block, ..RenderConfig::default() };
    let mut html = String::new();
    mathml::push_mathml(&mut html, Parser::new(latex, &storage), config)
        .map_err(|error| format!("the formula {latex:?} is not understood: {error}"))?;
    match html.contains("<merror") {
        true => Err(format!("the formula {latex:?} is not understood: {html}").into()),
        false => Ok(html),
    }
}

/// Text as HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_mathml() {
        let html = mathml(r"v_t = \beta v_{t-1} + (1 - \beta)\,\theta_t").unwrap();
        assert!(html.starts_with("<math") && html.contains("<msub>"), "{html}");
        assert!(mathml(r"\frac{1").is_err());
    }

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape("a < b & c > \"d\""), "a &lt; b &amp; c &gt; &quot;d&quot;");
    }
}
