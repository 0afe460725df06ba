//! Data flow within one function: where values come from, and how texts are put together.
//!
//! A function is interpreted forward, statement by statement. Branches join, loops run twice, guards refine what they
//! test. A value is an [`Abstract`]: its worst origin, and, if it is a text, the pieces that it is made of.

mod annotations;
mod binding;
mod callbacks;
mod callers;
mod calls;
mod environment;
mod evaluate;
mod facts;
pub mod format;
mod guards;
mod interpret;
mod javascript;
mod lookup;
pub mod path;
mod schemas;
mod sinks;
mod sources;

use std::sync::Arc;

use crate::ir::program::{ClassId, ExprId};
use crate::model::program::ModuleId;

pub use callers::{Arrival, arrival, outermost};
pub use facts::{Facts, Flows, SinkCall};
pub use path::{Site, Step, StepKind, Way};
pub use sources::is_request_data;

/// Where a value comes from; later ones are worse.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Origin {
    /// The program's own text, or its configuration.
    #[default]
    Constant,
    /// Not constant, but no text that anybody chose: a number, a member of an enum, a value that was found in a list.
    Safe,
    /// Tested by something that cannot be judged.
    Checked,
    /// Out of sight: results of calls, attributes.
    Unseen,
    /// A parameter, or a part of one: functions of the project pass it.
    Passed,
    /// A parameter, or a part of one, of a function that nothing in the project calls.
    Parameter,
    /// Request data.
    Request,
}

/// A part of a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Constant.
    Text(Arc<str>),
    /// Filled in at run time.
    Hole(Hole),
}

/// What is filled into a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hole {
    /// Where it comes from.
    pub origin: Origin,
    /// The expression that is filled in, or the call that gives the text it is filled into.
    pub expr: ExprId,
    /// The way from where request data enters; from the parameter, of what is passed.
    pub way: Way,
}

/// A text that is known piece by piece.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    /// The pieces in order.
    pub pieces: Vec<Piece>,
    /// The expressions that put it together, the first one first.
    pub roots: Vec<ExprId>,
}

/// What is known of a value.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Abstract {
    /// The worst origin of what is in it.
    pub origin: Origin,
    /// The way from where request data enters; from the parameter, of what is passed.
    pub way: Way,
    /// If it is a text in sight.
    pub text: Option<Arc<Text>>,
    /// If it is a container in sight.
    content: Option<Arc<Content>>,
    kind: Kind,
}

/// Values that are treated in their own way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Kind {
    #[default]
    Plain,
    /// A request object: its data is request data, it is not.
    Request,
    /// A text of a driver's own type, which quotes what it is formatted with.
    Composable,
    /// An instance of a class of the project that request data was parsed into.
    Model(ModuleId, ClassId),
}

/// What is in a container.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Content {
    /// By position, where that is known.
    parts: Vec<Abstract>,
    /// By key, where that is constant.
    fields: Vec<(Arc<str>, Abstract)>,
    /// Whether there are no other keys.
    is_whole: bool,
    /// Any key.
    keys: Abstract,
    /// Any item or value.
    items: Abstract,
}

/// How deep containers are told of that a function gives.
const MOST_SEEN: u8 = 2;

/// Longer texts are cut: what matters is known by then.
const MAX_PIECES: usize = 256;

impl Abstract {
    fn of(origin: Origin) -> Self {
        Self { origin, ..Self::default() }
    }

    fn request(at: Site) -> Self {
        Self { origin: Origin::Request, way: path::begin(at), ..Self::default() }
    }

    fn constant_text(text: &str) -> Self {
        let pieces = vec![Piece::Text(text.into())];
        Self { text: Some(Arc::new(Text { pieces, roots: Vec::new() })), ..Self::default() }
    }

    /// Another value of the same origin, nothing else known.
    fn derived(&self) -> Self {
        Self { origin: self.origin, way: self.way.clone(), ..Self::default() }
    }

    /// What is taken of it, one step after the other, as far as that is known.
    fn narrowed(&self, taken: &[StepKind]) -> Self {
        let mut value = self.clone();
        for step in taken {
            let found = match step {
                StepKind::Member(name) => match value.content.as_ref().and_then(|content| content.field(name)) {
                    Some(found) => found,
                    None => return value,
                },
                StepKind::Item => value.item(),
                StepKind::Keys => value.keys(),
                StepKind::Values => value.values(),
                _ => continue,
            };
            value = Self { way: found.way.clone().or_else(|| value.way.clone()), ..found };
        }
        value
    }

    /// What is in it, of which nothing more is known than where it comes from.
    fn within(&self, kind: StepKind) -> Self {
        let is_passed = self.origin == Origin::Passed;
        let way = if is_passed { path::within(&self.way, kind) } else { self.way.clone() };
        Self { way, ..self.derived() }
    }

    fn is_model(&self) -> bool {
        matches!(self.kind, Kind::Model(..))
    }

    /// A member of what is passed, whose name is kept: whoever passes it knows what is under that.
    fn member(&self, id: ModuleId, expr: ExprId, name: &str) -> Self {
        Self { way: path::then(&self.way, (id, expr), StepKind::Member(name.into())), ..self.derived() }
    }

    /// Either of two values.
    fn join(&self, other: &Self) -> Self {
        if self == other {
            return self.clone();
        }
        let (worse, better) = if other.origin > self.origin { (other, self) } else { (self, other) };
        let text = match (&worse.text, &better.text) {
            (Some(a), Some(b)) if worse.origin == better.origin && b.pieces.len() > a.pieces.len() => Some(b.clone()),
            (Some(a), _) => Some(a.clone()),
            // A text beside something that is out of sight. What somebody passes is a hole, whatever stands beside it.
            (None, text) => text.clone().filter(|_| worse.origin <= Origin::Unseen),
        };
        let content = match (&worse.content, &better.content) {
            (Some(a), Some(b)) => Some(Arc::new(a.join(b))),
            // What is in it somebody else decides.
            (None, Some(_)) if worse.origin > Origin::Unseen => None,
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        let kind = if worse.kind == Kind::Plain { better.kind } else { worse.kind };
        Self { origin: worse.origin, way: worse.way.clone().or_else(|| better.way.clone()), text, content, kind }
    }

    /// The same as it is seen by a caller: its pieces are filled in by the call, but for those that the caller has made itself.
    fn seen_from(&self, call: ExprId, own: &[Hole]) -> Self {
        self.seen_within(call, own, MOST_SEEN)
    }

    fn seen_within(&self, call: ExprId, own: &[Hole], depth: u8) -> Self {
        let text = self.text.as_ref().map(|text| {
            let pieces = text.pieces.iter().map(|piece| match piece {
                Piece::Hole(hole) if own.contains(hole) => piece.clone(),
                Piece::Hole(hole) => Piece::Hole(Hole { expr: call, ..hole.clone() }),
                text @ Piece::Text(_) => text.clone(),
            });
            Arc::new(Text { pieces: pieces.collect(), roots: Vec::new() })
        });
        // What containers in containers hold, nobody is told: they share their parts, and telling of each would take them apart.
        let content = self.content.as_ref().filter(|_| depth > 0).map(|content| Arc::new(content.seen_within(call, own, depth - 1)));
        Self { text, content, ..self.clone() }
    }

    /// What iterating over it gives.
    fn item(&self) -> Self {
        match &self.content {
            Some(content) if content.keys.origin > Origin::Constant || !content.fields.is_empty() => content.keys.clone(),
            Some(content) => content.items.clone(),
            None => self.within(StepKind::Item),
        }
    }

    /// What it holds: the values of a mapping, the items of a list.
    fn values(&self) -> Self {
        self.content.as_ref().map_or_else(|| self.within(StepKind::Values), |content| content.items.clone())
    }

    /// An instance of a model as a mapping: its keys are the names of fields.
    fn dumped(&self) -> Self {
        let known = self.content.as_deref().cloned().unwrap_or_default();
        let content = Content { keys: Self::of(Origin::Safe), items: self.within(StepKind::Values), ..known };
        Self { kind: Kind::Plain, content: Some(Arc::new(content)), ..self.clone() }
    }

    /// The keys of a mapping, or of what a model can be made.
    fn keys(&self) -> Self {
        if self.is_model() {
            return Self::of(Origin::Safe);
        }
        self.content.as_ref().map_or_else(|| self.within(StepKind::Keys), |content| content.keys.clone())
    }

    /// The same text with something constant behind it.
    fn followed_by(mut self, after: &str) -> Self {
        if let Some(text) = self.text.as_mut().filter(|_| !after.is_empty()) {
            Arc::make_mut(text).pieces.push(Piece::Text(after.into()));
        }
        self
    }

    /// The pieces that it adds to a text.
    fn pieces(&self, expr: ExprId) -> Vec<Piece> {
        match &self.text {
            Some(text) => text.pieces.clone(),
            None => vec![Piece::Hole(Hole { origin: self.origin, expr, way: self.way.clone() })],
        }
    }

    /// Its items by position, where these are known.
    fn parts(&self) -> &[Self] {
        self.content.as_ref().map_or(&[], |content| &content.parts)
    }

    fn roots(&self) -> &[ExprId] {
        self.text.as_ref().map_or(&[], |text| &text.roots)
    }
}

impl Content {
    /// What is under a key; nothing where that is not known.
    fn field(&self, key: &str) -> Option<Abstract> {
        let found = self.fields.iter().find(|(k, _)| **k == *key).map(|(_, value)| value.clone());
        found.or_else(|| self.is_whole.then(Abstract::default))
    }

    /// Puts a value under a key, in the place of any other.
    fn set(&mut self, key: &str, value: Abstract) {
        self.fields.retain(|(k, _)| **k != *key);
        self.fields.push((key.into(), value));
    }

    fn seen_within(&self, call: ExprId, own: &[Hole], depth: u8) -> Self {
        Self {
            parts: self.parts.iter().map(|part| part.seen_within(call, own, depth)).collect(),
            fields: self.fields.iter().map(|(key, value)| (key.clone(), value.seen_within(call, own, depth))).collect(),
            is_whole: self.is_whole,
            keys: self.keys.seen_within(call, own, depth),
            items: self.items.seen_within(call, own, depth),
        }
    }

    fn join(&self, other: &Self) -> Self {
        let parts = if self.parts.len() == other.parts.len() {
            self.parts.iter().zip(&other.parts).map(|(a, b)| a.join(b)).collect()
        } else {
            Vec::new()
        };
        let mut fields = self.fields.clone();
        for (key, value) in &other.fields {
            match fields.iter_mut().find(|(k, _)| k == key) {
                Some((_, old)) => *old = old.join(value),
                None => fields.push((key.clone(), value.clone())),
            }
        }
        let is_whole = self.is_whole && other.is_whole;
        Self { parts, fields, is_whole, keys: self.keys.join(&other.keys), items: self.items.join(&other.items) }
    }
}

/// A container of these items.
fn container(parts: Vec<Abstract>) -> Abstract {
    let items = parts.iter().skip(1).fold(parts.first().cloned().unwrap_or_default(), |a, b| a.join(b));
    Abstract {
        origin: items.origin,
        way: items.way.clone(),
        content: Some(Arc::new(Content { parts, items, ..Content::default() })),
        ..Abstract::default()
    }
}

/// An entry of a mapping that is written out.
enum Written {
    /// A key and its value.
    Pair(Abstract, Abstract),
    /// All entries of another mapping.
    All(Abstract),
}

/// A mapping with these entries; a key is known where it is constant.
fn mapping(entries: Vec<(Abstract, Abstract)>) -> Abstract {
    mapping_of(entries.into_iter().map(|(key, value)| Written::Pair(key, value)).collect())
}

/// The same of entries some of which are of other mappings; what is written later wins.
fn mapping_of(entries: Vec<Written>) -> Abstract {
    let mut content = Content { is_whole: true, ..Content::default() };
    for (index, entry) in entries.into_iter().enumerate() {
        let (key, value) = match entry {
            Written::Pair(key, value) => {
                match constant(&key) {
                    Some(key) => content.set(&key, value.clone()),
                    None => content.is_whole = false,
                }
                (key, value)
            }
            Written::All(other) => {
                let of_other = other.content.as_deref().filter(|other| other.is_whole);
                content.is_whole &= of_other.is_some();
                if of_other.is_none() {
                    // It may have any of these keys, too.
                    let any = other.values();
                    content.fields.iter_mut().for_each(|(_, value)| *value = value.join(&any));
                }
                for (key, value) in of_other.iter().flat_map(|other| &other.fields) {
                    content.set(key, value.clone());
                }
                (other.keys(), other.values())
            }
        };
        (content.keys, content.items) = if index == 0 { (key, value) } else { (content.keys.join(&key), content.items.join(&value)) };
    }
    let worse = if content.items.origin >= content.keys.origin { &content.items } else { &content.keys };
    let (origin, way) = (worse.origin, worse.way.clone());
    Abstract { origin, way, content: Some(Arc::new(content)), ..Abstract::default() }
}

/// The text, if all of it is constant.
fn constant(value: &Abstract) -> Option<String> {
    let text = value.text.as_ref()?;
    text.pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => Some(text.as_ref()),
            Piece::Hole(_) => None,
        })
        .collect()
}

/// A text made of these pieces by an expression.
fn assembled(root: ExprId, mut pieces: Vec<Piece>, roots: &[ExprId]) -> Abstract {
    if pieces.len() > MAX_PIECES {
        let rest = pieces.split_off(MAX_PIECES);
        let worst = rest.into_iter().filter(|piece| matches!(piece, Piece::Hole(_))).max_by_key(origin_of);
        pieces.extend(worst);
    }
    let holes = pieces.iter().filter_map(|piece| match piece {
        Piece::Hole(hole) => Some(hole.clone()),
        Piece::Text(_) => None,
    });
    let worst = holes.max_by_key(|hole| hole.origin);
    let mut all: Vec<ExprId> = roots.to_vec();
    if worst.is_some() {
        all.push(root);
    }
    all.sort();
    all.dedup();
    // The first ones say where it begins, the last one what it was made of.
    if all.len() > MAX_PIECES {
        all.drain(MAX_PIECES / 2..all.len() - MAX_PIECES / 2);
    }
    Abstract {
        origin: worst.as_ref().map_or(Origin::Constant, |hole| hole.origin),
        way: worst.as_ref().and_then(|hole| hole.way.clone()),
        text: Some(Arc::new(Text { pieces, roots: all })),
        ..Abstract::default()
    }
}

fn origin_of(piece: &Piece) -> Origin {
    match piece {
        Piece::Text(_) => Origin::Constant,
        Piece::Hole(hole) => hole.origin,
    }
}

impl Text {
    /// What is filled in, in order.
    pub fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(hole),
            Piece::Text(_) => None,
        })
    }
}
