//! The problems of the collection that the file of reference values leaves out: their sizes, starts,
//! observations and minima, as Moré, Garbow and Hillstrom print them.

pub struct Published {
    pub name: &'static str,
    pub number: u64,
    pub n: usize,
    pub m: usize,
    pub start: Vec<f64>,
    pub y: &'static [f64],
    pub minima: Vec<f64>,
}

const BARD: [f64; 15] =
    [0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39];
const MEYER: [f64; 16] = [
    34780.0, 28610.0, 23650.0, 19630.0, 16370.0, 13720.0, 11540.0, 9744.0, 8261.0, 7030.0, 6005.0,
    5147.0, 4427.0, 3820.0, 3307.0, 2872.0,
];

pub fn all() -> Vec<Published> {
    let problem = |name, number, m, start: &[f64], minima: &[f64]| Published {
        name,
        number,
        n: start.len(),
        m,
        start: start.to_vec(),
        y: match number {
            8 => &BARD,
            10 => &MEYER,
            _ => &[],
        },
        minima: minima.to_vec(),
    };
    // t = i·h with h = 1/(n+1).
    let boundary: Vec<f64> = (1..=10).map(|i| f64::from(i) / 11.0).map(|t| t * (t - 1.0)).collect();
    vec![
        problem("Freudenstein and Roth", 2, 2, &[0.5, -2.0], &[0.0, 48.9842]),
        problem("Brown badly scaled", 4, 3, &[1.0, 1.0], &[0.0]),
        problem("Jennrich and Sampson", 6, 10, &[0.3, 0.4], &[124.362]),
        problem("Bard", 8, 15, &[1.0; 3], &[8.21487e-3, 17.4286]),
        problem("Meyer", 10, 16, &[0.02, 4000.0, 250.0], &[87.9458]),
        problem("Box", 12, 10, &[0.0, 10.0, 20.0], &[0.0]),
        problem("Wood", 14, 6, &[-3.0, -1.0, -3.0, -1.0], &[0.0]),
        problem("Brown and Dennis", 16, 20, &[25.0, 5.0, -5.0, -1.0], &[85822.2]),
        problem("Biggs EXP6", 18, 13, &[1.0, 2.0, 1.0, 1.0, 1.0, 1.0], &[0.0, 5.65565e-3]),
        problem("Watson 6", 20, 31, &[0.0; 6], &[2.28767e-3]),
        problem(
            "Extended Powell singular",
            22,
            8,
            &[3.0, -1.0, 0.0, 1.0, 3.0, -1.0, 0.0, 1.0],
            &[0.0],
        ),
        problem("Penalty II 4", 24, 8, &[0.5; 4], &[9.37629e-6]),
        problem("Trigonometric", 26, 10, &[0.1; 10], &[0.0, 2.79506e-5]),
        problem("Discrete boundary value", 28, 10, &boundary, &[0.0]),
        problem("Broyden tridiagonal", 30, 10, &[-1.0; 10], &[0.0]),
        problem("Linear full rank", 32, 10, &[1.0; 5], &[5.0]),
        problem("Linear rank 1 with zeros", 34, 10, &[1.0; 5], &[124.0 / 34.0]),
    ]
}
