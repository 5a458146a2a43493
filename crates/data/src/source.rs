//! Where bytes come from: a file or memory, compressed or not.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::DataError;

/// The first bytes of every gzip stream, and of no IDX or CSV file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Bytes to read, decompressed on the way if they are gzip, with the name and the position that
/// errors report.
pub(crate) struct Source<'a> {
    name: PathBuf,
    stream: Box<dyn Read + 'a>,
    gzip: bool,
    position: u64, // bytes delivered
}

impl<'a> Source<'a> {
    pub(crate) fn open(path: &Path) -> Result<Source<'static>, DataError> {
        match File::open(path) {
            Ok(file) => Source::new(file, path),
            Err(source) => Err(DataError::Io { file: path.to_path_buf(), source }),
        }
    }

    /// Gzip is recognised by content, not by name.
    pub(crate) fn new(reader: impl Read + 'a, name: impl AsRef<Path>) -> Result<Self, DataError> {
        Source::of(Box::new(reader), name.as_ref().to_path_buf())
    }

    /// Compiled once for all readers, with the decompressor.
    fn of(mut reader: Box<dyn Read + 'a>, name: PathBuf) -> Result<Self, DataError> {
        let mut head = Vec::new();
        if let Err(source) = reader.by_ref().take(2).read_to_end(&mut head) {
            return Err(DataError::Io { file: name, source });
        }
        let gzip = head == GZIP_MAGIC;
        let whole = io::Cursor::new(head).chain(reader);
        let stream: Box<dyn Read + 'a> =
            if gzip { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
        Ok(Self { name, stream, gzip, position: 0 })
    }

    pub(crate) fn name(&self) -> &Path {
        &self.name
    }

    /// Reads up to `limit` bytes, fewer only at the end. Memory grows with the bytes found, not
    /// with the limit.
    pub(crate) fn read_up_to(&mut self, limit: u64) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::new();
        match self.by_ref().take(limit).read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(self.fault(error)),
        }
    }

    /// What a failure to read means: the decompressor reports bad bytes as it does a bad disk.
    pub(crate) fn fault(&self, source: io::Error) -> DataError {
        let (file, byte) = (self.name.clone(), self.position);
        match source.kind() {
            io::ErrorKind::UnexpectedEof if self.gzip => DataError::GzipTruncated { file, byte },
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if self.gzip => {
                DataError::GzipCorrupt { file, byte, reason: source.to_string() }
            }
            _ => DataError::Io { file, source },
        }
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}
