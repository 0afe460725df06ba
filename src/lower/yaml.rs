//! YAML as a flat tree of nodes that know their bytes.
//!
//! Nodes live in one arena, children before their parents. An alias is a node that names the anchored one, so that a
//! file's tree is never larger than its text: walkers that follow aliases bound their own work. A node cannot contain
//! itself, because an anchor is only known once its node is complete.

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, options};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::source::Span;

/// Index of a [`Node`] in a [`Stream`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(u32);

/// A node and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// From its first to its last byte: quotes and brackets included, anchor, tag and comments around it excluded. A
    /// block collection begins at its first key or item, a block scalar at its `|` or `>`.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// Kinds of nodes.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A scalar, escapes decoded. `key:` with nothing behind it is an empty plain scalar in an empty span.
    Scalar {
        /// The text.
        text: Box<str>,
        /// How it is written.
        style: Style,
    },
    /// A sequence.
    Sequence {
        /// The items.
        items: Box<[NodeId]>,
        /// `[…]`.
        flow: bool,
    },
    /// A mapping.
    Mapping {
        /// Keys and values as written, merge keys among them.
        pairs: Box<[Pair]>,
        /// `{…}`.
        flow: bool,
    },
    /// `*name`; nothing where no complete node before it has that anchor.
    Alias(Option<NodeId>),
}

/// How a scalar is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'` or `"…"`.
    Quoted,
    /// `|` or `>`.
    Block,
}

/// A key and its value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pair {
    /// The key.
    pub key: NodeId,
    /// The value.
    pub value: NodeId,
}

/// One document of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Document {
    /// Its one node.
    pub root: NodeId,
}

/// All documents of a file.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    nodes: Vec<Node>,
    /// Documents that could be read, in order.
    pub documents: Vec<Document>,
    /// Where and why the first document could not be read that could not.
    pub error: Option<(Span, String)>,
}

impl Stream {
    /// A node; never an alias that names another.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[self.resolve(id).0 as usize]
    }

    /// The node that an alias names, or the node itself.
    #[must_use]
    pub fn resolve(&self, id: NodeId) -> NodeId {
        match self.nodes[id.0 as usize].kind {
            // What an alias names is no alias: those cannot have anchors.
            NodeKind::Alias(Some(target)) => target,
            _ => id,
        }
    }

    /// All nodes, children before parents; aliases as written.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    /// The ids of all nodes, children before parents.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> {
        // There are no more nodes than bytes in a text, which are counted in 32 bits.
        (0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(NodeId)
    }

    /// The text of a scalar.
    #[must_use]
    pub fn scalar(&self, id: NodeId) -> Option<&str> {
        match &self.node(id).kind {
            NodeKind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether a node is null: nothing, `~` or `null` without quotes.
    #[must_use]
    pub fn is_null(&self, id: NodeId) -> bool {
        match &self.node(id).kind {
            NodeKind::Scalar { text, style: Style::Plain } => matches!(&**text, "" | "~" | "null" | "Null" | "NULL"),
            _ => false,
        }
    }

    /// The items of a sequence; none for anything else.
    #[must_use]
    pub fn items(&self, id: NodeId) -> &[NodeId] {
        match &self.node(id).kind {
            NodeKind::Sequence { items, .. } => items,
            _ => &[],
        }
    }

    /// The pairs of a mapping as written; none for anything else.
    #[must_use]
    pub fn pairs(&self, id: NodeId) -> &[Pair] {
        match &self.node(id).kind {
            NodeKind::Mapping { pairs, .. } => pairs,
            _ => &[],
        }
    }

    /// The pair of a key: the mapping's own (the last of several, as loaders have it), else that of the mappings merged
    /// into it with `<<`, the first of which wins. `scanned` counts the pairs that were looked at.
    pub fn get(&self, mapping: NodeId, key: &str, scanned: &mut usize) -> Option<Pair> {
        // Merges may name the same mapping on exponentially many ways: each is looked into once.
        let mut seen = FxHashSet::default();
        let mut waiting = vec![mapping];
        while let Some(id) = waiting.pop() {
            let id = self.resolve(id);
            if seen.contains(&id) {
                continue;
            }
            let pairs = self.pairs(id);
            *scanned += pairs.len() + 1;
            if let Some(pair) = pairs.iter().rev().find(|pair| self.scalar(pair.key) == Some(key)) {
                return Some(*pair);
            }
            let before = waiting.len();
            for pair in pairs.iter().filter(|pair| self.is_merge_key(pair.key)) {
                waiting.push(pair.value);
                waiting.extend(self.items(pair.value));
                *scanned += self.items(pair.value).len();
            }
            if waiting.len() > before {
                seen.insert(id);
                // Popped in source order.
                waiting[before..].reverse();
            }
        }
        None
    }

    fn is_merge_key(&self, id: NodeId) -> bool {
        matches!(&self.node(id).kind, NodeKind::Scalar { text, style: Style::Plain } if &**text == "<<")
    }
}

/// Reads all documents of a text. What cannot be read is in [`Stream::error`]; documents after it are read again from
/// the next `---`.
#[must_use]
pub fn parse(text: &str) -> Stream {
    let options = options! { emit_comments: false, emit_unresolved_aliases: true };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder { text, stream: Stream::default(), open: Vec::new(), pending: Vec::new(), anchors: FxHashMap::default() };
    loop {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => return builder.stream,
            Some(Ok((event, span))) => {
                let range = span.byte_range().unwrap_or_default();
                builder.event(event, Span::new(range.start, range.end));
            }
            Some(Err(error)) => {
                let offset = error.marker().byte_offset().unwrap_or_default().min(text.len());
                builder.fail(offset, error.kind().to_string());
                if !matches!(parser.proceed_next_document(), Ok(true)) {
                    return builder.stream;
                }
            }
        }
    }
}

/// A collection whose end has not been read yet.
struct Open {
    /// Where it begins.
    start: Span,
    /// Its children are those of `Builder::pending` from here on.
    first: usize,
    anchor: usize,
    mapping: bool,
    flow: bool,
}

struct Builder<'a> {
    text: &'a str,
    stream: Stream,
    open: Vec<Open>,
    /// Complete nodes whose parent is still open.
    pending: Vec<NodeId>,
    /// Complete anchored nodes of this document.
    anchors: FxHashMap<usize, NodeId>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) {
        match event {
            Event::DocumentStart(..) => self.abandon(),
            Event::DocumentEnd => {
                if let Some(root) = self.pending.pop() {
                    self.stream.documents.push(Document { root });
                }
                self.abandon();
            }
            Event::Scalar(text, style, anchor, _) => {
                let (style, span) = match style {
                    ScalarStyle::Plain => (Style::Plain, span),
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => (Style::Quoted, span),
                    _ => (Style::Block, self.with_header(span)),
                };
                // The parser spells an absent node `~`.
                let text = if style == Style::Plain && span.start == span.end { Box::default() } else { text.into() };
                self.add(span, NodeKind::Scalar { text, style }, anchor);
            }
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).copied();
                self.add(span, NodeKind::Alias(target), 0);
            }
            Event::UnresolvedAlias(_) => self.add(span, NodeKind::Alias(None), 0),
            Event::SequenceStart(style, anchor, _) => self.begin(span, anchor, false, style),
            Event::MappingStart(style, anchor, _) => self.begin(span, anchor, true, style),
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            _ => {}
        }
    }

    fn begin(&mut self, start: Span, anchor: usize, mapping: bool, style: StructureStyle) {
        let flow = style == StructureStyle::Flow;
        self.open.push(Open { start, first: self.pending.len(), anchor, mapping, flow });
    }

    fn end(&mut self, end: Span) {
        let Some(open) = self.open.pop() else { return };
        let children = self.pending.split_off(open.first.min(self.pending.len()));
        // The end of a block collection is only noticed at the next token: it ends where its last child does.
        let last = children.last().map_or(open.start, |id| self.stream.nodes[id.0 as usize].span);
        let span = open.start.to(if open.flow && end.start < end.end { end } else { last });
        let kind = if open.mapping {
            let pairs = children.chunks_exact(2).map(|pair| Pair { key: pair[0], value: pair[1] }).collect();
            NodeKind::Mapping { pairs, flow: open.flow }
        } else {
            NodeKind::Sequence { items: children.into(), flow: open.flow }
        };
        self.add(span, kind, open.anchor);
    }

    fn add(&mut self, span: Span, kind: NodeKind, anchor: usize) {
        let id = NodeId(u32::try_from(self.stream.nodes.len()).unwrap_or(u32::MAX));
        self.stream.nodes.push(Node { span, kind });
        self.pending.push(id);
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
    }

    fn abandon(&mut self) {
        self.open.clear();
        self.pending.clear();
        self.anchors.clear();
    }

    fn fail(&mut self, offset: usize, message: String) {
        self.abandon();
        if self.stream.error.is_none() {
            let length = self.text.get(offset..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
            self.stream.error = Some((Span::new(offset, offset + length), message));
        }
    }

    /// The span of a block scalar from its `|` or `>` to its last character that is not blank: the parser gives the
    /// lines of its content.
    fn with_header(&self, content: Span) -> Span {
        let Some(before) = self.text.get(..content.start as usize) else { return content };
        let end = self.text.get(content.range()).map_or(content.end as usize, |t| content.start as usize + t.trim_end().len());
        // The line that the content begins in holds its indentation; the header is on the last line above with text on it.
        let above = before.rfind(['\n', '\r']).map_or(before, |at| &before[..at]).trim_end();
        let line = above.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let header = above[line..].char_indices().find(|(at, c)| matches!(c, '|' | '>') && is_header_tail(&above[line + at + 1..]));
        header.map_or(content, |(at, _)| Span::new(line + at, end.max(above.len())))
    }
}

/// Whether a text is what may follow `|` or `>` on its line: indentation and chomping, then a comment.
fn is_header_tail(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
    rest.trim().is_empty() || (rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#'))
}

#[cfg(test)]
mod tests;
