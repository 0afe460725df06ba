//! Result sets: where all rows of a query are read into memory, and nothing says how many there may be.

mod bounds;
mod first_rows;
mod keys;
mod readers;
mod uniques;
mod vocabulary;

use ustr::Ustr;

use crate::ir::program::*;
use crate::ir::walk::Around;
use crate::model::program::ModuleId;
use crate::model::project::Project;
use crate::model::sql::keys::Compared;
use crate::model::sql::small::is_small;
use crate::source::Place;

pub use uniques::Uniques;

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
    /// How many rows its conditions leave.
    extent: Extent,
}

/// How many rows there may be where nothing limits them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// A handful: one for each group, those of one owner and day, those of a table that people fill one by one.
    Few,
    /// What two conditions leave.
    Some,
    /// Whatever the table has.
    Any,
}

impl Extent {
    /// What conditions leave.
    fn of(compared: &[Compared], is_grouped: bool) -> Self {
        let mut given: Vec<&str> = compared.iter().filter(|compared| compared.is_given).map(|compared| compared.column.as_str()).collect();
        given.sort_unstable();
        given.dedup();
        match given.len() {
            _ if is_grouped => Self::Few,
            2.. if given.iter().any(|column| is_day(column)) => Self::Few,
            2.. => Self::Some,
            _ => Self::Any,
        }
    }
}

impl Source {
    /// How many rows there may be, as far as can be told.
    #[must_use]
    pub fn extent(&self) -> Extent {
        if self.table.as_deref().is_some_and(is_small) { Extent::Few } else { self.extent }
    }
}

/// Whether a column holds days: `order_date`, `day`.
fn is_day(column: &str) -> bool {
    matches!(column.rsplit('_').next(), Some("date" | "day" | "month" | "week" | "dt"))
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
