//! From bytes on disk to text.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::describe;
use crate::source::{Encoding, FileKind};

/// Larger files are data, whatever their names say.
pub const MAX_BYTES: u64 = 2 << 20;

/// Lock files list all that a project depends on, and all that this does.
const MAX_MANIFEST_BYTES: u64 = 16 << 20;

/// The most bytes that a file of a kind has, and what is said of one that has more.
fn limit(kind: FileKind) -> (u64, NoText) {
    match kind {
        FileKind::Manifest => (MAX_MANIFEST_BYTES, NoText::Skipped("over 16 MiB")),
        _ => (MAX_BYTES, NoText::Skipped("over 2 MiB")),
    }
}

/// Why there is no text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum NoText {
    /// It is not meant to be judged.
    Skipped(&'static str),
    /// It should have been read.
    Failed(String),
}

/// The bytes of a regular file.
pub(super) fn read(path: &Path, kind: FileKind) -> Result<Vec<u8>, NoText> {
    let (most, too_large) = limit(kind);
    let failed = |error: &std::io::Error| NoText::Failed(describe(error));
    // Asked before opening: opening a pipe would wait for its other end.
    let metadata = path.metadata().map_err(|error| failed(&error))?;
    if !metadata.is_file() {
        return Err(NoText::Skipped("not a regular file"));
    }
    if metadata.len() > most {
        return Err(too_large);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    let file = File::open(path).map_err(|error| failed(&error))?;
    // The file may grow between the question and the answer.
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    Ok(bytes)
}

/// The text that bytes stand for: most often they are that text.
pub(super) fn decode(bytes: &[u8], kind: FileKind) -> Result<(Cow<'_, str>, Encoding), NoText> {
    let (most, too_large) = limit(kind);
    if bytes.len() as u64 > most {
        return Err(too_large);
    }
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes)
        && encoding != encoding_rs::UTF_8
    {
        let (text, _) = encoding.decode_without_bom_handling(&bytes[mark..]);
        return Ok((text, Encoding::Lossy));
    }
    if is_binary(bytes) {
        return Err(NoText::Skipped("binary"));
    }
    let (bytes, plain) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest, Encoding::Utf8Bom),
        None => (bytes, Encoding::Utf8),
    };
    match std::str::from_utf8(bytes) {
        // Lines that end as they did on the first Macs: no parser knows them any more. Bytes stay where they are.
        Ok(text) if text.contains('\r') && !text.contains('\n') => Ok((text.replace('\r', "\n").into(), Encoding::Lossy)),
        Ok(text) => Ok((text.into(), plain)),
        Err(_) => Ok((decode_other(bytes).into(), Encoding::Lossy)),
    }
}

/// Neither UTF-8 nor UTF-16: as the file itself says (PEP 263), or else UTF-8 with replacement characters.
fn decode_other(bytes: &[u8]) -> String {
    let declared = bytes.split(|byte| *byte == b'\n').take(2).find_map(|line| {
        let line = String::from_utf8_lossy(line);
        let comment = line.trim_start().strip_prefix('#')?.to_owned();
        let behind = comment.split_once("coding")?.1.trim_start_matches([':', '=']).trim_start().to_owned();
        let name: String = behind.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
        // Python's names differ from the web's by a hyphen or two.
        let plain = name.replace(['-', '_'], "");
        encoding_rs::Encoding::for_label(name.as_bytes()).or_else(|| encoding_rs::Encoding::for_label(plain.as_bytes()))
    });
    declared.unwrap_or(encoding_rs::UTF_8).decode_without_bom_handling(bytes).0.into_owned()
}

/// Text has no NUL and hardly any control characters; a share of one in twenty is more than any encoding has.
fn is_binary(bytes: &[u8]) -> bool {
    let sample = &bytes[..bytes.len().min(64 << 10)];
    let controls = sample.iter().filter(|byte| matches!(byte, 0x01..=0x08 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f)).count();
    bytes.contains(&0) || controls * 20 > sample.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> (String, Encoding) {
        let (text, encoding) = decode(bytes, FileKind::Python).unwrap_or_else(|reason| panic!("{reason:?}"));
        (text.into_owned(), encoding)
    }

    #[test]
    fn byte_order_marks_are_not_part_of_the_text() {
        assert_eq!(decoded(b"\xef\xbb\xbfx = 1"), ("x = 1".to_owned(), Encoding::Utf8Bom));
        assert_eq!(decoded(b"\xff\xfex\0=\0"), ("x=".to_owned(), Encoding::Lossy));
        assert_eq!(decoded(b"\xfe\xff\0x\0="), ("x=".to_owned(), Encoding::Lossy));
        assert_eq!(decoded(b""), (String::new(), Encoding::Utf8));
    }

    #[test]
    fn carriage_returns_end_lines_where_nothing_else_does() {
        assert_eq!(decoded(b"a\rb\r"), ("a\nb\n".to_owned(), Encoding::Lossy));
        assert_eq!(decoded(b"a\r\nb\r"), ("a\r\nb\r".to_owned(), Encoding::Utf8));
    }

    #[test]
    fn other_encodings_are_read_as_declared() {
        assert_eq!(decoded(b"# -*- coding: latin-1 -*-\nx = 'caf\xe9'").0, "# -*- coding: latin-1 -*-\nx = 'café'");
        assert_eq!(decoded(b"x = 'caf\xe9'"), ("x = 'caf\u{fffd}'".to_owned(), Encoding::Lossy));
    }

    #[test]
    fn binary_is_told_from_text() {
        assert_eq!(decode(b"a\0b", FileKind::Python), Err(NoText::Skipped("binary")));
        let noise: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8 | 1).collect();
        assert_eq!(decode(&noise, FileKind::Python), Err(NoText::Skipped("binary")));
        let lock = vec![b'a'; 3 << 20];
        assert!(decode(&lock, FileKind::Manifest).is_ok());
        assert_eq!(decode(&lock, FileKind::Yaml), Err(NoText::Skipped("over 2 MiB")));
        assert_eq!(decoded("テキスト\t\r\n\x0c\x1b[0m".as_bytes()).1, Encoding::Utf8);
    }
}
