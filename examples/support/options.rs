//! What the command line of the digits example says.

use std::error::Error;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use lexopt::Arg::{Long, Short};
use lexopt::Parser;

const HELP: &str = "\
Train a multilayer perceptron with batch normalization on handwritten digits.

Usage: digits [OPTIONS]

  --epochs <N>        Passes over the training set [default: 30]
  --batch <N>         Samples in a mini-batch, at least 2: batch normalization is by their
                      statistics [default: 64]
  --lr <RATE>         Learning rate at the start; it falls to 0 along a half cosine
                      [default: 0.003 for adam, 0.1 for sgd]
  --optimizer <RULE>  Update rule, adam or sgd [default: adam]
  --seed <SEED>       Decides the split, the initial weights and the order of the samples
                      [default: 0]
  --data <FOLDER>     Folder with the four files of MNIST or Fashion-MNIST (IDX, plain or gzip)
                      instead of the embedded digits
  --out <FOLDER>      Folder for the trained model and the learning curves [default: out/digits]
  -h, --help          Print this";

/// The options of a training.
pub struct Options {
    pub epochs: usize,
    pub batch: usize,
    pub lr: Option<f64>,
    pub optimizer: String,
    pub seed: u64,
    pub data: Option<PathBuf>,
    pub out: PathBuf,
}

impl Options {
    /// What the command line says; nothing if it asked for help, which was printed.
    pub fn parse() -> Result<Option<Self>, Box<dyn Error>> {
        let mut options = Self {
            epochs: 30,
            batch: 64,
            lr: None,
            optimizer: "adam".to_owned(),
            seed: 0,
            data: None,
            out: "out/digits".into(),
        };
        let mut words = Parser::from_env();
        while let Some(word) = words.next()? {
            match word {
                Short('h') | Long("help") => {
                    super::say(HELP);
                    return Ok(None);
                }
                Long("epochs") => options.epochs = at_least(1, "epochs", &mut words)?,
                Long("batch") => options.batch = at_least(2, "batch", &mut words)?,
                Long("lr") => options.lr = Some(number("lr", &mut words)?),
                Long("seed") => options.seed = number("seed", &mut words)?,
                Long("data") => options.data = Some(words.value()?.into()),
                Long("out") => options.out = words.value()?.into(),
                Long("optimizer") => match words.value()?.to_str() {
                    Some(rule @ ("adam" | "sgd")) => options.optimizer = rule.to_owned(),
                    other => {
                        let other = other.unwrap_or("what is no text");
                        return Err(format!("--optimizer: {other} is neither adam nor sgd").into());
                    }
                },
                other => return Err(format!("{}; see --help", other.unexpected()).into()),
            }
        }
        Ok(Some(options))
    }
}

/// The value of an option.
fn number<T: FromStr<Err: Display>>(name: &str, words: &mut Parser) -> Result<T, Box<dyn Error>> {
    let text = words.value()?.to_string_lossy().into_owned();
    text.parse().map_err(|error| format!("--{name}: {text:?} is not possible: {error}").into())
}

/// The value of an option that has a least one.
fn at_least(least: usize, name: &str, words: &mut Parser) -> Result<usize, Box<dyn Error>> {
    let value = number(name, words)?;
    if value < least {
        Err(format!("--{name}: {value} is not in {least}..").into())
    } else {
        Ok(value)
    }
}
