//! Files that are either the old ones or the new ones, whole.

mod temporary;

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use temporary::Temporary;

/// Writes a file so that a crash, a full disk or an interruption at any moment leaves either what
/// was there before or the new contents, never a part: into a temporary file in the same folder,
/// which is synced to the disk and then renamed.
///
/// A file that is there is replaced and keeps its permissions; where the path is a symbolic link, the
/// file that it leads to is. Temporary files that processes which were killed have left of this file
/// are removed, and those of processes that are still writing it are not.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("notes");
/// cotangent::write_atomically(&path, b"whole")?;
/// assert_eq!(std::fs::read(&path)?, b"whole");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Whatever the operating system says, and for what is no file, such as a folder or a device. The
/// file is then as it was, and the temporary file gone.
pub fn write_atomically(path: impl AsRef<Path>, contents: &[u8]) -> io::Result<()> {
    let target = Target::of(path.as_ref())?;
    // What cannot be cleared up is no reason not to write.
    let _ = remove_abandoned(&target.folder, Some(&target.name));
    let temporary = target.temporary()?;
    temporary.write(contents)?;
    if let Some(existing) = &target.existing {
        temporary.file().set_permissions(existing.permissions())?;
    }
    temporary.file().sync_all()?;
    temporary.rename(&target.path)?;
    // The rename itself reaches the disk with its folder; not every system can sync a folder.
    if let Ok(folder) = File::open(&target.folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Whether [`write_atomically`] could begin to write a file now, found out by making its temporary
/// file: before a training run, say, whose result it is to hold. The file is not touched.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// assert!(cotangent::check_writable(folder.path().join("model")).is_ok());
/// assert!(cotangent::check_writable(folder.path().join("missing/model")).is_err());
/// assert!(cotangent::check_writable(folder.path()).is_err());             // a folder
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of [`write_atomically`].
pub fn check_writable(path: impl AsRef<Path>) -> io::Result<()> {
    Target::of(path.as_ref())?.temporary()?.remove()
}

/// Removes from a folder the temporary files that killed processes have left of a file, or of any.
/// Those of processes that are still writing are kept.
///
/// It is part of [`write_atomically`].
///
/// # Errors
/// If the folder cannot be read, or a file not be removed.
pub fn remove_abandoned(folder: impl AsRef<Path>, of: Option<&str>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let ours = name.to_str().and_then(target_of);
        if ours.is_some_and(|target| of.is_none_or(|of| of == target)) {
            remove_if_abandoned(&entry.path())?;
        }
    }
    Ok(())
}

/// Each process keeps its temporary file locked, and the system takes the lock from those that end.
/// The lock is held until the file is gone, so that its maker, if it had no time yet to take it,
/// finds out that it must make another.
fn remove_if_abandoned(path: &Path) -> io::Result<()> {
    let Ok(file) = OpenOptions::new().read(true).write(true).open(path) else { return Ok(()) };
    if file.try_lock().is_err() {
        return Ok(());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// How temporary files are called: this, the file they become, and what makes them unique.
const PREFIX: &str = ".partial-";
/// As many bytes of a file's name are in that of its temporary file; systems allow 255 in all.
const MOST: usize = 200;
/// As many symbolic links are followed as Linux does.
const MOST_LINKS: usize = 40;

/// The file that a temporary file was to become, by their names.
fn target_of(temporary: &str) -> Option<&str> {
    let rest = temporary.strip_prefix(PREFIX)?;
    Some(rest.rsplit_once('-').map_or(rest, |(target, _)| target))
}

/// A file that is to be written, at the end of all symbolic links.
struct Target {
    path: PathBuf,
    folder: PathBuf,
    /// The file's name, as temporary files hold it.
    name: String,
    /// What is there already.
    existing: Option<Metadata>,
}

impl Target {
    fn of(path: &Path) -> io::Result<Self> {
        let path = followed(path)?;
        let existing = match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Some(metadata),
            Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(_) => return Err(refused("only a file can be replaced by a file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let name = path.file_name().ok_or_else(|| refused("the path does not name a file"))?;
        let mut name = name.to_string_lossy().into_owned();
        let end = (0..=MOST.min(name.len())).rev().find(|&end| name.is_char_boundary(end));
        name.truncate(end.unwrap_or(0));
        Ok(Self { path, folder, name, existing })
    }

    /// A new temporary file, locked.
    fn temporary(&self) -> io::Result<Temporary> {
        let prefix = format!("{PREFIX}{}-", self.name);
        loop {
            let temporary = Temporary::create(&self.folder, &prefix, self.existing.as_ref())?;
            // Where files cannot be locked, nothing is ever taken for abandoned.
            let _ = temporary.file().lock();
            if temporary.path().try_exists()? {
                return Ok(temporary);
            }
        }
    }
}

/// The end of the symbolic links that begin with a path, whether there is anything or not.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        // What is no link cannot be read as one.
        let Ok(next) = fs::read_link(&path) else { return Ok(path) };
        path = path.parent().unwrap_or(Path::new("")).join(next);
    }
    Err(refused("the path leads through too many symbolic links"))
}

fn refused(rule: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, rule)
}

#[cfg(test)]
mod tests;
