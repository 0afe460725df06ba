//! Statements that make tables: how these are kept, and whether they hold dates.

use sqlparser::ast::{
    DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Query, SelectItem, SetExpr, TableFactor, TableWithJoins,
};
use sqlparser::dialect::BigQueryDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::bounds::is_date;
use super::reading::HOLE;

/// A statement that makes a table or a materialised view which stays.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Creation {
    /// Its name.
    pub table: String,
    /// Rather a materialised view than a table.
    pub is_view: bool,
    /// The columns that it is partitioned by; nothing where it is not.
    pub partitioned_by: Option<Vec<String>>,
    /// Its partitions go by themselves at some time, or cannot.
    pub expires: bool,
    /// Whether it holds dates.
    pub dates: Dates,
}

/// Whether a table holds dates.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Dates {
    /// In this column.
    Column(String),
    /// In this one, by its name.
    Named(String),
    /// In none.
    None,
    /// Its columns are not known.
    Unknown,
    /// Its columns are read from elsewhere when it is made.
    Elsewhere,
}

impl Dates {
    /// Of one column and the others: what is certain counts.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let rank = |dates: &Self| match dates {
            Self::Column(_) => 3,
            Self::Unknown | Self::Elsewhere => 2,
            Self::Named(_) => 1,
            Self::None => 0,
        };
        if rank(&other) > rank(&self) { other } else { self }
    }
}

/// Whether `BigQuery` can partition by a type.
#[must_use]
pub fn is_date_type(name: &str) -> bool {
    ["DATE", "TIMESTAMP", "DATETIME"].iter().any(|kind| name.eq_ignore_ascii_case(kind))
}

/// What the first statement of a text makes that keeps all it holds in one piece; else the first that makes anything. `is_open`
/// says that more may stand in the text than can be seen.
#[must_use]
pub fn first(text: &str, is_open: bool) -> Option<Creation> {
    if !text.to_ascii_uppercase().contains("CREATE") {
        return None;
    }
    let tokens = Tokenizer::new(&BigQueryDialect {}, text).tokenize().ok()?;
    let tokens: Vec<Token> = tokens.into_iter().filter(|token| !matches!(token, Token::Whitespace(_))).collect();
    let made: Vec<Creation> = tokens.split(|token| *token == Token::SemiColon).filter_map(of_statement).collect();
    let is_whole = |creation: &&Creation| creation.partitioned_by.is_none() && !is_open;
    let first = made.iter().find(is_whole).or_else(|| made.first())?;
    let mut first = first.clone();
    if is_open && first.partitioned_by.is_none() {
        return None;
    }
    first.expires |= is_open;
    Some(first)
}

/// Reads the words of a statement one after the other.
struct Words<'t> {
    tokens: &'t [Token],
}

impl<'t> Words<'t> {
    fn peek(&self, at: usize) -> Option<&'t str> {
        word(self.tokens.get(at)?)
    }

    /// Passes these words, if they come next.
    fn pass(&mut self, words: &[&str]) -> bool {
        let is_next = words.iter().enumerate().all(|(at, word)| self.peek(at).is_some_and(|next| next.eq_ignore_ascii_case(word)));
        if is_next {
            self.tokens = &self.tokens[words.len()..];
        }
        is_next
    }

    /// Takes what stands between the parenthesis that comes next and its end.
    fn group(&mut self) -> &'t [Token] {
        let mut depth = 0_usize;
        for (at, token) in self.tokens.iter().enumerate() {
            match token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                let group = self.tokens.get(1..at).unwrap_or_default();
                self.tokens = &self.tokens[at + 1..];
                return group;
            }
        }
        let rest = self.tokens.get(1..).unwrap_or_default();
        self.tokens = &[];
        rest
    }
}

fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Word(word) => Some(&word.value),
        _ => None,
    }
}

/// The words that clauses of a creation begin with.
const CLAUSES: [&str; 9] = ["AS", "PARTITION", "CLUSTER", "OPTIONS", "LIKE", "COPY", "CLONE", "DEFAULT", "WITH"];

fn of_statement(tokens: &[Token]) -> Option<Creation> {
    let mut words = Words { tokens };
    if !words.pass(&["CREATE"]) {
        return None;
    }
    let is_replaced = words.pass(&["OR", "REPLACE"]);
    let is_view = words.pass(&["MATERIALIZED", "VIEW"]);
    if !is_view && (!words.pass(&["TABLE"]) || words.pass(&["FUNCTION"])) {
        return None;
    }
    words.pass(&["IF", "NOT", "EXISTS"]);
    let begins_clause = |token: &Token| {
        *token == Token::LParen || word(token).is_some_and(|word| CLAUSES.iter().any(|clause| word.eq_ignore_ascii_case(clause)))
    };
    let at = words.tokens.iter().position(begins_clause)?;
    let table = words.tokens[..at].iter().map(ToString::to_string).collect::<String>().replace('`', "");
    words.tokens = &words.tokens[at..];
    let mut creation = Creation { table, is_view, partitioned_by: None, expires: is_view, dates: Dates::Unknown };
    let mut has_columns = false;
    if words.tokens.first() == Some(&Token::LParen) {
        let group = words.group();
        has_columns = !is_view;
        if has_columns {
            creation.dates = of_columns(group);
        }
    }
    while let Some(first) = words.tokens.first() {
        if words.pass(&["PARTITION", "BY"]) {
            let end = words.tokens.iter().position(|token| {
                word(token).is_some_and(|word| ["CLUSTER", "OPTIONS", "AS"].iter().any(|clause| word.eq_ignore_ascii_case(clause)))
            });
            let (by, rest) = words.tokens.split_at(end.unwrap_or(words.tokens.len()));
            creation.partitioned_by = Some(columns_of(by));
            // Ranges of numbers are for ever by nature.
            creation.expires |= by.iter().any(|token| word(token).is_some_and(|word| word.eq_ignore_ascii_case("RANGE_BUCKET")));
            words.tokens = rest;
        } else if words.pass(&["OPTIONS"]) {
            let options = words.group();
            if is_set(options, "expiration_timestamp") {
                return None;
            }
            creation.expires |= is_set(options, "partition_expiration_days");
        } else if words.pass(&["AS"]) {
            if !has_columns {
                creation.dates = of_query(words.tokens, is_replaced);
            }
            break;
        } else if ["LIKE", "COPY", "CLONE"].iter().any(|clause| words.pass(&[clause])) {
            return None;
        } else if *first == Token::LParen {
            words.group();
        } else {
            words.tokens = &words.tokens[1..];
        }
    }
    Some(creation)
}

/// Whether an option is set to something.
fn is_set(options: &[Token], name: &str) -> bool {
    let at = options.iter().position(|token| word(token).is_some_and(|word| word.eq_ignore_ascii_case(name)));
    at.and_then(|at| options.get(at + 2)).is_some_and(|value| !word(value).is_some_and(|word| word.eq_ignore_ascii_case("NULL")))
}

/// The names in an expression, those of functions and units aside.
fn columns_of(tokens: &[Token]) -> Vec<String> {
    let is_function = |at: usize| tokens.get(at + 1) == Some(&Token::LParen);
    let is_unit = |name: &str| ["HOUR", "DAY", "MONTH", "YEAR"].iter().any(|unit| name.eq_ignore_ascii_case(unit));
    let names = tokens.iter().enumerate().filter_map(|(at, token)| {
        let is_first = at == 0 || !matches!(tokens.get(at - 1), Some(Token::Comma));
        word(token).filter(|name| !is_function(at) && (is_first || !is_unit(name)))
    });
    names.map(str::to_owned).collect()
}

/// The columns that are written out: a name, a type, and more.
fn of_columns(tokens: &[Token]) -> Dates {
    let mut depth = 0_i32;
    let columns = tokens.split(|token| {
        depth += match token {
            Token::LParen | Token::Lt => 1,
            Token::RParen | Token::Gt => -1,
            Token::ShiftRight => -2,
            _ => 0,
        };
        depth == 0 && *token == Token::Comma
    });
    let dates = columns.map(|column| match column {
        [name, kind, ..] => match (word(name), word(kind)) {
            (Some(name), Some(kind)) if is_date_type(kind) => Dates::Column(name.to_owned()),
            (Some(name), _) if name.contains(HOLE) => Dates::Unknown,
            _ => Dates::None,
        },
        [only] if word(only).is_some_and(|name| name.contains(HOLE)) => Dates::Unknown,
        _ => Dates::None,
    });
    dates.fold(Dates::None, Dates::or)
}

/// How many words a query may have to be parsed here: the parser nests what it reads.
const MOST_TOKENS: usize = 600;

/// What a query gives its table.
fn of_query(tokens: &[Token], is_replaced: bool) -> Dates {
    if tokens.len() > MOST_TOKENS {
        return Dates::Unknown;
    }
    let parser = Parser::new(&BigQueryDialect {}).with_recursion_limit(40);
    let query = parser.with_tokens(tokens.to_vec()).parse_query();
    query.map_or(Dates::Unknown, |query| of_rows(&query, is_replaced))
}

/// Whether the rows of a query hold dates.
#[must_use]
pub fn of_text(query: &str) -> Dates {
    let tokens = Tokenizer::new(&BigQueryDialect {}, query).tokenize().unwrap_or_default();
    let tokens: Vec<Token> = tokens.into_iter().filter(|token| !matches!(token, Token::Whitespace(_))).collect();
    of_query(&tokens, false)
}

/// Whether the rows of a query hold dates; `is_replaced` says that they take the place of all that were there.
fn of_rows(query: &Query, is_replaced: bool) -> Dates {
    let mut body = &query.body;
    let mut is_alone = true;
    let select = loop {
        match &**body {
            SetExpr::Select(select) => break select,
            SetExpr::Query(inner) => body = &inner.body,
            SetExpr::SetOperation { left, .. } => {
                is_alone = false;
                body = left;
            }
            _ => return Dates::Unknown,
        }
    };
    // Rows that are counted out, and a calendar, are few.
    let is_generated = |from: &TableWithJoins| match &from.relation {
        TableFactor::UNNEST { array_exprs, .. } => from.joins.is_empty() && array_exprs.iter().all(counts_out),
        _ => false,
    };
    if is_alone && !select.from.is_empty() && select.from.iter().all(is_generated) {
        return Dates::None;
    }
    let dates = select.projection.iter().map(|item| match item {
        SelectItem::UnnamedExpr(expr) => of_expr(expr, None, is_replaced),
        SelectItem::ExprWithAlias { expr, alias } => of_expr(expr, Some(&alias.value), is_replaced),
        _ => Dates::Unknown,
    });
    dates.fold(Dates::None, Dates::or)
}

/// `GENERATE_ARRAY(1, 1000)`, `GENERATE_DATE_ARRAY(…)`
fn counts_out(array: &Expr) -> bool {
    let text = array.to_string().to_ascii_uppercase();
    text.starts_with("GENERATE_ARRAY(") || text.starts_with("GENERATE_DATE_ARRAY(")
}

/// Whether an expression is the time at which a statement runs, or its day.
fn is_now(expr: &Expr, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match expr {
        Expr::Cast { expr, .. } => is_now(expr, depth),
        Expr::Function(function) => {
            let name = function.name.to_string().to_ascii_uppercase();
            if name.strip_prefix("CURRENT_").is_some_and(is_date_type) {
                return true;
            }
            let FunctionArguments::List(list) = &function.args else { return false };
            let first = list.args.first().and_then(|arg| match arg {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(first)) => Some(first),
                _ => None,
            });
            (is_date_type(&name) || name.strip_suffix("_TRUNC").is_some_and(is_date_type))
                && first.is_some_and(|first| is_now(first, depth))
        }
        _ => false,
    }
}

fn of_expr(expr: &Expr, alias: Option<&str>, is_replaced: bool) -> Dates {
    let called = |name: &str| alias.unwrap_or(name).to_owned();
    match expr {
        // All rows have the time at which the table is made; those that are added later have theirs.
        _ if is_now(expr, 4) => {
            if is_replaced {
                Dates::None
            } else {
                Dates::Named(called("day"))
            }
        }
        Expr::Identifier(name) if is_date(&name.value) => Dates::Named(called(&name.value)),
        Expr::CompoundIdentifier(names) => match names.last() {
            Some(name) if is_date(&name.value) => Dates::Named(called(&name.value)),
            _ => Dates::None,
        },
        Expr::Cast { data_type: DataType::Date | DataType::Timestamp(..) | DataType::Datetime(_), .. } => Dates::Column(called("day")),
        Expr::Function(function) => {
            let name = function.name.to_string().to_ascii_uppercase();
            let gives_date = is_date_type(&name)
                || ["_TRUNC", "_ADD", "_SUB"].iter().any(|end| name.strip_suffix(end).is_some_and(is_date_type))
                || name.strip_prefix("PARSE_").is_some_and(is_date_type);
            if gives_date { Dates::Column(called("day")) } else { Dates::None }
        }
        _ => Dates::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(text: &str) -> Creation {
        first(text, false).expect("something is made")
    }

    #[test]
    fn tables_are_kept_as_they_say() {
        let parted = created("CREATE TABLE d.t (id INT64, created_at TIMESTAMP) PARTITION BY DATE(created_at)");
        assert_eq!(parted.partitioned_by.as_deref(), Some(&["created_at".to_owned()][..]));
        assert!(!parted.expires);
        let plain = created("CREATE TABLE IF NOT EXISTS d.t (id INT64, created_at TIMESTAMP)");
        assert_eq!((plain.partitioned_by, plain.dates), (None, Dates::Column("created_at".to_owned())));
        assert!(created("CREATE TABLE t (d DATE) PARTITION BY d OPTIONS (partition_expiration_days = 90)").expires);
        assert!(!created("CREATE TABLE t (d DATE) PARTITION BY d OPTIONS (partition_expiration_days = NULL)").expires);
        for text in ["CREATE TEMP TABLE t (d DATE)", "CREATE TABLE a LIKE b", "CREATE VIEW v AS SELECT d FROM t", "SELECT 1"] {
            assert_eq!(first(text, false), None, "{text}");
        }
    }

    #[test]
    fn dates_are_told_from_what_looks_like_them() {
        let dates = |text: &str| created(text).dates;
        assert_eq!(dates("CREATE TABLE d.t (id INT64, date_label STRING, starts TIME)"), Dates::None);
        assert_eq!(dates("CREATE TABLE d.t (sku STRING, changes ARRAY<STRUCT<at TIMESTAMP, n INT64>>)"), Dates::None);
        assert_eq!(dates("CREATE TABLE d.t AS SELECT DATE(at) AS day, COUNT(*) AS n FROM h GROUP BY 1"), Dates::Column("day".to_owned()));
        assert_eq!(dates("CREATE TABLE d.t AS SELECT id, created_at FROM h"), Dates::Named("created_at".to_owned()));
        assert_eq!(dates("CREATE TABLE d.t AS SELECT EXTRACT(YEAR FROM at) AS year FROM h"), Dates::None);
        assert_eq!(dates("CREATE TABLE d.t AS SELECT * FROM h"), Dates::Unknown);
    }
}
