//! A file that is removed, unless it becomes another.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A file of which nobody else knows the name.
#[derive(Debug)]
pub struct Temporary {
    file: File,
    path: PathBuf,
    /// It has become another file, or is gone.
    settled: bool,
}

impl Temporary {
    /// A new one whose name begins so, to take the place of what exists.
    pub fn create(folder: &Path, prefix: &str, existing: Option<&Metadata>) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        share(&mut options, existing);
        loop {
            let path = folder.join(format!("{prefix}{}", unlikely()));
            match options.open(&path) {
                Ok(file) => return Ok(Self { file, path, settled: false }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub fn file(&self) -> &File {
        &self.file
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn write(&self, contents: &[u8]) -> io::Result<()> {
        (&self.file).write_all(contents)
    }

    /// Makes it the file at a path, in the place of what is there.
    pub fn rename(mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.settled = true;
        Ok(())
    }

    pub fn remove(mut self) -> io::Result<()> {
        self.settled = true;
        fs::remove_file(&self.path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.settled {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A name that no other file is likely to have: which process, which of its files, and when.
fn unlikely() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |past| past.subsec_nanos());
    format!("{:x}.{count:x}.{now:x}", process::id())
}

/// It is never open to more than the finished file, which gets the permissions of what it replaces, or
/// those of any new file.
#[cfg(unix)]
fn share(options: &mut OpenOptions, existing: Option<&Metadata>) {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    const OF_A_NEW_FILE: u32 = 0o666; // less what the process masks
    const OWN: u32 = 0o600;
    let mode = existing.map(|existing| existing.permissions().mode() & 0o777 | OWN);
    options.mode(mode.unwrap_or(OF_A_NEW_FILE));
}

#[cfg(not(unix))]
fn share(_: &mut OpenOptions, _: Option<&Metadata>) {}
