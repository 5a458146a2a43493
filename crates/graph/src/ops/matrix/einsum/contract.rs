//! Products of operands whose axes have labels.

use super::equation::Label;
use crate::{Shape, Var};

/// An array whose axes have labels.
#[derive(Clone, Debug)]
pub(super) struct Term<'g> {
    pub value: Var<'g>,
    pub labels: Vec<Label>,
}

/// The product of all terms, summed over what is not in the result, with the axes of the result.
#[track_caller]
pub(super) fn product<'g>(terms: Vec<Term<'g>>, output: &[Label]) -> Var<'g> {
    let mut terms = std::collections::VecDeque::from(terms);
    let mut result = terms.pop_front().expect("an equation has an operand");
    while let Some(next) = terms.pop_front() {
        let later: Vec<Label> = terms
            .iter()
            .flat_map(|term| term.labels.iter().copied())
            .chain(output.to_vec())
            .collect();
        let alone = result.sum_to([&next.labels[..], &later].concat());
        let next = next.sum_to([&result.labels[..], &later].concat());
        result = alone.times(next, &later);
    }
    let result = result.sum_to(output.to_vec());
    result.arranged(output)
}

impl<'g> Term<'g> {
    /// With every label once: the diagonal along axes that share one.
    #[track_caller]
    pub fn diagonals(mut self) -> Self {
        while let Some((first, second)) = self.twins() {
            let rank = self.labels.len() as isize;
            let others =
                (0..rank).filter(|&axis| axis != first as isize && axis != second as isize);
            let order: Vec<isize> = others.chain([first as isize, second as isize]).collect();
            let mut labels: Vec<Label> =
                order.iter().map(|&axis| self.labels[axis as usize]).collect();
            labels.pop();
            self = Self { value: self.value.permute(order).diagonal(), labels };
        }
        self
    }

    /// Two axes with one label.
    fn twins(&self) -> Option<(usize, usize)> {
        let first = |second: usize| self.axis_before(second).map(|first| (first, second));
        (0..self.labels.len()).find_map(first)
    }

    fn axis_before(&self, axis: usize) -> Option<usize> {
        self.labels[..axis].iter().position(|label| *label == self.labels[axis])
    }

    /// Summed over every label that is not among `needed`.
    #[track_caller]
    fn sum_to(&self, needed: Vec<Label>) -> Self {
        let is_needed = |label: &Label| needed.contains(label);
        let labels = self.labels.iter().copied().filter(is_needed).collect();
        let axes: Vec<isize> = (0..self.labels.len())
            .filter(|&axis| !is_needed(&self.labels[axis]))
            .map(|axis| axis as isize)
            .collect();
        if axes.is_empty() {
            self.clone()
        } else {
            Self { value: self.value.sum_over(&axes[..]), labels }
        }
    }

    fn extent(&self, label: Label) -> usize {
        let axis = self.labels.iter().position(|other| *other == label).expect("a label of it");
        self.value.shape()[axis]
    }

    fn extents(&self, labels: &[Label]) -> Vec<usize> {
        labels.iter().map(|&label| self.extent(label)).collect()
    }

    /// With the axes in this order, which has all labels.
    #[track_caller]
    fn arranged(&self, order: &[Label]) -> Var<'g> {
        if self.labels == order {
            return self.value;
        }
        let axis = |label| self.labels.iter().position(|other| other == label).expect("has it");
        let order: Vec<isize> = order.iter().map(|label| axis(label) as isize).collect();
        self.value.permute(order)
    }

    /// The product with another term, summed over what both have and nothing `later` needs.
    #[track_caller]
    fn times(self, other: Self, later: &[Label]) -> Self {
        let shared = |label: &&Label| other.labels.contains(label);
        let contracted = |label: &&Label| shared(label) && !later.contains(label);
        // Where one of them has extent 1, the sum of the products is the product of the sums.
        let uneven =
            |label: &&Label| contracted(label) && self.extent(**label) != other.extent(**label);
        if self.labels.iter().any(|label| uneven(&label)) {
            let left = |labels: &[Label]| {
                labels.iter().filter(|label| !uneven(label)).copied().collect::<Vec<_>>()
            };
            let (a, b) = (self.sum_to(left(&self.labels)), other.sum_to(left(&other.labels)));
            return a.times(b, later);
        }
        let sums: Vec<Label> = self.labels.iter().filter(contracted).copied().collect();
        let batch: Vec<Label> = self
            .labels
            .iter()
            .filter(|label| shared(label) && later.contains(label))
            .copied()
            .collect();
        let rows: Vec<Label> = self.labels.iter().filter(|label| !shared(label)).copied().collect();
        let columns: Vec<Label> =
            other.labels.iter().filter(|label| !self.labels.contains(label)).copied().collect();

        let extents = Extents {
            a: self.extents(&batch).into(),
            b: other.extents(&batch).into(),
            rows: self.extents(&rows),
            columns: other.extents(&columns),
            depth: self.extents(&sums).iter().product(),
        };
        let a = self.arranged(&[&batch[..], &rows, &sums].concat());
        let b = other.arranged(&[&batch[..], &sums, &columns].concat());
        let value =
            if sums.is_empty() { extents.elementwise(a, b) } else { extents.contracted(a, b) };
        Self { value, labels: [batch, rows, columns].concat() }
    }
}

/// The extents of two factors: a is [batch, rows, sums] and b is [batch, sums, columns].
struct Extents {
    /// The batch axes of a and b, which broadcast.
    a: Shape,
    b: Shape,
    rows: Vec<usize>,
    columns: Vec<usize>,
    /// How many products each sum has.
    depth: usize,
}

impl Extents {
    /// The products of all rows with all columns, without a sum.
    #[track_caller]
    fn elementwise<'g>(&self, a: Var<'g>, b: Var<'g>) -> Var<'g> {
        let ones = vec![1; self.columns.len()];
        let a = a.reshape_to([&self.a[..], &self.rows, &ones].concat());
        let ones = vec![1; self.rows.len()];
        a * b.reshape_to([&self.b[..], &ones, &self.columns].concat())
    }

    /// The matrix product.
    #[track_caller]
    fn contracted<'g>(&self, a: Var<'g>, b: Var<'g>) -> Var<'g> {
        let (rows, columns) = (self.rows.iter().product(), self.columns.iter().product());
        let a = a.reshape_to([&self.a[..], &[rows, self.depth]].concat());
        let b = b.reshape_to([&self.b[..], &[self.depth, columns]].concat());
        let batch = self.a.broadcast(&self.b).expect("the extents were checked");
        a.matmul(b).reshape_to([&batch[..], &self.rows, &self.columns].concat())
    }
}

#[cfg(test)]
mod tests {
    use crate::Graph;
    use ndarray::{ArrayD, IxDyn};

    /// Numbers without a pattern.
    fn numbers(shape: &[usize]) -> ArrayD<f64> {
        let mut position = 0.0;
        ArrayD::from_shape_simple_fn(IxDyn(shape), || {
            position += 1.0;
            (1.7_f64 * position).sin()
        })
    }

    /// The sum by its definition: over every value of every letter. Axes of extent 1 repeat.
    fn by_definition(equation: &str, operands: &[ArrayD<f64>]) -> ArrayD<f64> {
        let (inputs, output) = equation.split_once("->").unwrap();
        let inputs: Vec<Vec<char>> = inputs.split(',').map(|s| s.chars().collect()).collect();
        let mut letters: Vec<(char, usize)> = Vec::new();
        for (input, operand) in inputs.iter().zip(operands) {
            for (&letter, &extent) in input.iter().zip(operand.shape()) {
                match letters.iter_mut().find(|known| known.0 == letter) {
                    Some(known) => known.1 = known.1.max(extent),
                    None => letters.push((letter, extent)),
                }
            }
        }
        let extent = |letter: char| letters.iter().find(|known| known.0 == letter).unwrap().1;
        let mut result = ArrayD::zeros(output.chars().map(extent).collect::<Vec<_>>());
        let all: Vec<usize> = letters.iter().map(|known| known.1).collect();
        for place in ndarray::indices(IxDyn(&all)) {
            let value =
                |letter: char| place[letters.iter().position(|known| known.0 == letter).unwrap()];
            let term: f64 = inputs
                .iter()
                .zip(operands)
                .map(|(input, operand)| {
                    let at = |(&letter, &extent)| if extent == 1 { 0 } else { value(letter) };
                    operand[&input.iter().zip(operand.shape()).map(at).collect::<Vec<_>>()[..]]
                })
                .product();
            result[&output.chars().map(value).collect::<Vec<_>>()[..]] += term;
        }
        result
    }

    #[test]
    fn sums_are_those_of_the_definition() {
        let cases: [(&str, &[&[usize]]); 17] = [
            ("ij,jk->ik", &[&[2, 3], &[3, 4]]),
            ("ij,jk->ki", &[&[2, 3], &[3, 4]]),
            ("bij,bjk->bik", &[&[2, 3, 2], &[2, 2, 3]]),
            ("ij,ij->", &[&[2, 3], &[2, 3]]),
            ("ij,ij->ji", &[&[2, 3], &[2, 3]]),
            ("i,j,k->kij", &[&[2], &[3], &[4]]),
            ("ijk->k", &[&[2, 3, 4]]),
            ("iijj->ij", &[&[2, 2, 3, 3]]),
            ("iii->", &[&[3, 3, 3]]),
            ("ab,bc,cd,da->", &[&[2, 3], &[3, 2], &[2, 4], &[4, 2]]),
            ("ab,bc,ac->abc", &[&[2, 3], &[3, 2], &[2, 2]]),
            ("ij,kj->ik", &[&[2, 1], &[3, 4]]),
            ("ij,ij->i", &[&[1, 4], &[3, 1]]),
            ("bij,bkj->bki", &[&[1, 2, 3], &[4, 2, 3]]),
            ("ij,j->i", &[&[2, 0], &[0]]),
            (",ij,->j", &[&[], &[2, 3], &[]]),
            ("abcd,bdef->acfe", &[&[2, 3, 2, 2], &[3, 2, 2, 3]]),
        ];
        for (equation, shapes) in cases {
            let operands: Vec<_> = shapes.iter().map(|&shape| numbers(shape)).collect();
            let g = Graph::new();
            let vars: Vec<_> = operands.iter().map(|operand| g.constant(operand)).collect();
            let ours = g.einsum(equation, &vars).eval().unwrap();
            let expected = by_definition(equation, &operands);
            assert_eq!(ours.shape(), expected.shape(), "{equation}");
            approx::assert_relative_eq!(ours, expected, epsilon = 1e-14);
        }
    }

    #[test]
    fn an_ellipsis_broadcasts_and_may_be_summed() {
        let g = Graph::new();
        let (a, b) = (g.constant(numbers(&[3, 1, 2, 2])), g.constant(numbers(&[4, 2])));
        let product = g.einsum("...ij,...j->...i", &[a, b]);
        assert_eq!(product.shape(), [3, 4, 2].into());
        let direct = a.matmul(b.unsqueeze(-1)).squeeze(-1);
        approx::assert_relative_eq!(product.eval().unwrap(), direct.eval().unwrap());
        let summed = g.einsum("...ij,...j->i", &[a, b]).eval().unwrap();
        let expected = direct.sum_over([0, 1]).eval().unwrap();
        approx::assert_relative_eq!(summed, expected, epsilon = 1e-14);
    }

    #[test]
    fn nodes_carry_the_line_of_the_call() {
        let g = Graph::new();
        let line = line!() + 1;
        let y = g.einsum("ij,jk->ki", &[g.full([2, 3], 1.0), g.full([3, 2], 1.0)]);
        assert_eq!((y.location().file(), y.location().line()), (file!(), line));
    }

    #[test]
    #[should_panic(expected = "einsum \"ij,jk\": letter 'j' has extent 3, and 4 in operand 1")]
    fn extents_must_agree() {
        let g = Graph::new();
        g.einsum("ij,jk", &[g.full([2, 3], 1.0), g.full([4, 2], 1.0)]);
    }
}
