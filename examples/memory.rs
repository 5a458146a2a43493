//! The memory of a recurrent network's gradient against the number of steps, and its time: kept as it is computed, or with one
//! and two levels of checkpoints.
//!
//! `cargo run --release --example memory` writes `target/memory.svg`.

use std::error::Error;
use std::fmt::Write;
use std::time::Instant;

use cotangent::ndarray::Array3;
use cotangent::prelude::*;
use cotangent::{Program, Seed, write_atomically};

const BATCH: usize = 16;
const WIDTH: usize = 64;
const STEPS: [usize; 9] = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
const LEVELS: [(u32, &str, &str); 3] =
    [(1, "#d55e00", "scan"), (2, "#0072b2", "2 levels"), (3, "#009e73", "3 levels")];

/// The loss and all its gradients.
fn program(steps: usize, levels: u32) -> Program<f32> {
    let g = Graph::new();
    let [w, u] = ["w", "u"].map(|name| g.input(name, [WIDTH, WIDTH]));
    let x = g.input("x", [steps, BATCH, WIDTH]);
    let start = g.full([BATCH, WIDTH], 0.0);
    let (last, _) = g.scan_checkpointed(levels, &[start], &[x], |h, x| {
        (vec![(x[0].matmul(w) + h[0].matmul(u)).tanh()], vec![])
    });
    let loss = last[0].square().mean();
    let gradients = Gradient::of(loss).with_respect_to(&[w, u]).expect("it depends on both");
    Program::compile(&[loss, gradients[0], gradients[1]], &Params::seeded(0))
}

/// What is held beside the inputs, which are read where they lie, in bytes; and the seconds of a run.
fn measured(steps: usize, levels: u32) -> Result<(usize, f64), RunError> {
    let mut program = program(steps, levels);
    let draw = |stream: u64, scale: f64| {
        let seed = Seed { seed: stream, run: 0 };
        move |i: usize| (scale * seed.normal(0, i as u64)) as f32
    };
    let weight = |stream| {
        let number = draw(stream, 0.1);
        Array2::from_shape_fn((WIDTH, WIDTH), |(i, j)| number(i * WIDTH + j))
    };
    let (w, u, number) = (weight(1), weight(2), draw(3, 1.0));
    let shape = (steps, BATCH, WIDTH);
    let x = Array3::from_shape_fn(shape, |(t, i, j)| number((t * BATCH + i) * WIDTH + j));
    let params = Params::seeded(0);
    let mut run =
        || program.run(&params, &[(&w).into(), (&u).into(), (&x).into()], Seed::default());
    run()?;
    let start = Instant::now();
    run()?;
    let seconds = start.elapsed().as_secs_f64();
    Ok((program.arena_bytes(), seconds))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut lines = Vec::new();
    println!("steps  {}", LEVELS.map(|level| format!("{:>20}", level.2)).concat());
    for steps in STEPS {
        let of = LEVELS.map(|(levels, ..)| measured(steps, levels));
        let mut row = Vec::new();
        for measured in of {
            row.push(measured?);
        }
        let told = |&(bytes, seconds): &(usize, f64)| {
            format!("{:>9.2} MiB {:>4.0} ms", bytes as f64 / (1 << 20) as f64, 1e3 * seconds)
        };
        println!("{steps:>5}  {}", row.iter().map(told).collect::<Vec<_>>().join(" "));
        lines.push(row);
    }
    write_atomically("target/memory.svg", picture(&lines)?.as_bytes())?;
    let [all, two, three] = [0, 1, 2].map(|level| lines[lines.len() - 1][level].0 as f64);
    let most = STEPS[STEPS.len() - 1];
    println!("{most} steps: memory divided by {:.0} and {:.0}", all / two, all / three);
    Ok(())
}

/// Memory against steps, both by their logarithms.
fn picture(lines: &[Vec<(usize, f64)>]) -> Result<String, std::fmt::Error> {
    let x = |steps: usize| 80.0 + 70.0 * (steps as f64 / STEPS[0] as f64).log2();
    let y = |bytes: f64| 360.0 - 28.0 * (bytes / (1 << 17) as f64).log2();
    let mut svg = String::from(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 760 420' font-family='sans-serif' \
         font-size='14' fill='none' stroke-width='2.5'><rect width='760' height='420' fill='#fff'/>",
    );
    for (power, label) in [(17, "128 KiB"), (20, "1 MiB"), (23, "8 MiB"), (26, "64 MiB")] {
        let y = y(f64::from(1 << power));
        writeln!(svg, "<path d='M80 {y}H640' stroke='#ddd' stroke-width='1'/>")?;
        writeln!(svg, "<text x='72' y='{}' fill='#444' text-anchor='end'>{label}</text>", y + 5.0)?;
    }
    for steps in STEPS {
        let x = x(steps);
        writeln!(svg, "<text x='{x}' y='392' fill='#444' text-anchor='middle'>{steps}</text>")?;
    }
    svg.push_str("<text x='360' y='414' fill='#444' text-anchor='middle'>steps</text>");
    for (level, (_, colour, name)) in LEVELS.iter().enumerate() {
        let mut places =
            STEPS.iter().zip(lines).map(|(&steps, row)| (x(steps), y(row[level].0 as f64)));
        let points: Vec<String> = places.clone().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        writeln!(svg, "<polyline points='{}' stroke='{colour}'/>", points.join(" "))?;
        let (x, y) = places.next_back().expect("there are points");
        writeln!(svg, "<text x='{}' y='{}' fill='{colour}'>{name}</text>", x + 8.0, y + 5.0)?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}
