//! What a condition bounds: whether a database that keeps rows by date can leave out those that are not asked for.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, InTarget, UnaryOperator, Visit, Visitor,
};

use super::reading::HOLE;

/// What a condition says of the rows that are read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Bounds {
    /// It bounds a date or time; what is filled in may.
    pub holds: bool,
    /// It compares a date or time, in a way that leaves nothing out.
    pub is_dated: bool,
    /// The columns that it compares with something constant.
    pub compared: Vec<String>,
}

/// What a comparison does to a column.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    /// Leaves out what does not lie where it should.
    Bounds,
    /// Leaves out a value or two, or asks for what is only known while it runs.
    Tests,
}

impl Bounds {
    /// Reads a condition.
    pub fn of(condition: &Expr) -> Self {
        match condition {
            Expr::Nested(inner) => Self::of(inner),
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => Self::of(left).and(Self::of(right)),
            Expr::BinaryOp { left, op: BinaryOperator::Or, right } => Self::of(left).or(&Self::of(right)),
            Expr::BinaryOp { left, op, right } => compared(left, op, right),
            Expr::Between { expr, negated, low, high } => match (*negated, is_constant(low) && is_constant(high)) {
                (false, true) if is_time(low) && !Columns::of(expr).is_extracted => {
                    Self { holds: true, is_dated: false, compared: Columns::of(expr).names }
                }
                (false, true) => of_column(expr, Comparison::Bounds),
                _ => of_column(expr, Comparison::Tests),
            },
            Expr::In { expr, target, negated, .. } => {
                let is_bound = match target {
                    InTarget::List(list) => list.iter().all(is_constant),
                    InTarget::Unnest(_) => true,
                    _ => false,
                };
                of_column(expr, if is_bound && !negated { Comparison::Bounds } else { Comparison::Tests })
            }
            Expr::Like { expr, negated, .. } => of_column(expr, if *negated { Comparison::Tests } else { Comparison::Bounds }),
            // Rows that came in just now have no partition yet; those without a date are in a partition of their own.
            Expr::IsNull(inner) if matches!(**inner, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => {
                let columns = Columns::of(inner);
                let is_partition = |name: &String| ["_PARTITIONTIME", "_PARTITIONDATE"].iter().any(|own| name.eq_ignore_ascii_case(own));
                let holds = columns.has_hole() || columns.names.iter().any(is_partition);
                Self { holds, is_dated: false, compared: columns.names }
            }
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                Self { holds: false, is_dated: Self::of(expr).says_any(), compared: Vec::new() }
            }
            Expr::Identifier(name) => Self { holds: name.value.contains(HOLE), ..Self::default() },
            Expr::CompoundIdentifier(names) => Self { holds: names.iter().any(|name| name.value.contains(HOLE)), ..Self::default() },
            // `IN_RANGE(created_at, @first, @last)`
            Expr::Function(_) => {
                let columns = Columns::of(condition);
                Self { holds: columns.has_time() || columns.has_hole(), ..Self::default() }
            }
            _ => Self::default(),
        }
    }

    fn says_any(&self) -> bool {
        self.holds || self.is_dated
    }

    /// Both of two.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.holds |= other.holds;
        self.is_dated |= other.is_dated;
        self.compared.extend(other.compared);
        self
    }

    /// Either of two: each has to bound the same rows.
    fn or(self, other: &Self) -> Self {
        let is_dated = self.says_any() || other.says_any();
        Self {
            holds: self.holds && other.holds,
            is_dated,
            compared: self.compared.into_iter().filter(|name| other.compared.contains(name)).collect(),
        }
    }
}

fn compared(left: &Expr, op: &BinaryOperator, right: &Expr) -> Bounds {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq};
    let (column, other) = if is_constant(left) { (right, left) } else { (left, right) };
    if is_constant(column) {
        let holds = [left, right].iter().any(|side| Columns::of(side).has_hole());
        return Bounds { holds, ..Bounds::default() };
    }
    let bounds = matches!(op, Eq | Gt | GtEq | Lt | LtEq) && is_constant(other);
    // What is compared with a time is one, whatever it is called.
    if bounds && is_time(other) && !Columns::of(column).is_extracted {
        return Bounds { holds: true, is_dated: false, compared: Columns::of(column).names };
    }
    of_column(column, if bounds { Comparison::Bounds } else { Comparison::Tests })
        .and(Bounds { is_dated: Columns::of(other).has_time(), ..Bounds::default() })
}

/// Whether a constant is a time, by the function that makes it: `TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY)`.
fn is_time(constant: &Expr) -> bool {
    let Expr::Function(function) = constant else { return false };
    let name = function.name.to_string().to_ascii_uppercase();
    let makes = ["CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_DATETIME", "DATE", "TIMESTAMP", "DATETIME"];
    makes.contains(&name.as_str())
        || ["DATE_SUB", "DATETIME_SUB", "TIMESTAMP_SUB", "DATE_ADD", "TIMESTAMP_ADD", "TIMESTAMP_TRUNC", "DATE_TRUNC"]
            .contains(&name.as_str())
}

fn of_column(column: &Expr, comparison: Comparison) -> Bounds {
    let columns = Columns::of(column);
    // The weekday of a date is found on every day.
    let keeps_order = !columns.is_extracted;
    if comparison == Comparison::Bounds && keeps_order {
        let holds = columns.has_time() || columns.has_hole();
        return Bounds { holds, is_dated: false, compared: columns.names };
    }
    Bounds { holds: columns.has_hole(), is_dated: columns.has_time(), compared: Vec::new() }
}

/// Whether an expression reads no column and asks nothing of a table: a literal, a parameter, today.
#[must_use]
pub fn is_constant(expr: &Expr) -> bool {
    let columns = Columns::of(expr);
    !columns.has_query && columns.names.iter().all(|name| name.contains(HOLE))
}

/// The columns that an expression reads.
#[derive(Default)]
struct Columns {
    /// Their own names, whatever they are of.
    names: Vec<String>,
    /// It asks a table.
    has_query: bool,
    /// It takes a part of a date: its weekday, its month.
    is_extracted: bool,
    /// It makes a date of something: `DATE(gap_start)`, `PARSE_DATE('%d/%m/%Y', sold)`.
    is_made_time: bool,
    /// Units of time, which are written as names are.
    units: usize,
}

/// What functions on dates are told to count in.
const UNITS: [&str; 13] =
    ["MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "ISOWEEK", "MONTH", "QUARTER", "YEAR", "ISOYEAR", "MONDAY"];

impl Columns {
    fn of(expr: &Expr) -> Self {
        let mut columns = Self::default();
        let _ = expr.visit(&mut columns);
        columns
    }

    fn has_time(&self) -> bool {
        (self.is_made_time && !self.names.is_empty()) || self.names.iter().any(|name| is_date(name) || is_period(name))
    }

    fn has_hole(&self) -> bool {
        self.names.iter().any(|name| name.contains(HOLE))
    }

    fn name(&mut self, name: &str) {
        if self.units > 0 && UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(name)) {
            self.units -= 1;
        } else if !name.starts_with('@') {
            self.names.push(name.to_owned());
        }
    }
}

impl Visitor for Columns {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Identifier(name) => self.name(&name.value),
            Expr::CompoundIdentifier(names) => {
                if let Some(name) = names.last() {
                    self.name(&name.value);
                }
            }
            Expr::Subquery(_) | Expr::Exists { .. } | Expr::In { target: InTarget::Subquery(_), .. } => {
                self.has_query = true;
                return ControlFlow::Break(());
            }
            Expr::Extract { field, .. } => self.is_extracted |= !field.to_string().eq_ignore_ascii_case("DATE"),
            Expr::Function(function) => {
                self.units += units(function);
                self.is_made_time |= makes_time(function);
            }
            Expr::Cast { data_type, .. } => {
                self.is_made_time |= ["DATE", "TIMESTAMP", "DATETIME"].contains(&data_type.to_string().to_ascii_uppercase().as_str());
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Whether a function makes a date or time of what it is given.
fn makes_time(function: &Function) -> bool {
    let name = function.name.to_string().to_ascii_uppercase();
    let name = name.strip_prefix("SAFE.").unwrap_or(&name);
    matches!(name, "DATE" | "TIMESTAMP" | "DATETIME") || name.starts_with("PARSE_DATE") || name.starts_with("PARSE_TIMESTAMP")
}

/// How many units of time a function is told.
fn units(function: &Function) -> usize {
    let FunctionArguments::List(list) = &function.args else { return 0 };
    let is_unit = |arg: &&FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(name))) => {
            name.quote_style.is_none() && UNITS.iter().any(|unit| unit.eq_ignore_ascii_case(&name.value))
        }
        _ => false,
    };
    list.args.iter().skip(1).filter(is_unit).count()
}

/// What dates are of in Portuguese: `data_nascimento`.
const OF_DATES: [&str; 25] = [
    "hora",
    "ordem",
    "report",
    "inicio",
    "inicial",
    "fim",
    "final",
    "criacao",
    "atualizacao",
    "referencia",
    "pagamento",
    "compra",
    "venda",
    "vencimento",
    "emissao",
    "transacao",
    "processamento",
    "evento",
    "registro",
    "competencia",
    "publicacao",
    "envio",
    "pedido",
    "entrega",
    "faturamento",
];

/// Words for what time, or a table, is parted by, in the languages that columns are named in.
const PERIODS: [&str; 31] = [
    "partition",
    "particao",
    "minute",
    "day",
    "week",
    "month",
    "quarter",
    "year",
    "hour",
    "yyyymm",
    "yyyymmdd",
    "yyyy",
    "yearmonth",
    "ym",
    "ano",
    "mes",
    "dia",
    "hora",
    "horario",
    "datahora",
    "fecha",
    "datum",
    "jour",
    "mois",
    "annee",
    "horodatage",
    "jahr",
    "monat",
    "zeit",
    "zeitpunkt",
    "zeitstempel",
];

/// Words that hold `date` or `time` and mean neither.
const OTHERS: [&str; 12] = [
    "candidate",
    "validate",
    "mandate",
    "consolidate",
    "lifetime",
    "timezone",
    "time_zone",
    "timeslot",
    "runtime",
    "sometimes",
    "overtime",
    "times_",
];

/// Whether a column's name says that it holds a date or time.
#[must_use]
pub fn is_date(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let has = |part: &str| lower.contains(part) && !OTHERS.iter().any(|word| lower.contains(word));
    has("date")
        || has("time")
        || lower.ends_with("_at")
        || lower.ends_with("_ts")
        || name.ends_with("At")
        || matches!(lower.as_str(), "day" | "created" | "updated" | "ts" | "dt" | "dte" | "_table_suffix")
        || ["_dt", "_created", "_updated", "_modified"].iter().any(|end| lower.ends_with(end))
}

/// Whether a text names a column that holds a date or time, by its name: a function of that name is none.
#[must_use]
pub fn names_date(text: &str, tables: &[String]) -> bool {
    find_name(text, |name| (is_date(name) || is_period(name)) && !is_of_table(name, tables)).is_some()
}

/// The first column that a text names which holds a date or time, by its name.
#[must_use]
pub fn date_named<'t>(text: &'t str, tables: &[String]) -> Option<&'t str> {
    find_name(text, |name| is_date(name) && !name.eq_ignore_ascii_case("_table_suffix") && !is_of_table(name, tables))
}

/// Whether a name is a part of that of a table: `top_times_by_value`.
fn is_of_table(name: &str, tables: &[String]) -> bool {
    tables.iter().any(|table| table.split(['.', '`', '-']).any(|part| part == name))
}

/// The first column that a text names of which something holds.
fn find_name(text: &str, is_it: impl Fn(&str) -> bool) -> Option<&str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let end = rest[start..].find(|c| !is_part(c)).map_or(rest.len(), |end| start + end);
        let (name, behind) = (&rest[start..end], rest[end..].trim_start());
        // `DATE(…)`, `DATE '2024-01-01'`.
        let is_keyword = ["DATE", "TIME", "DATETIME", "TIMESTAMP", "DAY", "UPDATE"].contains(&name);
        if is_it(name) && !behind.starts_with(['(', '\'', '"']) && !name.starts_with("CURRENT_") && !is_keyword {
            return Some(name);
        }
        rest = &rest[end..];
    }
    None
}

/// Whether a column's name says that it holds a part of time by which tables are parted, too: a year, a month.
fn is_period(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    // `data_ordem`: a date in Portuguese.
    let of_data = lower.strip_prefix("data_").is_some_and(|rest| OF_DATES.contains(&rest.split('_').next().unwrap_or_default()));
    let is_of_thing = lower.contains("_of_") || lower.starts_with("model_") || lower.starts_with("birth_");
    of_data || (!is_of_thing && lower.split('_').any(|word| PERIODS.contains(&word)))
}
