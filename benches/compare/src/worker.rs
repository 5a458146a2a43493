//! The driver's side of the conversation with one framework, which runs in a process of its own.
//!
//! A worker runs only while it is asked something: the driver stops the process (`SIGSTOP`) as soon as the reply is
//! there and continues it with the next request. So a framework may keep its fastest settings, threads that spin
//! while they wait for work among them, without taking time from the others.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use serde_json::Value;

use crate::Failure;

/// A running framework.
pub struct Worker {
    /// The name of its column.
    pub name: String,
    /// What it says it is.
    pub version: String,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    errors: File,
}

/// Resident memory of a process in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Now.
    pub resident: u64,
    /// The most it ever was.
    pub peak: u64,
}

impl Worker {
    /// Starts the process and waits until it is ready.
    pub fn start(name: &str, mut command: Command) -> Result<Self, Failure> {
        let errors = tempfile::tempfile()?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors.try_clone()?)
            .spawn()
            .map_err(|e| format!("cannot start {:?}: {e}", command.get_program()))?;
        alive(|pids| pids.push(child.id()));
        let input = child.stdin.take().expect("the input is piped");
        let output = BufReader::new(child.stdout.take().expect("the output is piped"));
        let (name, version) = (name.to_owned(), String::new());
        let mut worker = Self { name, version, child, input, output, errors };
        let ready = worker.reply()?;
        worker.version = ready["ready"].as_str().unwrap_or("of unknown version").to_owned();
        signal("STOP", &[worker.child.id()])?;
        Ok(worker)
    }

    /// Sends requests in one go and returns the reply to the last; the process runs just for these.
    pub fn ask(&mut self, requests: &[String]) -> Result<Value, Failure> {
        signal("CONT", &[self.child.id()])?;
        let mut last = Ok(Value::Null);
        for request in requests {
            writeln!(self.input, "{request}")?;
            self.input.flush()?;
            last = self.reply();
            if last.is_err() {
                break;
            }
        }
        signal("STOP", &[self.child.id()])?;
        last
    }

    /// Runs `warm` steps, then `count` more; the times of the latter in microseconds.
    pub fn time(&mut self, step: &str, warm: usize, count: usize) -> Result<Vec<f64>, Failure> {
        let reply = self.ask(&[format!("time {step} {warm}"), format!("time {step} {count}")])?;
        numbers(&reply["us"])
    }

    /// The memory of the process, as the kernel counts it.
    pub fn memory(&self) -> Result<Memory, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let value = line.and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
            value.ok_or_else(|| Failure::from(format!("the kernel does not tell {name}")))
        };
        Ok(Memory { resident: field("VmRSS")?, peak: field("VmHWM")? })
    }

    fn reply(&mut self) -> Result<Value, Failure> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(format!("the process ended: {}", self.last_words()).into());
        }
        let reply: Value =
            serde_json::from_str(&line).map_err(|e| format!("answered {line:?}: {e}"))?;
        match reply["error"].as_str() {
            Some(error) => Err(error.into()),
            None => Ok(reply),
        }
    }

    /// The last line that the process wrote to its standard error.
    fn last_words(&mut self) -> String {
        let mut text = Vec::new();
        let read = self.errors.rewind().and_then(|()| self.errors.read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text);
        match read {
            Ok(_) => text.trim().lines().last().unwrap_or("without a word").to_owned(),
            Err(e) => e.to_string(),
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // SIGKILL reaches a stopped process too. If it has ended already, there is nothing left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
        alive(|pids| pids.retain(|&pid| pid != self.child.id()));
    }
}

/// Asks for the step of a file, written in this way if there was a choice.
pub fn load_request(file: &Path, spelling: Option<&str>) -> String {
    match spelling {
        Some(spelling) => format!("load {}\t{spelling}", file.display()),
        None => format!("load {}", file.display()),
    }
}

/// A JSON list of numbers.
pub fn numbers(list: &Value) -> Result<Vec<f64>, Failure> {
    let list = list.as_array().ok_or("a list of numbers is missing in the reply")?;
    // JSON has no NaN: a framework's NaN arrives as null (or Python's NaN fails to parse before this).
    Ok(list.iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect())
}

/// When the driver is interrupted, end the workers too: stopped ones would stay for ever.
pub fn end_all_on_interrupt() -> Result<(), Failure> {
    ctrlc::set_handler(|| {
        alive(|pids| {
            let _ = signal("KILL", pids);
        });
        std::process::exit(130);
    })?;
    Ok(())
}

/// The workers that run now.
fn alive<T>(act: impl FnOnce(&mut Vec<u32>) -> T) -> T {
    static PIDS: Mutex<Vec<u32>> = Mutex::new(Vec::new());
    act(&mut PIDS.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
}

/// The shell's own `kill`: a signal without `unsafe`, a millisecond that no clock sees.
fn signal(name: &str, pids: &[u32]) -> Result<(), Failure> {
    let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
    let script = format!("kill -{name} {}", pids.join(" "));
    let status = Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).status()?;
    // A process that has just ended cannot be signalled; its missing reply tells that better.
    let _ = status;
    Ok(())
}
