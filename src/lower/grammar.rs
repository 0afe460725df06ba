//! A grammar's node kinds and fields as enums: what was decided about each.

use tree_sitter::{Language, Node};

macro_rules! kinds {
    ($($kind:ident $name:literal),* $(,)?) => {
        /// A kind of node.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Kind {
            /// An anonymous token: punctuation, keyword, operator.
            Token,
            /// What the parser could not read.
            Error,
            /// A kind that the grammar has and this table has not; a test keeps it from existing.
            Undecided,
            $($kind),*
        }

        const KINDS: $crate::lower::grammar::Kinds<Kind> = $crate::lower::grammar::Kinds {
            token: Kind::Token,
            error: Kind::Error,
            undecided: Kind::Undecided,
            named: &[$(($name, Kind::$kind)),*],
        };
    };
}

macro_rules! fields {
    ($($field:ident $name:literal),* $(,)?) => {
        /// The role of a node in its parent.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Field {
            None,
            $($field),*
        }

        const FIELDS: &[(&str, Field)] = &[$(($name, Field::$field)),*];
    };
}

pub(super) use {fields, kinds};

/// The kinds that a language knows.
pub struct Kinds<K: 'static> {
    /// Anonymous tokens.
    pub token: K,
    /// Error nodes.
    pub error: K,
    /// What nobody decided about.
    pub undecided: K,
    /// Named kinds.
    pub named: &'static [(&'static str, K)],
}

impl<K: Copy + PartialEq> Kinds<K> {
    fn of(&self, language: &Language, id: u16) -> K {
        if !language.node_kind_is_named(id) {
            return self.token;
        }
        let name = language.node_kind_for_id(id).unwrap_or_default();
        self.named.iter().find(|(n, _)| *n == name).map_or(self.undecided, |(_, kind)| *kind)
    }

    /// Visible kinds of nodes that the grammar has and nobody decided about: a test wants none.
    pub fn missing(&self, language: &Language) -> Vec<String> {
        (0..u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX))
            .filter(|id| language.node_kind_is_named(*id) && language.node_kind_is_visible(*id) && !language.node_kind_is_supertype(*id))
            .filter(|id| self.of(language, *id) == self.undecided)
            .map(|id| language.node_kind_for_id(id).unwrap_or_default().to_owned())
            .collect()
    }
}

/// Look-up from the grammar's numbers.
pub struct Tables<K, F> {
    kinds: Vec<K>,
    fields: Vec<F>,
    error: K,
    none: F,
}

impl<K: Copy + PartialEq + 'static, F: Copy> Tables<K, F> {
    /// The tables of a grammar.
    pub fn new(language: &Language, kinds: &Kinds<K>, fields: &[(&str, F)], none: F) -> Self {
        let ids = 0..u16::try_from(language.node_kind_count()).unwrap_or(u16::MAX);
        let count = u16::try_from(language.field_count()).unwrap_or(u16::MAX);
        let field = |id| language.field_name_for_id(id).and_then(|name| fields.iter().find(|(n, _)| *n == name));
        Self {
            kinds: ids.map(|id| kinds.of(language, id)).collect(),
            fields: (0..=count).map(|id| field(id).map_or(none, |(_, field)| *field)).collect(),
            error: kinds.error,
            none,
        }
    }
}

impl<K: Copy, F: Copy> Tables<K, F> {
    /// The kind of a node.
    pub fn kind(&self, node: Node<'_>) -> K {
        // Error nodes have an id outside of the table.
        self.kinds.get(node.kind_id() as usize).copied().unwrap_or(self.error)
    }

    /// The field of an id.
    pub fn field(&self, id: Option<std::num::NonZeroU16>) -> F {
        id.and_then(|id| self.fields.get(id.get() as usize).copied()).unwrap_or(self.none)
    }
}
