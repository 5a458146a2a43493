//! The functions of linear algebra and Fourier transforms, under the names that `algebra.py` beside this gives them.

use cotangent::Var;
use cotangent::ops::MatrixNorm;

/// Several results one after the other.
fn flat<'g>(results: &[Var<'g>]) -> Var<'g> {
    let flat: Vec<Var<'g>> = results.iter().map(|x| x.reshape([-1])).collect();
    flat[0].graph().concat(&flat, 0)
}

/// The function of this name, if it is one of these; behind a space stands an order or a length.
pub fn applied<'g>(name: &str, x: &[Var<'g>]) -> Option<Var<'g>> {
    let (function, number) = name.split_once(' ').unwrap_or((name, ""));
    let order = || number.parse::<f64>().unwrap();
    let length = || number.parse::<usize>().unwrap();
    Some(match function {
        "qr" => flat(&<[Var<'g>; 2]>::from(x[0].qr())),
        "eigh" => flat(&<[Var<'g>; 2]>::from(x[0].eigh())),
        "eigvalsh" => x[0].eigvalsh(),
        "svd" => flat(&<[Var<'g>; 3]>::from(x[0].svd())),
        "svdvals" => x[0].svdvals(),
        "lstsq" => x[0].lstsq(x[1]),
        "pinv" => x[0].pinv(),
        "pinv_with" => x[0].pinv_with(1e-9),
        "matrix_exp" => x[0].matrix_exp(),
        "kron" => x[0].kron(x[1]),
        "cross" => x[0].cross(x[1]),
        "matrix_power" => x[0].matrix_power(number.parse().unwrap()),
        "vector_norm" => x[0].vector_norm(order(), 1),
        "cdist" => x[0].cdist(x[1], order()),
        "matrix_norm" => x[0].matrix_norm(norm(number)),
        "matrix_rank" => match number.split_once(':') {
            Some((atol, rtol)) => {
                x[0].matrix_rank_with(atol.parse().unwrap(), rtol.parse().unwrap())
            }
            None => x[0].matrix_rank(),
        },
        "cond" => x[0].cond(),
        "rfft" => flat(&<[Var<'g>; 2]>::from(x[0].rfft_n(length()))),
        "irfft" => x[0].irfft(x[1], length()),
        "fft" => flat(&<[Var<'g>; 2]>::from(x[0].fft(x[1]))),
        "ifft" => flat(&<[Var<'g>; 2]>::from(x[0].ifft(x[1]))),
        "fftn" => flat(&<[Var<'g>; 2]>::from(x[0].fftn(x[1], [0, 1]))),
        "ifftn" => flat(&<[Var<'g>; 2]>::from(x[0].ifftn(x[1], [0, 1]))),
        "rfftn" => flat(&<[Var<'g>; 2]>::from(x[0].rfftn([1, 0]))),
        "irfftn" => x[0].irfftn(x[1], length(), [0, 1]),
        _ => return None,
    })
}

/// By PyTorch's name.
fn norm(name: &str) -> MatrixNorm {
    match name {
        "fro" => MatrixNorm::Frobenius,
        "nuc" => MatrixNorm::Nuclear,
        "2" => MatrixNorm::Spectral,
        "1" => MatrixNorm::Columns,
        "inf" => MatrixNorm::Rows,
        other => panic!("{other} is no norm"),
    }
}
