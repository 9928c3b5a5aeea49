//! Opening what the user names: a file, or standard input, compressed or not.
//!
//! gzip is read by `flate2` with `zlib-rs`: memory-safe, and as fast as the C library. zstd is read by `zstd`,
//! which is the reference implementation: it alone can be told the largest window that it may allocate, reads
//! frames in a row, and skips skippable ones, which `ruzstd` leaves to the caller.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::bufread::MultiGzDecoder;

use super::file::PacketFile;
use super::kind::{FileKind, MAGIC_LEN};
use super::limits::{BUFFER_BYTES, ZSTD_WINDOW_LOG};
use super::problems::Problems;
use super::window::Source;
use crate::model::{Warning, WarningKind};

/// What stands for standard input on the command line.
const STANDARD_INPUT: &str = "-";

/// What an input turned out to be.
pub enum Opened {
    /// A capture.
    Packets(Box<PacketFile>),
    /// Something else, decompressed: perhaps what tcpdump prints.
    Text(Box<dyn BufRead + Send>),
    /// Compressed, but it cannot be decompressed from the start.
    Unreadable(Warning),
}

/// Why an input cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}")]
pub struct OpenError {
    /// Which.
    pub path: PathBuf,
    /// What the system says.
    pub source: io::Error,
}

/// How many bytes of all inputs were read so far, before decompression.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// So many.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Opens a file, or standard input for `-`.
pub fn open(path: &Path, progress: &Progress) -> Result<Opened, OpenError> {
    let failed = |source| OpenError {
        path: path.to_owned(),
        source,
    };
    let standard_input = path == Path::new(STANDARD_INPUT);
    let source: Source = if standard_input {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).map_err(failed)?)
    };
    let name = if standard_input {
        "standard input".into()
    } else {
        path.to_string_lossy()
    };
    let counted = Box::new(Counted(source, progress.clone()));
    open_source(counted, &name).map_err(failed)
}

/// Opens any source; `name` is what warnings call it.
pub fn open_source(source: Source, name: &str) -> io::Result<Opened> {
    let (kind, source) = peek(source)?;
    let decompressed = match kind {
        FileKind::Pcap | FileKind::Pcapng | FileKind::Utf16Le | FileKind::Utf16Be | FileKind::Other => {
            return Ok(opened(kind, source, name));
        }
        FileKind::Gzip => Ok(Box::new(MultiGzDecoder::new(buffered(source))) as Source),
        FileKind::Zstd => zstd_decoder(source),
    };
    let name = format!("{name} (decompressed)");
    let (word, sentence) = match decompressed.and_then(peek) {
        Ok((FileKind::Gzip | FileKind::Zstd, _)) => (
            WarningKind::UnreadableFile,
            "it is compressed once more".to_string(),
        ),
        Ok((kind, source)) => return Ok(opened(kind, source, &name)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => (
            WarningKind::TruncatedFile,
            "the compressed file ends before anything can be read of it".into(),
        ),
        Err(error) if kind == FileKind::Zstd => (
            WarningKind::UnreadableFile,
            format!(
                "it cannot be decompressed: {error} (if it needs more than {} MiB: zstd -dc --long=31 FILE | netmon \
                 analyze -)",
                (1 << ZSTD_WINDOW_LOG) >> 20
            ),
        ),
        Err(error) => (
            WarningKind::UnreadableFile,
            format!("it cannot be decompressed: {error}"),
        ),
    };
    Ok(Opened::Unreadable(Problems::only(&name, word, &sentence)))
}

fn opened(kind: FileKind, source: Source, name: &str) -> Opened {
    match kind {
        FileKind::Pcap => Opened::Packets(Box::new(PacketFile::pcap(source, name))),
        FileKind::Pcapng => Opened::Packets(Box::new(PacketFile::pcapng(source, name))),
        FileKind::Utf16Le => Opened::Text(Box::new(decoded(source, UTF_16LE))),
        FileKind::Utf16Be => Opened::Text(Box::new(decoded(source, UTF_16BE))),
        FileKind::Gzip | FileKind::Zstd | FileKind::Other => Opened::Text(Box::new(buffered(source))),
    }
}

/// Text in this encoding, in UTF-8; its mark, if it has one, is left out.
fn decoded(source: Source, encoding: &'static Encoding) -> BufReader<Source> {
    let mut decoder = DecodeReaderBytesBuilder::new();
    let decoder = decoder.encoding(Some(encoding)).bom_override(true);
    buffered(Box::new(decoder.build(buffered(source))))
}

fn zstd_decoder(source: Source) -> io::Result<Source> {
    let mut decoder = zstd::Decoder::with_buffer(buffered(source))?;
    decoder.window_log_max(ZSTD_WINDOW_LOG)?;
    Ok(Box::new(decoder))
}

fn buffered(source: Source) -> BufReader<Source> {
    BufReader::with_capacity(BUFFER_BYTES, source)
}

/// The kind of a source, and the source as if nothing had been read of it.
fn peek(mut source: Source) -> io::Result<(FileKind, Source)> {
    let mut start = Vec::with_capacity(MAGIC_LEN);
    source.by_ref().take(MAGIC_LEN as u64).read_to_end(&mut start)?;
    let kind = FileKind::of(&start);
    Ok((kind, Box::new(Cursor::new(start).chain(source))))
}

/// Counts what is read.
struct Counted(Source, Progress);

impl Read for Counted {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(to)?;
        self.1.0.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_cannot_be_opened_is_named_with_the_reason() {
        let directory = tempfile::tempdir().unwrap();
        let missing = directory.path().join("missing.pcap");
        let cases = [
            (missing.as_path(), "No such file or directory"),
            (directory.path(), "Is a directory"),
        ];
        for (path, reason) in cases {
            let Err(error) = open(path, &Progress::default()) else {
                panic!("{} was opened", path.display());
            };
            let message = format!("{:#}", anyhow::Error::from(error));
            let expected = format!("cannot read {}: {reason}", path.display());
            assert!(message.starts_with(&expected), "{message}");
        }
    }

    #[test]
    fn progress_counts_what_was_read_of_the_file() {
        let text = vec![b'a'; 300_000];
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all(&text).unwrap();
        let compressed = encoder.finish().unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&compressed).unwrap();
        let progress = Progress::default();
        let Ok(Opened::Text(mut reader)) = open(file.path(), &progress) else {
            panic!("the file is text");
        };
        assert!(
            progress.bytes() < 200_000,
            "{} read before anybody asked",
            progress.bytes()
        );
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert_eq!(read, text);
        assert_eq!(progress.bytes(), compressed.len() as u64);
    }
}
