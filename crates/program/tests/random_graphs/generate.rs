//! A random graph: inputs that broadcast against each other, and operations on whatever is there.
//!
//! Functions are smooth and keep numbers of ordinary size, so that a rounding neither tips a
//! comparison nor is enlarged by cancellation; what has kinks is not differentiated.

use cotangent::ops::{Divisor, Window};
use cotangent::{Axes, Gradient, Graph, Place, Shape, Var, keep};

use crate::draw::Draw;

/// The most steps of a loop.
const LOOP: usize = 20;

/// How large the arrays of a graph are.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// What extents are drawn from.
    pub extents: &'static [usize],
    /// The most elements of an array, and the most multiply-adds of a matrix product.
    pub most: usize,
    pub work: usize,
    /// The most operations.
    pub steps: usize,
}

/// Arrays of a few numbers, among them empty ones.
pub const SMALL: Scale =
    Scale { extents: &[1, 1, 1, 2, 3, 4, 5, 7, 9, 0], most: 300, work: 4000, steps: 12 };

/// Loops and products above the sizes from which threads share them, and rows that are cut.
pub const LARGE: Scale = Scale {
    extents: &[1, 1, 2, 3, 17, 64, 120, 130, 257, 5000],
    most: 70_000,
    work: 4 << 20,
    steps: 8,
};

/// The operations that a graph is made of.
pub const OPERATIONS: &[&str] = &[
    "tanh",
    "sigmoid",
    "sin",
    "neg",
    "softplus",
    "exp",
    "square",
    "sqrt",
    "gelu",
    "relu",
    "abs",
    "clamp",
    "add",
    "sub",
    "mul",
    "div",
    "maximum",
    "pow",
    "select",
    "sum",
    "prod",
    "mean",
    "variance",
    "max",
    "logsumexp",
    "cumsum",
    "softmax",
    "log_softmax",
    "take",
    "gather",
    "scatter_add",
    "index_add",
    "one_hot",
    "argmax",
    "argmin",
    "flip",
    "reshape",
    "permute",
    "broadcast",
    "slice",
    "pad",
    "concat",
    "stack",
    "windows",
    "pooled",
    "view",
    "embed",
    "unsqueeze",
    "matmul",
    "contract",
    "beside",
    "cond",
    "scan",
    "fori",
    "vmap",
];

/// What was recorded.
pub struct Recorded<'g> {
    /// All inputs, in order; of indices, the extent they point into.
    pub inputs: Vec<(Var<'g>, usize)>,
    /// The real inputs and what was computed from them.
    pub values: Vec<Var<'g>>,
    pub outputs: Vec<Var<'g>>,
    /// The operations, one a line.
    pub text: String,
}

/// Records a graph of at most so many operations.
pub fn record<'g>(graph: &'g Graph, draw: &mut Draw, scale: Scale, steps: usize) -> Recorded<'g> {
    let mut recorder = Recorder { graph, draw, scale, inputs: Vec::new(), text: String::new() };
    let mut values = recorder.reals();
    let given = values.clone();
    for _ in 0..recorder.draw.below(scale.steps).min(steps) {
        let a = recorder.draw.of(&values);
        let b = recorder.draw.of(&values);
        let Some((name, y)) = recorder.operation(a, b, &values) else { continue };
        if y.shape().size() <= scale.most && y.rank() <= 5 {
            let line = format!("  {name}: {}, {} -> {}\n", a.shape(), b.shape(), y.shape());
            recorder.text.push_str(&line);
            values.push(y);
        }
    }
    recorder.finish(&given, values)
}

struct Recorder<'g, 'd> {
    graph: &'g Graph,
    draw: &'d mut Draw,
    scale: Scale,
    inputs: Vec<(Var<'g>, usize)>,
    text: String,
}

impl<'g> Recorder<'g, '_> {
    /// Two to four inputs: a shape, and others that broadcast against it.
    fn reals(&mut self) -> Vec<Var<'g>> {
        let mut full: Vec<usize> = Vec::new();
        let mut left = self.scale.most;
        for _ in 0..self.draw.below(6) {
            let extent = self.draw.of(self.scale.extents);
            if extent <= left {
                left /= extent.max(1);
                full.push(extent);
            }
        }
        let order = self.draw.order(full.len());
        let full: Vec<usize> = order.iter().map(|&axis| full[axis as usize]).collect();
        let mut inputs = vec![self.real(full.clone())];
        for _ in 0..1 + self.draw.below(3) {
            let dropped = if self.draw.once_in(3) { self.draw.below(full.len() + 1) } else { 0 };
            let kept = full[dropped..].to_vec();
            let repeated = self.draw.axes(kept.len());
            let repeats = |axis: usize| repeated.contains(&(axis as isize));
            let extents = kept.iter().enumerate();
            let shape = extents.map(|(axis, &extent)| if repeats(axis) { 1 } else { extent });
            let shape: Vec<usize> = shape.collect();
            inputs.push(self.real(shape));
        }
        inputs
    }

    fn real(&mut self, shape: Vec<usize>) -> Var<'g> {
        let x = self.graph.input("x", shape);
        self.text.push_str(&format!("  input {}\n", x.shape()));
        self.inputs.push((x, 0));
        x
    }

    fn index(&mut self, shape: Shape, extent: usize) -> Var<'g> {
        let i = self.graph.index_input("i", shape);
        self.inputs.push((i, extent));
        i
    }

    /// An operation on `a` and perhaps on `b`, if there is one that takes them.
    fn operation(
        &mut self,
        a: Var<'g>,
        b: Var<'g>,
        values: &[Var<'g>],
    ) -> Option<(&'static str, Var<'g>)> {
        let kind = self.draw.below(10);
        match kind {
            0 | 1 => Some(self.map(a)),
            2 | 3 => self.zip(a, b, values[0]),
            4 => self.reduction(a),
            5 if self.draw.once_in(2) => self.along_an_axis(a),
            5 => self.by_index(a, values[0]),
            6 => self.view(a, b),
            7 => self.product(a, b),
            8 => self.beside(a),
            _ => self.control(a, b, values[0]),
        }
    }

    /// An array with its own first row or column, or what it is reduced to.
    fn beside(&mut self, a: Var<'g>) -> Option<(&'static str, Var<'g>)> {
        let shape = a.shape();
        let axis = self.draw.below(shape.rank().max(1));
        let (&extent, at) = (shape.get(axis)?, axis as isize);
        let one = match self.draw.below(3) {
            0 => a.sum_over(keep(at)) / extent.max(1) as f64,
            _ => a.slice_axis(at, 0..1),
        };
        let y = match self.draw.below(3) {
            0 => 0.5 * (a + one),
            1 => a / (1.5 + one.tanh()),
            _ => (a * one).tanh(),
        };
        Some(("beside", y))
    }

    /// Loops, choices and samples, of an array and a number from outside.
    fn control(
        &mut self,
        a: Var<'g>,
        b: Var<'g>,
        given: Var<'g>,
    ) -> Option<(&'static str, Var<'g>)> {
        let outside = 0.1 * (b.sum() / b.shape().size().max(1) as f64).tanh();
        match self.draw.below(5) {
            0 => {
                let positive = given.sum().gt(0.0123);
                let (yes, no) = (|| vec![a.sin() + outside], || vec![0.5 * a.tanh()]);
                Some(("cond", self.graph.cond(positive, yes, no)[0]))
            }
            1 => {
                let steps = self.draw.below(4);
                let last = self.graph.fori(steps, &[a], |_, c| vec![c[0].sin() + outside]);
                Some(("fori", last[0]))
            }
            2 => self.sampled(a, outside),
            _ => self.scanned(a, outside),
        }
    }

    fn sampled(&mut self, a: Var<'g>, outside: Var<'g>) -> Option<(&'static str, Var<'g>)> {
        let axis = self.draw.below(a.rank().max(1));
        a.shape().get(axis)?;
        let joined = self.draw.once_in(2);
        let each = self.graph.vmap(&[(a, axis as isize)], |x| {
            let mean = x[0].sum() / x[0].shape().size().max(1) as f64;
            vec![if joined { (x[0] + mean).tanh() + outside } else { (x[0] * mean).sin() }]
        });
        Some(("vmap", each[0]))
    }

    fn scanned(&mut self, a: Var<'g>, outside: Var<'g>) -> Option<(&'static str, Var<'g>)> {
        let &steps = a.shape().first().filter(|&&steps| steps <= LOOP)?;
        let start = a.sum_over(0) / steps.max(1) as f64;
        let body = |c: &[Var<'g>], x: &[Var<'g>]| {
            let next = (0.5 * c[0] + x[0]).tanh() + outside;
            (vec![next], vec![0.5 * next * x[0].sin()])
        };
        let (last, each) = match self.draw.below(3) {
            0 => self.graph.scan_reverse(&[start], &[a], body),
            1 => self.graph.scan_recomputed(&[start], &[a], body),
            _ => self.graph.scan(&[start], &[a], body),
        };
        Some(("scan", if self.draw.once_in(2) { last[0] } else { each[0] }))
    }

    fn map(&mut self, a: Var<'g>) -> (&'static str, Var<'g>) {
        match self.draw.below(16) {
            0 => ("tanh", a.tanh()),
            1 => ("sigmoid", a.sigmoid()),
            2 => ("sin", a.sin()),
            3 => ("neg", -a),
            4 => ("softplus", 0.5 * a.softplus()),
            5 => ("exp", a.tanh().exp()),
            6 => ("square", a.tanh().square()),
            7 => ("sqrt", (1.5 + a.tanh()).sqrt()),
            8 => ("gelu", 0.5 * a.gelu()),
            // Kinks where no number lies by construction.
            9 => ("relu", (a + 0.1234).relu()),
            10 => ("abs", (a - 0.4321).abs()),
            _ => ("clamp", a.clamp(-0.7654, 0.9876)),
        }
    }

    fn zip(&mut self, a: Var<'g>, b: Var<'g>, given: Var<'g>) -> Option<(&'static str, Var<'g>)> {
        let shape = a.shape().broadcast(&b.shape())?;
        if shape.size() > self.scale.most {
            return None;
        }
        Some(match self.draw.below(7) {
            0 => ("add", 0.5 * (a + b)),
            1 => ("sub", 0.5 * (a - b)),
            2 => ("mul", (a * b).tanh()),
            3 => ("div", a / (1.5 + b.tanh())),
            4 => ("maximum", a.maximum(b).stop_gradient()),
            5 => ("pow", (1.5 + a.tanh()).pow(b.tanh())),
            _ => {
                shape.broadcast(&given.shape()).filter(|all| all.size() <= self.scale.most)?;
                ("select", given.gt(0.1).select(a, b))
            }
        })
    }

    fn reduction(&mut self, a: Var<'g>) -> Option<(&'static str, Var<'g>)> {
        let shape = a.shape();
        let listed = self.draw.axes(shape.rank());
        let count = listed.iter().map(|&axis| shape[axis as usize]).product::<usize>();
        let axes = Axes::from(&listed[..]);
        let axes = if self.draw.once_in(2) { keep(axes) } else { axes };
        let terms = count.max(1) as f64;
        Some(match self.draw.below(7) {
            0 | 1 => ("sum", a.sum_over(axes) / terms),
            2 if count <= 300 => ("prod", (0.9 + 0.1 * a.tanh()).prod_over(axes)),
            _ if count == 0 => return None,
            3 => ("mean", a.mean_over(axes)),
            4 => ("variance", a.tanh().variance_over(axes, 0)),
            5 => ("max", a.max_over(axes).stop_gradient()),
            _ => ("logsumexp", a.tanh().logsumexp_over(axes) / (1.0 + terms.ln())),
        })
    }

    fn along_an_axis(&mut self, a: Var<'g>) -> Option<(&'static str, Var<'g>)> {
        let shape = a.shape();
        if shape.is_empty() {
            return None;
        }
        let axis = self.draw.below(shape.rank());
        let (extent, at) = (shape[axis], axis as isize);
        Some(match self.draw.below(4) {
            0 => ("cumsum", a.cumsum(at) / extent.max(1) as f64),
            _ if extent == 0 => return None,
            1 => ("softmax", a.softmax(at)),
            2 => ("log_softmax", a.log_softmax(at).tanh()),
            _ => ("flip", a.flip(at)),
        })
    }

    /// Elements found by index along an axis, and indices of the extrema of an input: of computed numbers, a rounding might
    /// tip them.
    fn by_index(&mut self, a: Var<'g>, input: Var<'g>) -> Option<(&'static str, Var<'g>)> {
        let kind = self.draw.below(8);
        let shape = if kind < 6 { a.shape() } else { input.shape() };
        let axis = self.draw.below(shape.rank().max(1));
        let (&extent, at) = (shape.get(axis).filter(|&&extent| extent > 0)?, axis as isize);
        let few: Shape = match self.draw.below(4) {
            0 => Shape::scalar(),
            1 => [2, 1 + self.draw.below(2)].into(),
            _ => [1 + self.draw.below(3)].into(),
        };
        let along = if self.draw.once_in(2) { 1 } else { 1 + self.draw.below(4) };
        let fits = |size: usize| size <= self.scale.most;
        Some(match kind {
            0 | 1 => ("take", a.take(at, self.index(few, extent))),
            2 => {
                let index = self.index(shape.with(axis, along), extent);
                ("gather", a.gather(at, index))
            }
            3 if fits(shape.size() / extent * along) => {
                let index = self.index(shape.with(axis, along), extent);
                let source = a.sum_over(keep(at)).tanh().broadcast_to(index.shape());
                ("scatter_add", 0.3 * a.scatter_add(at, index, source))
            }
            4 if fits(shape.size() / extent * few.size()) => {
                let [to, from] = [few.clone(), few].map(|few| self.index(few, extent));
                ("index_add", 0.3 * a.index_add(at, to, a.take(at, from).tanh()))
            }
            5 if fits(3 * shape.size()) => {
                let index = self.index(shape, 3);
                ("one_hot", a.unsqueeze(-1) * index.one_hot(3))
            }
            6 | 7 => {
                let largest = self.draw.once_in(2);
                let at_extremum = if largest { input.argmax(at) } else { input.argmin(at) };
                let element = input.gather(at, at_extremum.unsqueeze(at)).squeeze(at);
                let name = if largest { "argmax" } else { "argmin" };
                (name, element + 0.01 * at_extremum.to_real())
            }
            _ => return None,
        })
    }

    fn view(&mut self, a: Var<'g>, b: Var<'g>) -> Option<(&'static str, Var<'g>)> {
        let shape = a.shape();
        let rank = shape.rank();
        Some(match self.draw.below(16) {
            0 | 1 => ("reshape", a.reshape_to(self.draw.refactored(&shape))),
            2 => ("permute", a.permute(self.draw.order(rank))),
            3 => {
                let target = shape.broadcast(&b.shape())?;
                let front =
                    if self.draw.once_in(2) { vec![self.draw.of(&[1, 2, 3])] } else { vec![] };
                let target: Shape = front.into_iter().chain(target.iter().copied()).collect();
                (target.size() <= self.scale.most).then(|| ("broadcast", a.broadcast_to(target)))?
            }
            4 => {
                let spans: Vec<_> = shape.iter().map(|&extent| self.draw.span(extent)).collect();
                ("slice", a.slice(&spans))
            }
            5 => {
                let border: Vec<_> =
                    (0..rank).map(|_| (self.draw.below(2), self.draw.below(2))).collect();
                ("pad", a.pad(border, 0.5))
            }
            6 if rank > 1 => {
                // At most half of a window is padding, which one of two positions has where the array has none.
                let more = self.draw.below(2).max(usize::from(shape[rank - 1] == 0));
                let window = Window::new([2, 1 + more]).stride(1).padding([1, more]);
                ("windows", a.avg_pool2d(window, Divisor::Window))
            }
            8 | 12.. if rank > 1 && shape[rank - 2..].iter().all(|&extent| extent > 1) => {
                let window = Window::new(2).stride([1 + self.draw.below(2), 2]);
                ("pooled", a.max_pool2d(window))
            }
            9 if rank > 0 && shape.size() > 0 => ("view", a.view(self.overlapping(&shape)?)),
            10 if rank > 0 && 3 * shape.size() <= self.scale.most => {
                let axis = self.draw.below(rank);
                ("embed", self.interleaved(a, axis))
            }
            7 => ("stack", self.graph.stack(&[a, a.sin()], self.draw.below(rank + 1) as isize)),
            _ if rank > 0 => {
                let axis = self.draw.below(rank) as isize;
                ("concat", self.graph.concat(&[a, a.tanh()], axis))
            }
            _ => ("unsqueeze", a.unsqueeze(0)),
        })
    }

    /// Windows along an axis that overlap, from the last element down or up, as an axis in front.
    fn overlapping(&mut self, shape: &Shape) -> Option<Place> {
        let axis = self.draw.below(shape.rank());
        let (extent, whole) = (shape[axis], Place::whole(shape));
        let window = 1 + self.draw.below(extent);
        let fits = window * (shape.size() / extent) * (extent - window + 1) <= self.scale.most;
        let (stride, down) = (whole.strides[axis], self.draw.once_in(2));
        let mut strides = whole.strides.clone();
        strides.insert(0, stride);
        let mut offset = 0;
        if down {
            strides[0] = -stride;
            offset = (window - 1) * stride as usize;
        }
        let shape = shape.with(axis, extent - window + 1).inserted(0, window);
        fits.then_some(Place { offset, shape, strides })
    }

    /// The array and a function of it, taking turns along an axis, with zeros between or overlapping.
    fn interleaved(&mut self, a: Var<'g>, axis: usize) -> Var<'g> {
        let shape = a.shape();
        let step = 1 + self.draw.below(3);
        let whole = shape.with(axis, shape[axis] * step + 1);
        let place = |at: usize| {
            let mut place = Place { shape: shape.clone(), ..Place::whole(&whole) };
            place.offset = at * place.strides[axis] as usize;
            place.strides[axis] *= step as isize;
            place
        };
        self.graph.embed(whole.clone(), &[a, a.sin()], &[place(0), place(1)])
    }

    /// A contraction over some of the axes that two arrays may share.
    fn contraction(&mut self, a: Var<'g>, b: Var<'g>) -> Option<(&'static str, Var<'g>)> {
        let (of_a, of_b) = (a.shape(), b.shape());
        let mut free: Vec<usize> = (0..of_b.rank()).collect();
        let (mut batch, mut sums) = (Vec::new(), Vec::new());
        for axis in 0..of_a.rank() {
            let fits = free.iter().position(|&other| of_b[other] == of_a[axis]);
            match (fits, self.draw.below(3)) {
                (Some(at), 0) => batch.push((axis, free.remove(at))),
                (Some(at), 1) => sums.push((axis, free.remove(at))),
                _ => {}
            }
        }
        let depth: usize = sums.iter().map(|pair| of_a[pair.0]).product();
        let shared: usize = batch.iter().map(|pair| of_a[pair.0]).product();
        let size = of_a.size().saturating_mul(of_b.size()) / (depth * depth * shared).max(1);
        if size > self.scale.most || size.saturating_mul(depth) > self.scale.work {
            return None;
        }
        Some(("contract", a.contract(b, &batch, &sums) / depth.max(1) as f64))
    }

    fn product(&mut self, a: Var<'g>, b: Var<'g>) -> Option<(&'static str, Var<'g>)> {
        if self.draw.once_in(2) {
            return self.contraction(a, b);
        }
        let rows = |x: Var<'g>| x.rank().checked_sub(2).map(|axis| x.shape()[axis]);
        let depth = *a.shape().last()?;
        let fits = |b: Var<'g>| {
            let of_b = rows(b).or(b.shape().last().copied());
            of_b == Some(depth)
        };
        let factor = [b, b.t_if_matrix(), a.t_if_matrix()].into_iter().find(|&b| fits(b))?;
        let columns = if factor.rank() > 1 { *factor.shape().last()? } else { 1 };
        let front = |x: Var<'g>| Shape::from(&x.shape()[..x.rank().saturating_sub(2)]);
        let batch = front(a).broadcast(&front(factor))?;
        let size = batch.size().saturating_mul(rows(a).unwrap_or(1)).saturating_mul(columns);
        if size > self.scale.most || size.saturating_mul(depth) > self.scale.work {
            return None;
        }
        Some(("matmul", a.matmul(factor) / depth.max(1) as f64))
    }

    /// Some of the values, and the gradient of a function of all.
    fn finish(self, given: &[Var<'g>], values: Vec<Var<'g>>) -> Recorded<'g> {
        let Recorder { draw, inputs, mut text, .. } = self;
        let mut outputs: Vec<Var<'g>> = (0..1 + draw.below(3)).map(|_| draw.of(&values)).collect();
        let computed = values.iter().map(|&value| weighted(value.tanh()));
        let loss = computed.reduce(|a, b| a + b).expect("there are inputs");
        let gradient = |y: Var<'g>| {
            Gradient::of(y).zeros_without_path().with_respect_to(given).expect("real inputs")
        };
        let first = gradient(loss);
        if draw.once_in(6) {
            let slope = first.iter().map(|&dx| weighted(dx)).reduce(|a, b| a + b);
            outputs.extend(gradient(slope.expect("there are inputs")));
            text.push_str("  second derivatives\n");
        }
        outputs.push(loss);
        outputs.extend(first);
        Recorded { inputs, values, outputs, text }
    }
}

/// The sum with weights that differ along each axis, over the number of terms.
fn weighted(y: Var<'_>) -> Var<'_> {
    let weight = |axis: usize, extent: usize| {
        let numbers = (0..extent).map(|i| 1.0 + ((axis + 2) as f64 * i as f64).sin() / 3.0);
        let after = y.rank() - axis - 1;
        let shape: Shape = [extent].into_iter().chain(vec![1; after]).collect();
        y.graph().constant(ndarray::Array1::from_iter(numbers)).reshape_to(shape)
    };
    let shape = y.shape();
    let weighted = shape.iter().enumerate().fold(y, |y, (axis, &extent)| y * weight(axis, extent));
    weighted.sum() / shape.size().max(1) as f64
}

/// Transposition, where there is a matrix.
trait Transposed {
    fn t_if_matrix(self) -> Self;
}

impl Transposed for Var<'_> {
    fn t_if_matrix(self) -> Self {
        if self.rank() > 1 { self.t() } else { self }
    }
}
