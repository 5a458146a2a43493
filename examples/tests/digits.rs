//! The digits example: what it leaves behind, however it is called and ended.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A new folder for a test. (With a package for such folders, every example would wait for it.)
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn digits(folder: &Path, options: &[&str]) -> Command {
    let test = std::env::current_exe().unwrap();
    let example: PathBuf =
        [test.ancestors().nth(2).unwrap(), "examples/digits".as_ref()].iter().collect();
    let mut command = Command::new(example);
    command.arg("--out").arg(folder).args(options);
    command
}

fn refused(output: &Output, parts: &[&str]) {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{complaint}");
    assert!(output.stdout.is_empty(), "it had begun to train");
    for part in parts.iter().chain(&["error: "]) {
        assert!(complaint.contains(part), "{complaint:?} does not say {part:?}");
    }
}

#[test]
fn what_trains_nothing_is_refused_and_the_trained_model_kept() {
    let folder = Folder::new("refused");
    let model = folder.path().join("model.safetensors");
    assert!(digits(folder.path(), &["--epochs", "1"]).output().unwrap().status.success());
    let trained = fs::read(&model).unwrap();
    let epochs = digits(folder.path(), &["--epochs", "0"]).output().unwrap();
    refused(&epochs, &["--epochs", "0 is not in 1.."]);
    let single = digits(folder.path(), &["--batch", "1"]).output().unwrap();
    refused(&single, &["--batch", "1 is not in 2.."]);
    let large = digits(folder.path(), &["--batch", "5000"]).output().unwrap();
    refused(&large, &["there are 1259 rows in batches of 5000"]);
    assert!(fs::read(&model).unwrap() == trained, "the model was overwritten");
}

#[test]
fn a_folder_that_cannot_be_written_is_found_before_the_training() {
    let folder = Folder::new("taken");
    let file = folder.path().join("file");
    fs::write(&file, "taken").unwrap();
    refused(&digits(&file, &[]).output().unwrap(), &["cannot make", "file"]);
    fs::create_dir(folder.path().join("model.safetensors")).unwrap();
    let taken = digits(folder.path(), &[]).output().unwrap();
    refused(&taken, &["cannot write", "model.safetensors", "is a directory"]);
}

#[test]
fn who_closes_the_output_still_gets_the_model() {
    let folder = Folder::new("closed");
    let mut command = digits(folder.path(), &["--epochs", "2"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !complaint.contains("panicked"), "{complaint}");
    assert!(folder.path().join("model.safetensors").exists());
}
