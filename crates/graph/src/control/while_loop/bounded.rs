//! A loop that ends by a condition, within so many steps: it can be differentiated.

use crate::control::check_truth;
use crate::control::ended::Ended;
use crate::control::scan::check_carried;
use crate::{Graph, Var, misfit};

type Condition<'b, 'g> = &'b dyn Fn(&[Var<'g>]) -> Var<'g>;
type Step<'b, 'g> = Box<dyn FnOnce(&[Var<'g>]) -> Vec<Var<'g>> + 'b>;

impl Graph {
    /// As [`while_loop`](Self::while_loop), in at most so many steps, and so with gradients of any order: a
    /// [`scan`](Self::scan) of all these steps, in which those after the end compute nothing.
    ///
    /// A run in which the condition still holds after the last step is an error that says so; so is the run of its
    /// gradient. Time is that of the steps done, and a little for each of the others; memory for the gradient is that of the
    /// carries of all steps.
    ///
    /// ```
    /// let g = cotangent::Graph::new();
    /// // Heron's root of x, and its derivative 1/(2√x).
    /// let x = g.constant(4.0);
    /// let root = g.while_at_most(
    ///     20,
    ///     &[x],
    ///     |y| y[0].square().gt(4.000001),
    ///     |y| vec![0.5 * (y[0] + x / y[0])],
    /// )[0];
    /// assert!((root.eval()?[[]] - 2.0).abs() < 1e-6);
    /// assert!((root.grad(x).eval()?[[]] - 0.25).abs() < 1e-6);
    /// # Ok::<(), cotangent::RunError>(())
    /// ```
    ///
    /// The condition is recorded twice.
    ///
    /// # Panics
    /// As [`while_loop`](Self::while_loop), but for the last.
    #[track_caller]
    pub fn while_at_most<'g>(
        &'g self,
        most: usize,
        init: &[Var<'g>],
        condition: impl Fn(&[Var<'g>]) -> Var<'g>,
        body: impl FnOnce(&[Var<'g>]) -> Vec<Var<'g>>,
    ) -> Vec<Var<'g>> {
        self.bounded(most, init, &condition, Box::new(body))
    }

    /// Not generic, so that it is compiled once.
    #[track_caller]
    fn bounded<'g>(
        &'g self,
        most: usize,
        init: &[Var<'g>],
        condition: Condition<'_, 'g>,
        body: Step<'_, 'g>,
    ) -> Vec<Var<'g>> {
        const NAME: &str = "while_at_most";
        let line = self.line();
        if init.is_empty() || init.iter().any(|start| !start.is_real()) {
            misfit(NAME, "there is a carry, and all are real", init);
        }
        let goes_on = |carries: &[Var<'g>]| {
            let holds = condition(carries);
            self.at(line, || check_truth(NAME, "the condition", holds));
            holds.to_real()
        };
        let start = [init, &[goes_on(init)]].concat();
        // What is recorded on behalf of the loop has its line; what the user records, the user's.
        let step = |carries: &[Var<'g>]| {
            let (running, carries) = carries.split_last().expect("it is carried too");
            let on = self.at(line, || running.gt(0.5));
            let taken = || {
                let mut new = body(carries);
                self.at(line, || check_carried(NAME, init, &new));
                new.push(goes_on(&new));
                new
            };
            let over = || [carries, &[self.at(line, || self.full([], 0.0))]].concat();
            self.cond_at(line, on, taken, over)
        };
        let mut last = self.fori(most, &start, |_, carries| step(carries));
        let running = last.pop().expect("it is carried too");
        let op = Ended {
            operation: NAME,
            rule: format!("the condition still holds after {most} steps: allow more of them"),
            running: None,
        };
        self.at(line, || last.iter().map(|&y| self.apply(op.clone(), &[y, running])).collect())
    }
}
