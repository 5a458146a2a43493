//! Expressions in Python's syntax, recorded as a graph while they are read.

use std::collections::HashMap;
use std::fmt;

use cotangent::prelude::*;

/// A text that is no expression, or one of names and functions that are not known.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpressionError {
    text: String,
    /// Where, counted in bytes.
    position: usize,
    problem: String,
}

/// Deeper nesting than this is refused, rather than run out of stack.
const DEEPEST: usize = 100;

/// Records the expression in `text` of the named values.
///
/// As in Python, from loose to tight: `+ -`, `* /`, unary `+ -`, `**`, which groups to the right and
/// whose exponent may have a sign; calls and parentheses.
pub fn record<'g>(
    graph: &'g Graph,
    text: &str,
    names: &HashMap<String, Var<'g>>,
) -> Result<Var<'g>, ExpressionError> {
    let mut reader = Reader { graph, text, names, position: 0, depth: 0 };
    let value = reader.sum()?;
    match reader.peek() {
        None => Ok(value.recorded(graph)),
        Some(other) => {
            Err(reader.error(format!("an operator was expected, and there is {other:?}")))
        }
    }
}

/// Numbers are computed at once, so that an exponent is known to be one.
#[derive(Clone, Copy)]
enum Term<'g> {
    Number(f64),
    Recorded(Var<'g>),
}

impl<'g> Term<'g> {
    fn recorded(self, graph: &'g Graph) -> Var<'g> {
        match self {
            Self::Number(number) => graph.full([], number),
            Self::Recorded(value) => value,
        }
    }

    fn map(self, number: fn(f64) -> f64, value: fn(Var<'g>) -> Var<'g>) -> Self {
        match self {
            Self::Number(x) => Self::Number(number(x)),
            Self::Recorded(x) => Self::Recorded(value(x)),
        }
    }
}

struct Reader<'a, 'g> {
    graph: &'g Graph,
    text: &'a str,
    names: &'a HashMap<String, Var<'g>>,
    position: usize,
    depth: usize,
}

type Read<T> = Result<T, ExpressionError>;

impl<'a, 'g> Reader<'a, 'g> {
    fn sum(&mut self) -> Read<Term<'g>> {
        let mut total = self.product()?;
        loop {
            total = match () {
                () if self.take("+") => {
                    self.combine(total, |a, b| a + b, |a, b| a + b, Self::product)?
                }
                () if self.take("-") => {
                    self.combine(total, |a, b| a - b, |a, b| a - b, Self::product)?
                }
                () => return Ok(total),
            };
        }
    }

    fn product(&mut self) -> Read<Term<'g>> {
        let mut total = self.signed()?;
        loop {
            total = match () {
                () if !self.text[self.position..].trim_start().starts_with("**")
                    && self.take("*") =>
                {
                    self.combine(total, |a, b| a * b, |a, b| a * b, Self::signed)?
                }
                () if self.take("/") => {
                    self.combine(total, |a, b| a / b, |a, b| a / b, Self::signed)?
                }
                () => return Ok(total),
            };
        }
    }

    /// `total` and the operand that follows, joined by an operator.
    fn combine(
        &mut self,
        total: Term<'g>,
        numbers: fn(f64, f64) -> f64,
        values: fn(Var<'g>, Var<'g>) -> Var<'g>,
        operand: fn(&mut Self) -> Read<Term<'g>>,
    ) -> Read<Term<'g>> {
        Ok(match (total, operand(self)?) {
            (Term::Number(a), Term::Number(b)) => Term::Number(numbers(a, b)),
            (a, b) => Term::Recorded(values(a.recorded(self.graph), b.recorded(self.graph))),
        })
    }

    /// An operand with any number of signs before it.
    fn signed(&mut self) -> Read<Term<'g>> {
        let mut negative = false;
        loop {
            match () {
                () if self.take("-") => negative = !negative,
                () if self.take("+") => {}
                () => break,
            }
        }
        let power = self.power()?;
        Ok(if negative { power.map(|x| -x, |x| -x) } else { power })
    }

    fn power(&mut self) -> Read<Term<'g>> {
        let base = self.operand()?;
        if !self.take("**") {
            return Ok(base);
        }
        let exponent = self.nested(Self::signed)?;
        Ok(match (base, exponent) {
            (Term::Number(a), Term::Number(b)) => Term::Number(a.powf(b)),
            (Term::Recorded(a), Term::Number(2.0)) => Term::Recorded(a.square()),
            (Term::Recorded(a), Term::Number(b)) => Term::Recorded(a.powf(b)),
            (a, Term::Recorded(b)) => Term::Recorded(a.recorded(self.graph).pow(b)),
        })
    }

    fn operand(&mut self) -> Read<Term<'g>> {
        match self.peek() {
            Some('(') => self.parentheses(),
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' => self.named(),
            Some(other) => Err(self.error(format!("a value was expected, and there is {other:?}"))),
            None => Err(self.error("a value was expected, and the expression ends".to_owned())),
        }
    }

    fn parentheses(&mut self) -> Read<Term<'g>> {
        let opened = self.position;
        if !self.take("(") {
            return Err(self.error("a parenthesis \"(\" was expected".to_owned()));
        }
        let value = self.nested(Self::sum)?;
        if self.take(")") {
            return Ok(value);
        }
        let opened = Reader { position: opened, ..*self };
        Err(opened.error("this parenthesis is not closed".to_owned()))
    }

    fn number(&mut self) -> Read<Term<'g>> {
        let rest = &self.text[self.position..];
        let digits = |from: usize| {
            let count = rest[from..].bytes().take_while(|b| b.is_ascii_digit() || *b == b'.');
            from + count.count()
        };
        let mut end = digits(0);
        if rest[end..].starts_with(['e', 'E']) {
            let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
            let exponent = digits(end + 1 + sign);
            end = if exponent > end + 1 + sign { exponent } else { end };
        }
        let number = rest[..end].parse();
        let number = number.map_err(|_| self.error(format!("{:?} is no number", &rest[..end])))?;
        self.position += end;
        Ok(Term::Number(number))
    }

    /// A name, or a call of a function.
    fn named(&mut self) -> Read<Term<'g>> {
        let start = self.position;
        let rest = &self.text[start..];
        let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let name = &rest[..end];
        if let Some(&value) = self.names.get(name) {
            self.position += end;
            return Ok(Term::Recorded(value));
        }
        if name == "pi" {
            self.position += end;
            return Ok(Term::Number(std::f64::consts::PI));
        }
        let (number, value): (fn(f64) -> f64, fn(Var<'g>) -> Var<'g>) = match name {
            "exp" => (f64::exp, |x| x.exp()),
            "log" => (f64::ln, |x| x.ln()),
            "sqrt" => (f64::sqrt, |x| x.sqrt()),
            "cos" => (f64::cos, |x| x.cos()),
            "sin" => (f64::sin, |x| x.sin()),
            "arctan" => (f64::atan, |x| x.atan2(x.graph().full([], 1.0))),
            _ => return Err(self.error(format!("nothing is called {name:?}"))),
        };
        self.position += end;
        Ok(self.parentheses()?.map(number, value))
    }

    fn nested(&mut self, read: fn(&mut Self) -> Read<Term<'g>>) -> Read<Term<'g>> {
        if self.depth == DEEPEST {
            return Err(self.error(format!("nested deeper than {DEEPEST}")));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// The next character that is no space, which becomes the position.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.position..];
        self.position += rest.len() - rest.trim_start().len();
        self.text[self.position..].chars().next()
    }

    fn take(&mut self, token: &str) -> bool {
        self.peek();
        let there = self.text[self.position..].starts_with(token);
        self.position += if there { token.len() } else { 0 };
        there
    }

    fn error(&self, problem: String) -> ExpressionError {
        ExpressionError { text: self.text.to_owned(), position: self.position, problem }
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.text[..self.position].chars().count();
        writeln!(f, "{} at {}", self.problem, before + 1)?;
        write!(f, "  {}\n  {:before$}^", self.text.replace('\n', " "), "")
    }
}

impl std::error::Error for ExpressionError {}
