//! Result sets: where all rows of a query are read into memory, and nothing says how many there may be.

mod bounds;
mod keys;
mod readers;
mod vocabulary;

use ustr::Ustr;

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::cleanup::words;
use crate::model::program::ModuleId;
use crate::model::project::Project;
use crate::source::Place;

pub use keys::unique_columns;

/// A place that reads all rows of a query that nothing limits.
#[derive(Clone, Debug)]
pub struct ResultSet {
    /// The expression that reads them.
    pub at: ExprId,
    /// The method that reads them, as it is written; nothing for a loop or a list that takes them.
    pub reader: Option<Ustr>,
    /// What stands for the rows.
    pub source: Source,
    /// Whether they are only handed to something that may still limit them: a template.
    pub is_handed_on: bool,
}

/// What stands for all rows of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// The library's function that makes it; nothing where that cannot be seen.
    pub api: Option<Ustr>,
    /// The table, or the class that stands for it, as it is written.
    pub table: Option<String>,
    /// Where the text begins, and what it says, if it is SQL.
    pub text: Option<(Place, String)>,
    /// Whether what runs it is known, or only told by its shape.
    pub is_resolved: bool,
    /// Whether it asks for some of the rows by a value.
    pub is_filtered: bool,
}

/// Words in the names of tables whose rows people put there one by one.
const FEW: [&str; 30] = [
    "config",
    "configs",
    "configuration",
    "configurations",
    "setting",
    "settings",
    "option",
    "options",
    "preference",
    "preferences",
    "role",
    "roles",
    "permission",
    "permissions",
    "provider",
    "providers",
    "plan",
    "plans",
    "currency",
    "currencies",
    "country",
    "countries",
    "language",
    "languages",
    "locale",
    "locales",
    "status",
    "statuses",
    "migration",
    "migrations",
];

impl Source {
    /// Whether the text asks for values that differ, of which there may be few.
    #[must_use]
    pub fn is_distinct(&self) -> bool {
        self.text.as_ref().is_some_and(|(_, text)| text.to_ascii_lowercase().split_whitespace().take(2).eq(["select", "distinct"]))
    }

    /// Whether the table holds few rows by its name: settings, roles, countries.
    #[must_use]
    pub fn is_small(&self) -> bool {
        let name = self.table.as_deref().unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default().trim_matches(['`', '"', '[', ']']);
        words(name).last().is_some_and(|word| FEW.contains(&word.as_str()))
    }
}

/// The unlimited result sets that functions of a module read which requests reach, by place.
#[must_use]
pub fn unlimited(project: &Project, id: ModuleId) -> Vec<ResultSet> {
    let module = project.program.module(id);
    let mut found = readers::find(project, id);
    found.sort_by_key(|set| (module.expr(set.at).span.start, module.expr(set.at).span.end));
    found.dedup_by_key(|set| module.expr(set.at).span.start);
    found
}

/// Whether what a function gives is kept for the next one that asks: `@lru_cache`, `unstable_cache(async () => …)`.
#[must_use]
pub fn is_kept(project: &Project, id: ModuleId, expr: ExprId) -> bool {
    let module = project.program.module(id);
    let is_cache = |callee: ExprId| match module.expr(module.call(callee).map_or(callee, |call| call.callee)).kind {
        ExprKind::Name(name) | ExprKind::Attribute { name, .. } => {
            let lower = name.to_ascii_lowercase();
            lower.contains("cache") || lower.contains("memoize")
        }
        _ => false,
    };
    module.around(expr).any(|around| match around {
        Around::Function(function) => {
            let f = module.function(function);
            let taker = match f.parent {
                Parent::Expr(value) => match module.expr_parents[value.index()] {
                    Parent::Expr(outer) => module.call(outer).filter(|call| call.callee != value).map(|call| call.callee),
                    _ => None,
                },
                _ => None,
            };
            f.decorators.iter().copied().chain(taker).any(is_cache)
        }
        _ => false,
    })
}
