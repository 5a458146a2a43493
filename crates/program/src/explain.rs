//! A program, told to a person.

use std::fmt;

use crate::Precision;
use crate::Program;
use crate::compile::Cut;
use crate::instruction::Instruction;

/// A table of a program's instructions: what runs together, over what, how much it computes and
/// moves, and the user's line behind it. ↑ is forward, ↓ is backward, and ∥ marks what is shared by the
/// threads where there are several. The step of a loop stands behind it, and costs what one step costs; so do both functions
/// of a choice. Below stands which loops were cut off others by a limit, and by which, and what runs once for each sample of
/// a [`vmap`](graph::Graph::vmap). Fits a terminal
/// of 100 columns.
///
/// ```
/// use cotangent::{Graph, Params, Program};
///
/// let g = Graph::new();
/// let y = g.input("x", [100]).tanh().sum();
/// let program = Program::<f32>::compile(&[y], &Params::seeded(0));
/// let table = program.explain().to_string();
/// assert!(table.contains("tanh sum") && table.contains("1 instructions"), "{table}");
/// ```
#[derive(Clone, Debug)]
pub struct Explanation {
    rows: Vec<Row>,
    arena: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// In how many loops and choices it stands.
    pub depth: usize,
    /// ↑ forward, ↓ backward.
    pub direction: char,
    /// Whether the threads of a pool share it.
    pub shared: bool,
    pub operations: String,
    pub over: String,
    pub flops: usize,
    pub bytes: usize,
    pub line: String,
    /// Why it is not part of a loop before.
    pub cut: Option<Cut>,
}

/// The widest list of operations in a table.
pub(crate) const OPERATIONS: usize = 27;

/// The widest of what an instruction usually runs over.
pub(crate) const OVER: usize = 21;

impl<T: Precision> Program<T> {
    /// The instructions as a printable table.
    pub fn explain(&self) -> Explanation {
        T::explain(self)
    }

    /// See [`explain`](Self::explain).
    pub(crate) fn explained(&self) -> Explanation {
        Explanation { rows: rows(&self.instructions, 0), arena: self.arena_bytes() }
    }

    /// The size of the program's planned memory in bytes: all its values, laid over each other
    /// where they do not live at the same time, and its constants. Reals that it is given are read where
    /// the caller has them.
    pub fn arena_bytes(&self) -> usize {
        let reals = self.needs.reals + self.constants.reals.len();
        let indices = self.needs.indices + self.constants.indices.len();
        reals * size_of::<T>() + indices * size_of::<i64>()
    }
}

/// Instructions, those of a loop's step behind it.
fn rows<T: Precision>(instructions: &[Instruction<T>], depth: usize) -> Vec<Row> {
    let of = |instruction: &Instruction<T>| {
        let mut all = vec![Row { depth, ..Row::new(instruction) }];
        for (what, body) in instruction.action.bodies() {
            let once = rows(&body.once, depth + 1).into_iter().map(|row| row.marked("once"));
            let steps = rows(&body.instructions, depth + 1).into_iter();
            let own = |row: Row| if row.depth == depth + 1 { row.marked(what) } else { row };
            all.extend(once.chain(steps.map(own)));
        }
        all
    };
    instructions.iter().flat_map(of).collect()
}

impl Row {
    /// As something that is done before the first step, or in a body of this name.
    fn marked(mut self, what: &str) -> Self {
        self.mark(what);
        self
    }

    /// Likewise.
    pub fn mark(&mut self, what: &str) {
        if !what.is_empty() {
            self.operations.insert_str(0, &format!("{what}: "));
        }
    }

    pub fn new<T: Precision>(instruction: &Instruction<T>) -> Self {
        let cost = &instruction.cost;
        Self {
            depth: 0,
            direction: if cost.begins_backward { '↓' } else { '↑' },
            shared: instruction.is_shared(),
            operations: shortened(&cost.operations),
            over: cost.over.clone(),
            flops: cost.flops,
            bytes: cost.bytes,
            line: line(instruction.location),
            cut: cost.cut,
        }
    }
}

/// The operations in order, as many as fit.
fn shortened(operations: &[&str]) -> String {
    let mut text = operations.join(" ");
    if text.chars().count() > OPERATIONS {
        let count = format!("… {} operations", operations.len());
        let fits = OPERATIONS - count.chars().count() - 1;
        let end = text[..fits].rfind(' ').unwrap_or(0);
        text.truncate(end);
        text = if text.is_empty() { count } else { format!("{text} {count}") };
    }
    text
}

/// A source line by the last two parts of its path.
fn line(location: &std::panic::Location<'_>) -> String {
    let parts: Vec<&str> = location.file().split(['/', '\\']).collect();
    let name = parts[parts.len().saturating_sub(2)..].join("/");
    let text = format!("{name}:{}", location.line());
    let excess = text.chars().count().saturating_sub(22);
    if excess == 0 {
        text
    } else {
        format!("…{}", text.chars().skip(excess + 1).collect::<String>())
    }
}

/// A count with a prefix of the SI, in at most six characters.
pub(crate) fn scaled(count: usize) -> String {
    let count = count as f64;
    match count {
        _ if count >= 1e9 => format!("{:.1} G", count / 1e9),
        _ if count >= 1e6 => format!("{:.1} M", count / 1e6),
        _ if count >= 1e3 => format!("{:.1} k", count / 1e3),
        _ => format!("{count} "),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>3}    {:<OPERATIONS$} {:<OVER$} {:>7} {:>7}  line",
            "#", "operations", "over", "flop", "byte"
        )?;
        for (row, number) in self.rows.iter().zip(self.numbers()) {
            let operations = format!("{:width$}{}", "", row.operations, width = 2 * row.depth);
            writeln!(
                f,
                "{number:>3} {}{} {operations:<OPERATIONS$} {:<OVER$} {:>7} {:>7}  {}",
                row.direction,
                if row.shared { '∥' } else { ' ' },
                row.over,
                scaled(row.flops),
                scaled(row.bytes),
                row.line
            )?;
        }
        // What a loop costs is what its steps cost.
        let whole = || self.rows.iter().filter(|row| row.depth == 0);
        let total = |of: fn(&Row) -> usize| scaled(whole().map(of).fold(0, usize::saturating_add));
        write!(
            f,
            "{} instructions (↑ forward, ↓ backward, ∥ shared): {}flop, {}byte moved, {}byte of memory",
            whole().count(),
            total(|row| row.flops),
            total(|row| row.bytes),
            scaled(self.arena)
        )?;
        self.cuts().iter().try_for_each(|cut| write!(f, "\n{cut}"))
    }
}

impl Explanation {
    /// The number of each instruction; a step's is a dot.
    fn numbers(&self) -> Vec<String> {
        let mut count = 0..;
        let number = |row: &Row| match row.depth {
            0 => count.next().expect("numbers do not end").to_string(),
            _ => "·".to_owned(),
        };
        self.rows.iter().map(number).collect()
    }

    /// Where loops end at a limit, a line for each.
    fn cuts(&self) -> Vec<String> {
        /// So many rows are named.
        const NAMED: usize = 5;
        let mut cuts: Vec<(Cut, Vec<String>)> = Vec::new();
        for (row, i) in self.rows.iter().zip(self.numbers()) {
            let Some(cut) = row.cut else { continue };
            match cuts.iter_mut().find(|(other, _)| *other == cut) {
                Some((_, rows)) => rows.push(i),
                None => cuts.push((cut, vec![i])),
            }
        }
        let told = |(cut, rows): &(Cut, Vec<String>)| {
            let named: Vec<String> = rows.iter().take(NAMED).cloned().collect();
            let more = if rows.len() > NAMED { ", …" } else { "" };
            format!("{}{more} by itself: {}", named.join(", "), cut.reason())
        };
        cuts.iter().map(told).collect()
    }
}
