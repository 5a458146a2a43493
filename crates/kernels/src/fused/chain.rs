//! Chains: elementwise operations that follow each other become one step, which goes through a few vectors with all of them
//! before it goes on to the next. A result that only the next one reads stays in registers of the processor, and all memory
//! that the operations read streams in side by side.

use std::fmt::{self, Debug, Display, Formatter};

use super::builder::Node;
use super::step::{Action, Kind, MicroArg, MicroOp, Site};
use crate::elementwise::chain::{self, Link};
use crate::elementwise::{Binary, Unary};
use crate::scalar::Scalar;

const _: () = assert!(super::blocks::UNIT == chain::UNIT, "chains go through whole units");

/// The most links of a chain, so that running it needs no heap.
pub(super) const MAX_LINKS: usize = 24;

/// Operations that follow each other.
#[derive(Clone, Debug)]
pub(super) struct Chain<T> {
    pub(super) links: Vec<ChainLink<T>>,
    /// It reads or writes rows that lie apart, or one row again and again.
    pub(super) by_rows: bool,
}

/// A step of a chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChainLink<T> {
    pub(super) link: Link,
    /// What it works on, if that is not the result of the link before.
    pub(super) take: Option<Site>,
    /// The second and the third operand, if it has them.
    pub(super) others: [Option<MicroArg<T>>; 2],
    /// Where its result is kept, if somebody else reads it.
    pub(super) keep: Option<Site>,
}

/// The steps with chains in place of operations that follow each other, and of single ones that reach a place whose rows lie
/// `apart`. Of the registers, those from `shared` on live within the block, so that what no later step reads of them is not
/// written.
pub(super) fn chained<T: Scalar>(
    steps: &[MicroOp<T>],
    shared: usize,
    apart: &dyn Fn(Site) -> bool,
    chains: &mut Vec<Chain<T>>,
) -> Vec<MicroOp<T>> {
    let mut made = Vec::with_capacity(steps.len());
    let mut start = 0;
    while start < steps.len() {
        let end = start + length(&steps[start..]);
        let by_rows = steps[start..end].iter().any(|step| reaches(step, apart));
        let alone = !by_rows && !matches!(steps[start].action, Action::AddProduct(..));
        if end - start < 2 && alone {
            made.push(steps[start]);
            start += 1;
            continue;
        }
        let links = (start..end).map(|i| {
            let out = steps[i].out;
            let follows = i > start && next(&steps[i], steps[i - 1].out).is_some();
            let followed = i + 1 < end && next(&steps[i + 1], out).is_some();
            let lives = !matches!(out, Site::Register(r) if r >= shared)
                || is_read(&steps[i + 1..], out, followed);
            let link = if follows { next(&steps[i], steps[i - 1].out) } else { first(&steps[i]) };
            ChainLink { keep: lives.then_some(out), ..link.expect("it is a link") }
        });
        made.push(MicroOp { action: Action::Chain(chains.len()), ..steps[end - 1] });
        chains.push(Chain { links: links.collect(), by_rows });
        start = end;
    }
    made
}

/// How many of the steps are one chain from the first on.
fn length<T: Scalar>(steps: &[MicroOp<T>]) -> usize {
    steps.iter().take(MAX_LINKS).take_while(|step| is_link(step)).count()
}

/// Whether a step can be part of a chain.
pub(super) fn is_link<T: Scalar>(step: &MicroOp<T>) -> bool {
    step.kind == Kind::Full && first(step).is_some()
}

/// Whether a step reads or writes one of these places.
pub(super) fn reaches<T: Copy>(step: &MicroOp<T>, places: &dyn Fn(Site) -> bool) -> bool {
    let mut step = *step;
    places(step.out) || step.reads().any(|place| places(*place))
}

/// Whether a register is read before it is written again: by a step after the first, if that `follows` in the chain.
fn is_read<T: Copy>(steps: &[MicroOp<T>], register: Site, follows: bool) -> bool {
    for (i, step) in steps.iter().enumerate() {
        let mut step = *step;
        let reads = step.reads().any(|place| *place == register);
        if reads && !(follows && i == 0) {
            return true;
        }
        if step.out == register {
            return false;
        }
    }
    false
}

/// Whether all operations of a loop can be one chain, or few.
pub(super) fn streams<T: Scalar>(nodes: &[Node<T>]) -> bool {
    nodes.iter().all(|node| match node {
        Node::Input(_) | Node::Constant(_) => true,
        Node::Unary(f, _) => of_unary(*f).is_some(),
        Node::Binary(f, ..) => of_binary(*f).is_some(),
        Node::Select(..) => true,
        _ => false,
    })
}

/// The operands of an operation, as many as there are.
type Operands<T> = [Option<MicroArg<T>>; 3];

/// An operation as a link on its first operand.
fn link<T: Scalar>(step: &MicroOp<T>) -> Option<(Link, Operands<T>)> {
    match step.action {
        Action::Binary(f, a, b) => Some((of_binary(f)?, [Some(a), Some(b), None])),
        Action::Unary(f, x) => Some((of_unary(f)?, [Some(x), None, None])),
        Action::Move(x) => Some((Link::Same, [Some(MicroArg::Each(x)), None, None])),
        Action::Select(condition, a, b) => Some((Link::Select, [condition, a, b].map(Some))),
        Action::AddProduct(x, a, b) => Some((Link::AddProduct, [x, a, b].map(Some))),
        _ => None,
    }
}

fn of_binary(f: Binary) -> Option<Link> {
    Some(match f {
        Binary::Add => Link::Add,
        Binary::Sub => Link::Sub,
        Binary::Mul => Link::Mul,
        Binary::Div => Link::Div,
        Binary::Max => Link::Max,
        Binary::Min => Link::Min,
        Binary::Eq => Link::Eq,
        Binary::Ne => Link::Ne,
        Binary::Lt => Link::Lt,
        Binary::Le => Link::Le,
        Binary::Gt => Link::Gt,
        Binary::Ge => Link::Ge,
        Binary::MulNoNan => Link::MulNoNan,
        Binary::Pow | Binary::Fmod | Binary::Atan2 => return None,
    })
}

fn of_unary(f: Unary) -> Option<Link> {
    Some(match f {
        Unary::Neg => Link::Neg,
        Unary::Recip => Link::Recip,
        Unary::Sqrt => Link::Sqrt,
        Unary::Square => Link::Square,
        Unary::Abs => Link::Abs,
        Unary::Sign => Link::Sign,
        Unary::Relu => Link::Relu,
        _ => return None,
    })
}

/// The same on another operand, behind which the others follow in their order.
fn turned(link: Link, operand: usize) -> Link {
    match (link, operand) {
        (link, 0) => link,
        (Link::Sub, _) => Link::SubFrom,
        (Link::Div, _) => Link::DivInto,
        (Link::Max, _) => Link::MaxOf,
        (Link::Min, _) => Link::MinOf,
        (Link::Lt, _) => Link::Gt,
        (Link::Gt, _) => Link::Lt,
        (Link::Le, _) => Link::Ge,
        (Link::Ge, _) => Link::Le,
        (Link::MulNoNan, _) => Link::MulNoNanOf,
        (Link::Select, 1) => Link::SelectThis,
        (Link::Select, _) => Link::SelectElse,
        (Link::AddProduct, _) => Link::MulAdd,
        (alike, _) => alike,
    }
}

/// The link of a step on one of its operands.
fn on<T: Scalar>(link: Link, operands: Operands<T>, operand: usize) -> ChainLink<T> {
    let mut others = (0..3).filter(|&i| i != operand).map(|i| operands[i]);
    let others = [(); 2].map(|()| others.next().flatten());
    ChainLink { link: turned(link, operand), take: None, others, keep: None }
}

/// The link of a step that takes an operand which has a number for each position.
fn first<T: Scalar>(step: &MicroOp<T>) -> Option<ChainLink<T>> {
    let (link, operands) = link(step)?;
    operands.iter().enumerate().find_map(|(i, operand)| match operand {
        Some(MicroArg::Each(take)) => {
            Some(ChainLink { take: Some(*take), ..on(link, operands, i) })
        }
        _ => None,
    })
}

/// The link of a step that works on the result of the one before, and reads it nowhere else.
fn next<T: Scalar>(step: &MicroOp<T>, before: Site) -> Option<ChainLink<T>> {
    let result = Some(MicroArg::Each(before));
    let (link, operands) = link(step)?;
    let mut places = (0..3).filter(|&i| operands[i] == result);
    match (places.next()?, places.next()) {
        (place, None) => Some(on(link, operands, place)),
        _ if link == Link::Mul => Some(on(Link::Square, [result, None, None], 0)),
        _ => None,
    }
}

impl<T: Debug> Display for ChainLink<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(keep) = self.keep {
            write!(f, "{keep} = ")?;
        }
        write!(f, "{:?}", self.link)?;
        if let Some(take) = self.take {
            write!(f, " {take}")?;
        }
        self.others.iter().flatten().try_for_each(|operand| write!(f, " {operand}"))
    }
}
