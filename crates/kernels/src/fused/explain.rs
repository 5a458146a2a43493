//! A program as text, for people.

use std::fmt::{self, Debug, Display, Formatter};

use super::Fused;
use super::step::{Action, Kind, MicroArg, MicroOp, Site};

impl<T: Debug> Debug for Fused<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (nest, blocks) = (&self.nest, &self.blocks);
        write!(f, "loop over ")?;
        nest.outer.iter().try_for_each(|extent| write!(f, "{extent} × "))?;
        write!(f, "{} × {}", nest.rows, nest.columns)?;
        writeln!(f, " in blocks of {} × {}", blocks.rows, blocks.columns)?;
        let parts = [("each round", &self.round), ("each piece", &self.piece)];
        let phases = self
            .phases
            .iter()
            .flat_map(|phase| [("each strip", &phase.head), ("each block", &phase.direct)]);
        let parts = parts.into_iter().chain(phases).chain([("each row", &self.row_end)]);
        for (title, steps) in parts.filter(|(_, steps)| !steps.is_empty()) {
            writeln!(f, "  {title}:")?;
            steps.iter().try_for_each(|step| writeln!(f, "    {step}"))?;
        }
        for (number, chain) in self.chains.iter().enumerate() {
            writeln!(f, "  chain {number}:")?;
            chain.links.iter().try_for_each(|link| writeln!(f, "    {link}"))?;
        }
        Ok(())
    }
}

impl<T: Debug> Display for MicroOp<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Action::Chain(number) = self.action {
            return write!(f, "chain {number}");
        }
        write!(f, "{} = ", self.out)?;
        match &self.action {
            Action::Load(k) => write!(f, "load in{k}")?,
            Action::Gather(k, index) => write!(f, "load in{k} at in{index}")?,
            Action::IsAt(index, _) => write!(f, "position is in{index}")?,
            Action::Product(p) => write!(f, "product {p}")?,
            Action::Unary(name, x) => write!(f, "{name:?} {x}")?,
            Action::Binary(name, a, b) => write!(f, "{name:?} {a} {b}")?,
            Action::Select(condition, a, b) => write!(f, "Select {condition} {a} {b}")?,
            Action::AddProduct(x, a, b) => write!(f, "AddProduct {x} {a} {b}")?,
            Action::Spread(x) => write!(f, "spread {x}")?,
            Action::Tile(x) => write!(f, "tile {x}")?,
            Action::Fill(x) => write!(f, "fill {x}")?,
            Action::ReduceLast(name, x) => write!(f, "{name:?} of each row of {x}")?,
            Action::ReduceRows(name, x) => write!(f, "{name:?} of each column of {x}")?,
            Action::Store(x) | Action::Move(x) => write!(f, "{x}")?,
            Action::Accumulate(name, x) => write!(f, "{name:?} with {x}")?,
            Action::Chain(_) => unreachable!("written above"),
        }
        match self.kind {
            Kind::Full => Ok(()),
            Kind::Row => f.write_str("  (per row)"),
            Kind::Column => f.write_str("  (per column)"),
            Kind::Scalar => f.write_str("  (one number)"),
            Kind::Chunks => f.write_str("  (per part of the row)"),
        }
    }
}

impl Display for Site {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Site::Register(r) => write!(f, "r{r}"),
            Site::Window(r) => write!(f, "r{r}[columns]"),
            Site::Chunk(r) => write!(f, "r{r}[part]"),
            Site::Input(k) => write!(f, "in{k}"),
            Site::Output(j) => write!(f, "out{j}"),
            Site::Piece(r) => write!(f, "r{r}[block]"),
            Site::EachRow(r) => write!(f, "r{r}[each row]"),
        }
    }
}

impl<T: Debug> Display for MicroArg<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            MicroArg::Each(place) => write!(f, "{place}"),
            MicroArg::Splat(place) => write!(f, "{place}[0]"),
            MicroArg::Constant(x) => write!(f, "{x:?}"),
        }
    }
}
