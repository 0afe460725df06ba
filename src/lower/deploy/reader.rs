//! Reading settings out of YAML nodes.

use crate::ir::Known;
use crate::ir::deploy::Setting;
use crate::lower::yaml::{NodeId, Pair, Stream};
use crate::source::{FileId, Place, Span};

use super::template::is_templated;
use super::traced::Traced;

/// A YAML stream, read with bounded work: aliases let a small file stand for a huge tree, and what is read again and
/// again counts again and again.
pub(super) struct Reader<'a> {
    file: FileId,
    stream: &'a Stream,
    text: &'a str,
    left: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: FileId, stream: &'a Stream, text: &'a str) -> Self {
        // A file without aliases is read about ten times over.
        Self { file, stream, text, left: text.len().saturating_mul(32).saturating_add(100_000) }
    }

    /// Whether everything that was asked for could be read.
    pub(super) fn complete(&self) -> bool {
        self.left > 0
    }

    fn spend(&mut self, amount: usize) -> Option<()> {
        self.left = self.left.saturating_sub(amount);
        (self.left > 0).then_some(())
    }

    /// The pair of a key; a null value counts as absent.
    pub(super) fn get(&mut self, mapping: NodeId, key: &str) -> Option<Pair> {
        let mut scanned = 0;
        let pair = self.stream.get(mapping, key, &mut scanned);
        self.spend(scanned)?;
        pair.filter(|pair| !self.stream.is_null(pair.value))
    }

    /// The value at a path of keys.
    pub(super) fn at(&mut self, mapping: NodeId, path: &[&str]) -> Option<NodeId> {
        path.iter().try_fold(mapping, |node, key| self.get(node, key).map(|pair| pair.value))
    }

    /// The items of the sequence at a path of keys.
    pub(super) fn items(&mut self, mapping: NodeId, path: &[&str]) -> &'a [NodeId] {
        let Some(node) = self.at(mapping, path) else { return &[] };
        let items = self.stream.items(node);
        // An item costs more than a pair that is looked at: what is made of it is kept.
        if self.spend(items.len().saturating_mul(8)).is_some() { items } else { &[] }
    }

    /// Keys and values of the mapping at a path of keys, as written.
    pub(super) fn pairs(&mut self, mapping: NodeId, path: &[&str]) -> Vec<(NodeId, NodeId)> {
        let Some(node) = self.at(mapping, path) else { return Vec::new() };
        let pairs = self.stream.pairs(node);
        if self.spend(pairs.len().saturating_mul(8)).is_none() {
            return Vec::new();
        }
        pairs.iter().map(|pair| (pair.key, pair.value)).collect()
    }

    /// Names and values of the mapping at a path of keys.
    pub(super) fn entries(&mut self, mapping: NodeId, path: &[&str]) -> Vec<(&'a str, NodeId)> {
        let pairs = self.pairs(mapping, path);
        pairs.into_iter().filter_map(|(key, value)| Some((self.stream.scalar(key)?, value))).collect()
    }

    /// A scalar, letter by letter.
    pub(super) fn traced(&mut self, node: NodeId) -> Option<Traced> {
        let text = self.stream.scalar(node)?;
        // A letter is larger than a byte.
        self.spend(text.len().saturating_mul(4).saturating_add(8))?;
        Some(Traced::cooked(self.file, self.text, self.span(node), text))
    }

    pub(super) fn file(&self) -> FileId {
        self.file
    }

    pub(super) fn is_mapping(&self, node: NodeId) -> bool {
        !self.stream.pairs(node).is_empty()
    }

    /// The place of a node; behind an alias, that of the anchored one.
    pub(super) fn span(&self, node: NodeId) -> Span {
        self.stream.node(node).span
    }

    /// The text of the scalar at a path of keys.
    pub(super) fn scalar(&mut self, mapping: NodeId, path: &[&str]) -> Option<&'a str> {
        self.at(mapping, path).and_then(|node| self.stream.scalar(node))
    }

    /// The setting at a path of keys, its value as `read` understands it.
    pub(super) fn setting<T>(&mut self, mapping: NodeId, path: &[&str], read: impl Fn(&str) -> Option<T>) -> Option<Setting<T>> {
        let node = self.at(mapping, path)?;
        self.value(node, read)
    }

    /// A node as a setting.
    pub(super) fn value<T>(&mut self, node: NodeId, read: impl Fn(&str) -> Option<T>) -> Option<Setting<T>> {
        let span = self.span(node);
        let scalar = self.stream.scalar(node);
        let written = scalar.unwrap_or_else(|| self.text.get(span.range()).unwrap_or_default());
        self.spend(written.len() + 8)?;
        let value = scalar.filter(|text| !is_templated(text)).and_then(|text| read(text.trim()));
        Some(Setting {
            value: value.map_or(Known::Unknown, Known::Yes),
            written: written.to_owned(),
            place: Place { file: self.file, span },
        })
    }

    /// The text at a path of keys.
    pub(super) fn string(&mut self, mapping: NodeId, path: &[&str]) -> Option<Setting<String>> {
        self.setting(mapping, path, |text| Some(text.to_owned()))
    }

    /// The whole number at a path of keys.
    pub(super) fn number(&mut self, mapping: NodeId, path: &[&str]) -> Option<Setting<u64>> {
        self.setting(mapping, path, |text| text.parse().ok())
    }

    /// The truth value at a path of keys.
    pub(super) fn boolean(&mut self, mapping: NodeId, path: &[&str]) -> Option<Setting<bool>> {
        self.setting(mapping, path, |text| match text {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        })
    }
}
