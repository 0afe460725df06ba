//! Texts whose letters know where they were written, whatever they went through on the way: YAML's escapes and
//! indentation, variables of a build, those of the shell.

use crate::ir::Known;
use crate::ir::deploy::Setting;
use crate::source::{FileId, Place, Span};

use super::template::is_templated;

/// A letter.
#[derive(Clone, Copy, Debug)]
struct Letter {
    c: char,
    /// Where it is written: in the value of a variable, if it came from one.
    from: Span,
    /// Where it is used: the variable's mention, if it came from one.
    at: Span,
    /// Nobody knows what will stand there.
    is_known: bool,
}

/// A text of one file.
#[derive(Clone, Debug)]
pub(super) struct Traced {
    file: FileId,
    /// Where it stands, though it be empty.
    home: Span,
    letters: Vec<Letter>,
}

impl Traced {
    /// A text as it stands in a file, from this byte on.
    pub(super) fn raw(file: FileId, text: &str, start: usize) -> Self {
        let letter = |(at, c): (usize, char)| {
            let span = Span::new(start + at, start + at + c.len_utf8());
            Letter { c, from: span, at: span, is_known: true }
        };
        Self { file, home: Span::new(start, start + text.len()), letters: text.char_indices().map(letter).collect() }
    }

    /// What a notation with quotes, escapes or indentation makes of the text at a place. Where a letter cannot be found
    /// there, every one of them stands for the whole.
    pub(super) fn cooked(file: FileId, text: &str, span: Span, cooked: &str) -> Self {
        let written = text.get(span.range()).unwrap_or_default();
        // A block scalar begins behind its header.
        let header = if written.starts_with(['|', '>']) { written.find('\n').map_or(written.len(), |end| end + 1) } else { 0 };
        let letters = align(written, header, span.start as usize, cooked)
            .unwrap_or_else(|| cooked.chars().map(|c| Letter { c, from: span, at: span, is_known: true }).collect());
        Self { file, home: span, letters }
    }

    /// No text, but a place: what a list of words is as a whole.
    pub(super) fn standing_at(file: FileId, span: Span) -> Self {
        Self { file, home: span, letters: Vec::new() }
    }

    /// Nothing, at the start of another text.
    pub(super) fn nothing(of: &Self) -> Self {
        let start = of.span().start;
        Self { file: of.file, home: Span { start, end: start }, letters: Vec::new() }
    }

    /// A text that is understood, and stands nowhere: before another one.
    pub(super) fn written_by_nobody(text: &str, before: &Self) -> Self {
        let nothing = Self::nothing(before);
        let letters = text.chars().map(|c| Letter { c, from: nothing.home, at: nothing.home, is_known: true }).collect();
        Self { letters, ..nothing }
    }

    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// The text; what is not known stands as it is written.
    pub(super) fn text(&self) -> String {
        self.letters.iter().map(|letter| letter.c).collect()
    }

    /// The text for a parser, which is to see a word where something is filled in that it does not know, and the letter of
    /// each of its bytes (and of its end).
    pub(super) fn parsed(&self) -> (String, Vec<usize>) {
        let (mut text, mut letters) = (String::with_capacity(self.len()), Vec::with_capacity(self.len() + 1));
        for (index, letter) in self.letters.iter().enumerate() {
            text.push(if letter.is_known { letter.c } else { '_' });
            letters.resize(text.len(), index);
        }
        letters.push(self.len());
        (text, letters)
    }

    /// Whether it is known, letter by letter.
    pub(super) fn is_known(&self) -> bool {
        self.letters.iter().all(|letter| letter.is_known)
    }

    /// Whether nothing of it is known.
    pub(super) fn is_unknown(&self) -> bool {
        !self.is_empty() && self.letters.iter().all(|letter| !letter.is_known)
    }

    /// The letters from one to before another.
    pub(super) fn slice(&self, start: usize, end: usize) -> Self {
        let end = end.min(self.len());
        let letters = self.letters.get(start..end).unwrap_or_default().to_vec();
        let home = if let (Some(first), Some(last)) = (letters.first(), letters.last()) {
            first.at.to(last.at)
        } else {
            let at = self.letters.get(start).map_or(self.home.end, |letter| letter.at.start);
            Span { start: at, end: at }
        };
        Self { file: self.file, home, letters }
    }

    /// The same letters, none of which is known.
    pub(super) fn unknown(mut self) -> Self {
        self.letters.iter_mut().for_each(|letter| letter.is_known = false);
        self
    }

    /// The same letters, used where another text stands.
    pub(super) fn used_at(mut self, mention: &Self) -> Self {
        let at = mention.used();
        self.home = at;
        self.letters.iter_mut().for_each(|letter| letter.at = at);
        self
    }

    pub(super) fn append(&mut self, other: &Self) {
        if self.letters.is_empty() && !other.letters.is_empty() {
            self.home = other.home;
        }
        self.letters.extend_from_slice(&other.letters);
    }

    /// The letter index of a text in it.
    pub(super) fn find(&self, wanted: &str) -> Option<usize> {
        let wanted: Vec<char> = wanted.chars().collect();
        (0..self.len()).find(|at| self.letters[*at..].iter().map(|letter| letter.c).take(wanted.len()).eq(wanted.iter().copied()))
    }

    pub(super) fn starts_with(&self, start: &str) -> bool {
        let length = start.chars().count();
        self.len() >= length && self.letters.iter().take(length).map(|letter| letter.c).eq(start.chars())
    }

    /// What is before and behind a text.
    pub(super) fn split_once(&self, delimiter: &str) -> Option<(Self, Self)> {
        let at = self.find(delimiter)?;
        Some((self.slice(0, at), self.slice(at + delimiter.chars().count(), self.len())))
    }

    /// The parts between letters that are delimiters.
    pub(super) fn split(&self, is_delimiter: impl Fn(char) -> bool) -> Vec<Self> {
        let mut parts = Vec::new();
        let mut start = 0;
        for (index, letter) in self.letters.iter().enumerate() {
            if letter.is_known && is_delimiter(letter.c) {
                parts.push(self.slice(start, index));
                start = index + 1;
            }
        }
        parts.push(self.slice(start, self.len()));
        parts
    }

    /// Without blanks around it.
    pub(super) fn trim(&self) -> Self {
        let blank = |letter: &&Letter| letter.c.is_whitespace();
        let start = self.letters.iter().take_while(blank).count();
        let end = self.len() - self.letters[start..].iter().rev().take_while(blank).count();
        self.slice(start, end)
    }

    /// Where it is used.
    pub(super) fn used(&self) -> Span {
        self.letters.iter().map(|letter| letter.at).reduce(Span::to).unwrap_or(self.home)
    }

    /// Where it is written, in one piece; else where it is used.
    pub(super) fn span(&self) -> Span {
        let is_whole = self.letters.windows(2).all(|two| two[0].from.end == two[1].from.start);
        match (self.letters.first(), self.letters.last()) {
            (Some(first), Some(last)) if is_whole => first.from.to(last.from),
            _ => self.used(),
        }
    }

    pub(super) fn file(&self) -> FileId {
        self.file
    }

    /// As a setting, its value as `read` understands it.
    pub(super) fn setting<T>(&self, read: impl Fn(&str) -> Option<T>) -> Setting<T> {
        let written = self.text();
        let value = if self.is_known() && !is_templated(&written) { read(written.trim()) } else { None };
        let place = Place { file: self.file, span: self.span() };
        Setting { value: value.map_or(Known::Unknown, Known::Yes), written, place }
    }

    /// As a name, which stands where it is used.
    pub(super) fn name(&self) -> Setting<String> {
        let name = self.string();
        Setting { place: Place { span: self.used(), ..name.place }, ..name }
    }

    pub(super) fn string(&self) -> Setting<String> {
        self.setting(|text| Some(text.to_owned()))
    }

    pub(super) fn number(&self) -> Setting<u64> {
        self.setting(|text| text.parse().ok())
    }
}

/// Finds each letter of a text in what was written: between them may only be what notations add.
fn align(written: &str, header: usize, start: usize, cooked: &str) -> Option<Vec<Letter>> {
    let mut rest = written.get(header..)?;
    let mut letters = Vec::with_capacity(cooked.len());
    for c in cooked.chars() {
        loop {
            let at = start + written.len() - rest.len();
            let escaped = match c {
                '\n' => rest.strip_prefix("\\n"),
                '\t' => rest.strip_prefix("\\t"),
                // A folded line.
                ' ' => rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')),
                _ => None,
            };
            if let Some(behind) = rest.strip_prefix(c).or(escaped) {
                let span = Span::new(at, start + written.len() - behind.len());
                letters.push(Letter { c, from: span, at: span, is_known: true });
                rest = behind;
                break;
            }
            // The line break at the end of a block.
            if rest.is_empty() && c.is_whitespace() {
                let span = Span::new(at, at);
                letters.push(Letter { c, from: span, at: span, is_known: true });
                break;
            }
            let added = rest.chars().next().filter(|added| added.is_whitespace() || matches!(added, '"' | '\'' | '\\'))?;
            rest = &rest[added.len_utf8()..];
        }
    }
    Some(letters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::yaml;

    /// What is written at the place of a part of the first scalar that is no key.
    fn written<'a>(text: &'a str, part: &str) -> &'a str {
        let stream = yaml::parse(text);
        let pair = stream.pairs(stream.documents[0].root)[0];
        let cooked = stream.scalar(pair.value).expect("a scalar");
        let traced = Traced::cooked(FileId(0), text, stream.node(pair.value).span, cooked);
        assert_eq!(traced.text(), cooked);
        let at = traced.find(part).expect("the part is in it");
        &text[traced.slice(at, at + part.chars().count()).span().range()]
    }

    #[test]
    fn letters_are_found_in_what_was_written() {
        for (text, part, expected) in [
            ("a: x --memory=2Gi", "2Gi", "2Gi"),
            ("a: 'x --memory=2Gi'", "2Gi", "2Gi"),
            ("a: 'it''s 2Gi'", "2Gi", "2Gi"),
            ("a: \"x \\\"y\\\" 2Gi\"", "2Gi", "2Gi"),
            ("a: \"x\\n2Gi\"", "2Gi", "2Gi"),
            ("a: |\n  x \\\n    --memory 2Gi\n", "2Gi", "2Gi"),
            ("a: >-\n  x\n  --memory 2Gi\n", "y 2Gi", "y 2Gi"),
            ("a: >-\n  x\n  --memory 2Gi\n", "x --m", "x\n  --m"),
            ("a: \"\\u0032Gi\"", "2Gi", "\"\\u0032Gi\""),
        ] {
            assert_eq!(written(text, part), expected, "{text}");
        }
    }

    #[test]
    fn values_of_variables_stand_where_they_are_written() {
        let text = "M=2Gi run --memory=$M --cpu=${N}x";
        let raw = Traced::raw(FileId(0), text, 0);
        let value = raw.slice(2, 5);
        let mention = raw.slice(19, 21);
        let used = value.used_at(&mention);
        assert_eq!((used.text().as_str(), &text[used.span().range()], &text[used.used().range()]), ("2Gi", "2Gi", "$M"));
        let mut joined = used.clone();
        joined.append(&raw.slice(21, 22));
        assert_eq!(&text[joined.span().range()], "$M ");
        assert!(used.is_known() && used.clone().unknown().is_unknown() && !Traced::nothing(&used).is_unknown());
    }
}
