//! The equation of a sum: which axis of which operand is which.

use std::collections::BTreeMap;

use crate::Shape;

/// What an axis is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Label {
    /// An axis of `...`, by its distance from the last of them.
    Ellipsis(usize),
    /// An axis with a letter.
    Letter(char),
}

/// An equation for operands of certain ranks: the label of every axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Equation {
    pub operands: Vec<Vec<Label>>,
    pub output: Vec<Label>,
}

/// A part of an equation, between commas and arrows.
struct Subscript {
    letters: Vec<char>,
    /// How many letters stand before the ellipsis, if there is one.
    ellipsis: Option<usize>,
}

impl Equation {
    /// Reads an equation for operands of these shapes; the error is the rule that was broken.
    pub fn parse(equation: &str, shapes: &[Shape]) -> Result<Self, String> {
        let equation: String = equation.chars().filter(|c| !c.is_whitespace()).collect();
        let (inputs, output) = match equation.split_once("->") {
            Some((inputs, output)) => (inputs, Some(output)),
            None => (equation.as_str(), None),
        };
        let subscripts =
            inputs.split(',').map(Subscript::parse).collect::<Result<Vec<Subscript>, String>>()?;
        if subscripts.len() != shapes.len() {
            return Err(format!(
                "the equation has {} operands, and {} are given",
                subscripts.len(),
                shapes.len()
            ));
        }
        let mut operands = Vec::new();
        for (i, (subscript, shape)) in subscripts.iter().zip(shapes).enumerate() {
            operands.push(subscript.labels(i, shape)?);
        }
        check_extents(&operands, shapes)?;
        let output = match output {
            Some(output) => stated(&Subscript::parse(output)?, &operands)?,
            None => implied(&operands),
        };
        Ok(Self { operands, output })
    }
}

impl Subscript {
    fn parse(text: &str) -> Result<Self, String> {
        let (before, after) = match text.split_once("...") {
            Some((before, after)) => (before, Some(after)),
            None => (text, None),
        };
        let letters: Vec<char> = before.chars().chain(after.unwrap_or("").chars()).collect();
        match letters.iter().find(|letter| !letter.is_ascii_alphabetic()) {
            Some('.') => Err("an ellipsis is three points, once in an operand".to_owned()),
            Some(other) => Err(format!("axes are letters from a to z and A to Z, not {other:?}")),
            None => Ok(Self { ellipsis: after.is_some().then(|| before.chars().count()), letters }),
        }
    }

    /// The labels of the axes of operand `i`.
    fn labels(&self, i: usize, shape: &Shape) -> Result<Vec<Label>, String> {
        let (rank, named) = (shape.rank(), self.letters.len());
        let fits = if self.ellipsis.is_some() { rank >= named } else { rank == named };
        if fits {
            Ok(self.with_ellipsis(rank - named))
        } else {
            Err(format!("operand {i} has {rank} axes, and the equation names {named}"))
        }
    }

    /// The labels, where the ellipsis stands for this many axes.
    fn with_ellipsis(&self, axes: usize) -> Vec<Label> {
        let letters = |part: &[char]| part.iter().copied().map(Label::Letter).collect::<Vec<_>>();
        let Some(before) = self.ellipsis else { return letters(&self.letters) };
        let (before, after) = self.letters.split_at(before);
        [letters(before), ellipsis(axes), letters(after)].concat()
    }
}

/// The labels of an ellipsis of this many axes.
fn ellipsis(axes: usize) -> Vec<Label> {
    (0..axes).rev().map(Label::Ellipsis).collect()
}

/// The number of axes that the ellipses of all operands broadcast to.
fn ellipsis_rank(operands: &[Vec<Label>]) -> usize {
    let is_ellipsis = |label: &&Label| matches!(label, Label::Ellipsis(_));
    operands.iter().map(|labels| labels.iter().filter(is_ellipsis).count()).max().unwrap_or(0)
}

/// The result that the equation states.
fn stated(output: &Subscript, operands: &[Vec<Label>]) -> Result<Vec<Label>, String> {
    for (i, letter) in output.letters.iter().enumerate() {
        if output.letters[..i].contains(letter) {
            return Err(format!("letter {letter:?} stands twice in the result"));
        }
        if !operands.concat().contains(&Label::Letter(*letter)) {
            return Err(format!("letter {letter:?} of the result is in no operand"));
        }
    }
    Ok(output.with_ellipsis(ellipsis_rank(operands)))
}

/// The result of an equation without an arrow.
fn implied(operands: &[Vec<Label>]) -> Vec<Label> {
    let mut counts: BTreeMap<Label, usize> = BTreeMap::new();
    for label in operands.concat() {
        *counts.entry(label).or_default() += 1;
    }
    let once = |(label, count): (Label, usize)| {
        (count == 1 && matches!(label, Label::Letter(_))).then_some(label)
    };
    let letters = counts.into_iter().filter_map(once);
    ellipsis(ellipsis_rank(operands)).into_iter().chain(letters).collect()
}

/// Axes with one label have one extent, or 1; within an operand they are equal.
fn check_extents(operands: &[Vec<Label>], shapes: &[Shape]) -> Result<(), String> {
    let mut known: BTreeMap<Label, usize> = BTreeMap::new();
    for (i, (labels, shape)) in operands.iter().zip(shapes).enumerate() {
        for (axis, (label, &extent)) in labels.iter().zip(shape.iter()).enumerate() {
            let twin = labels[..axis].iter().position(|other| other == label);
            let clash = twin.map(|twin| shape[twin]).filter(|&other| other != extent);
            let before = *known.entry(*label).or_insert(extent);
            let clash =
                clash.or((before != extent && before != 1 && extent != 1).then_some(before));
            if let Some(other) = clash {
                let name = match label {
                    Label::Letter(letter) => format!("letter {letter:?}"),
                    Label::Ellipsis(back) => format!("axis -{} of the ellipsis", back + 1),
                };
                return Err(format!(
                    "{name} has extent {other}, and {extent} in operand {i}: extents must be \
                     equal, or 1 in another operand"
                ));
            }
            if before == 1 {
                known.insert(*label, extent);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(equation: &str, shapes: &[&[usize]]) -> Result<String, String> {
        let shapes: Vec<Shape> = shapes.iter().map(|&shape| shape.into()).collect();
        let name = |label: &Label| match label {
            Label::Ellipsis(back) => char::from_digit(*back as u32, 10).unwrap(),
            Label::Letter(letter) => *letter,
        };
        Equation::parse(equation, &shapes).map(|parsed| parsed.output.iter().map(name).collect())
    }

    #[test]
    fn without_an_arrow_letters_that_occur_once_remain_in_order() {
        assert_eq!(output("ba", &[&[2, 3]]).unwrap(), "ab");
        assert_eq!(output("ij,jh", &[&[2, 3], &[3, 4]]).unwrap(), "hi");
        assert_eq!(output("ii", &[&[2, 2]]).unwrap(), "");
        assert_eq!(output("b...a,...b", &[&[2, 5, 3, 7], &[3, 2]]).unwrap(), "10a");
        assert_eq!(output(" i j , j k -> k i ", &[&[2, 3], &[3, 4]]).unwrap(), "ki");
    }

    #[test]
    fn equations_that_cannot_be_read_say_why() {
        let rules: [(&str, &[&[usize]], &str); 9] = [
            ("ij,jk", &[&[2, 2]], "the equation has 2 operands, and 1 are given"),
            ("ij", &[&[2]], "operand 0 has 1 axes, and the equation names 2"),
            ("ij...", &[&[2]], "operand 0 has 1 axes, and the equation names 2"),
            ("ij->ijj", &[&[2, 2]], "letter 'j' stands twice in the result"),
            ("ij->k", &[&[2, 2]], "letter 'k' of the result is in no operand"),
            ("i1", &[&[2, 2]], "axes are letters from a to z and A to Z, not '1'"),
            ("i..", &[&[2, 2]], "an ellipsis is three points, once in an operand"),
            ("ij,jk", &[&[2, 3], &[4, 2]], "letter 'j' has extent 3, and 4 in operand 1"),
            ("ii", &[&[2, 1]], "letter 'i' has extent 2, and 1 in operand 0"),
        ];
        for (equation, shapes, rule) in rules {
            let error = output(equation, shapes).unwrap_err();
            assert!(error.starts_with(rule), "{equation}: {error}");
        }
        assert!(output("i->i->i", &[&[2]]).is_err());
        assert!(output("...i...", &[&[2]]).is_err());
    }
}
