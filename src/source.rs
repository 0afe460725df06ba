//! Source texts and positions in them.

use std::ops::Range;
use std::sync::Arc;

/// Index of a [`SourceFile`] in [`Sources`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(pub u32);

/// A half-open range of bytes in the decoded text of one file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from byte `start` to byte `end`; positions past 4 GiB saturate (files are capped far below).
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end) }
    }

    /// The span as a range, to slice texts with.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether `other` lies inside this span.
    #[must_use]
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// A span in a named file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// Where in it.
    pub span: Span,
}

/// A folder (relative path, `/`) and those around it, innermost first; the project's root is the empty one.
pub fn at_or_above(folder: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder), |folder| match folder.rsplit_once('/') {
        Some((above, _)) => Some(above),
        None => (!folder.is_empty()).then_some(""),
    })
}

/// What a file is judged as.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FileKind {
    /// Python source (`.py`, `.pyi` excepted).
    Python,
    /// TypeScript, TSX, JavaScript.
    TypeScript,
    /// A Dockerfile or Containerfile.
    Dockerfile,
    /// YAML that may hold deployments.
    Yaml,
    /// A shell script.
    Shell,
    /// A Makefile.
    Makefile,
    /// Terraform's configuration, or values of its variables.
    Terraform,
    /// A dependency manifest or lock file, read as evidence only.
    Manifest,
}

impl FileKind {
    /// The name that `--show-files` prints.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::TypeScript => "typescript",
            Self::Dockerfile => "dockerfile",
            Self::Yaml => "yaml",
            Self::Shell => "shell",
            Self::Makefile => "makefile",
            Self::Terraform => "terraform",
            Self::Manifest => "manifest",
        }
    }
}

/// How the bytes on disk became the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Encoding {
    /// Valid UTF-8.
    #[default]
    Utf8,
    /// UTF-8 behind a byte order mark; the mark is not part of the text.
    Utf8Bom,
    /// Anything else, or lines that end in a carriage return alone, decoded as well as could be: judged, but never edited.
    Lossy,
}

/// One file's text and what is known of it before any parsing.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path relative to the project root, with `/`.
    pub path: Arc<str>,
    /// What it is judged as.
    pub kind: FileKind,
    /// The decoded text.
    pub text: Arc<str>,
    /// How it was decoded.
    pub encoding: Encoding,
    /// Whether findings in this file are reported (it was named on the command line, or lies below a path that was),
    /// or it only counts as evidence.
    pub reported: bool,
    /// Test code by the catalogue: evidence, but not judged.
    pub test: bool,
    lines: Vec<u32>,
}

/// A 1-based position; columns count Unicode scalar values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position {
    /// 1-based line.
    pub line: u32,
    /// 1-based column in Unicode scalar values.
    pub column: u32,
}

impl SourceFile {
    /// A file whose findings are reported.
    #[must_use]
    pub fn new(path: &str, kind: FileKind, text: &str) -> Self {
        let mut lines = vec![0];
        lines.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX)));
        Self { path: path.into(), kind, text: text.into(), encoding: Encoding::Utf8, reported: true, test: false, lines }
    }

    /// 0-based number of the line that holds a byte.
    #[must_use]
    pub fn line_index(&self, offset: u32) -> usize {
        self.lines.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// The position of a byte.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_index(offset);
        let start = self.lines[line] as usize;
        let end = (offset as usize).min(self.text.len());
        let column = self.text.get(start..end).map_or(end - start, |t| t.chars().count());
        Position { line: u32::try_from(line + 1).unwrap_or(u32::MAX), column: u32::try_from(column + 1).unwrap_or(u32::MAX) }
    }

    /// The text of a span; empty where the span does not fall on character boundaries.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// Number of lines.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The span of a 0-based line, its line break excluded.
    #[must_use]
    pub fn line_span(&self, line: usize) -> Span {
        let start = self.lines[line] as usize;
        let end = self.lines.get(line + 1).map_or(self.text.len(), |n| *n as usize);
        let trimmed = self.text.get(start..end).map_or(end - start, |t| t.trim_end_matches(['\n', '\r']).len());
        Span::new(start, start + trimmed)
    }

    /// The directory part of the path, without a trailing `/`; empty at the root.
    #[must_use]
    pub fn directory(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(dir, _)| dir)
    }

    /// The last part of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit_once('/').map_or(&*self.path, |(_, name)| name)
    }
}

/// All files of a run, sorted by path.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// Takes the files, sorted by path so that ids do not depend on the order they were found in.
    #[must_use]
    pub fn new(mut files: Vec<SourceFile>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        Self { files }
    }

    /// The file of an id.
    #[must_use]
    pub fn get(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// Puts another text in the place of a file's.
    pub fn set_text(&mut self, id: FileId, text: &str) {
        let old = &self.files[id.0 as usize];
        let SourceFile { encoding, reported, test, .. } = *old;
        self.files[id.0 as usize] = SourceFile { encoding, reported, test, ..SourceFile::new(&old.path, old.kind, text) };
    }

    /// All files with their ids, by path.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (FileId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, f)| (FileId(u32::try_from(i).unwrap_or(u32::MAX)), f))
    }

    /// The id of the file at a path relative to the root.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<FileId> {
        let index = self.files.binary_search_by(|f| (*f.path).cmp(path)).ok()?;
        Some(FileId(u32::try_from(index).unwrap_or(u32::MAX)))
    }

    /// The files directly in a directory (without trailing `/`).
    pub fn in_directory<'a>(&'a self, directory: &'a str) -> impl Iterator<Item = &'a SourceFile> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let at = self.files.partition_point(|f| *f.path < *prefix);
        let below = self.files[at..].iter().take_while(move |f| f.path.starts_with(&prefix));
        below.filter(move |f| f.directory() == directory)
    }

    /// Whether any file lies below a directory (without trailing `/`).
    #[must_use]
    pub fn has_directory(&self, directory: &str) -> bool {
        if directory.is_empty() {
            return !self.files.is_empty();
        }
        let prefix = format!("{directory}/");
        let at = self.files.partition_point(|f| *f.path < *prefix);
        self.files.get(at).is_some_and(|f| f.path.starts_with(&prefix))
    }

    /// Number of files.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The text at a place.
    #[must_use]
    pub fn slice(&self, place: Place) -> &str {
        self.get(place.file).slice(place.span)
    }
}
