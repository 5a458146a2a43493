//! A model, printed.

use std::collections::HashSet;
use std::fmt;

use graph::ParamId;

use super::tree::{Content, Tree};

/// A line: what stands at its beginning, how many trainable numbers there are, and what else is to be said.
struct Line {
    text: String,
    count: String,
    note: &'static str,
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        self.print([String::new(), String::new()], &mut HashSet::new(), &mut lines);
        let width = |of: fn(&Line) -> &str| {
            lines.iter().map(|line| of(line).chars().count()).max().unwrap_or(0)
        };
        let (text, count) = (width(|line| &line.text), width(|line| &line.count));
        for line in &lines {
            writeln!(f, "{:<text$}  {:>count$}{}", line.text, line.count, line.note)?;
        }
        write!(
            f,
            "{} trainable parameters, {} in buffers",
            grouped(self.trainable()),
            grouped(self.buffers())
        )
    }
}

impl Tree {
    /// The lines of this part, the first behind `own`, the others behind `below`.
    fn print(&self, [own, below]: [String; 2], seen: &mut HashSet<ParamId>, lines: &mut Vec<Line>) {
        let ids = self.ids();
        let kind = match self.description() {
            Some(said) if !said.is_empty() => format!("{}({said})", self.kind()),
            _ => self.kind().to_owned(),
        };
        let (count, note) = match &self.content {
            Content::Unknown => ("?".to_owned(), "  its layers are not known"),
            // What is shared within a part is marked in the part.
            _ if ids.iter().any(|id| seen.contains(id)) => (grouped(self.trainable()), "  shared"),
            _ => (grouped(self.trainable()), ""),
        };
        lines.push(Line { text: format!("{own}{kind}"), count, note });
        if self.description().is_some() {
            seen.extend(ids);
            return;
        }
        for (i, (name, part)) in self.parts().iter().enumerate() {
            let [branch, trunk] =
                if i + 1 < self.parts().len() { ["├─", "│ "] } else { ["└─", "  "] };
            part.print(
                [format!("{below}{branch} {name}: "), format!("{below}{trunk} ")],
                seen,
                lines,
            );
        }
    }
}

/// A whole number with its digits in groups of three.
fn grouped(count: usize) -> String {
    match count {
        0..1000 => count.to_string(),
        _ => format!("{},{:03}", grouped(count / 1000), count % 1000),
    }
}
