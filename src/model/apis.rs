//! Knowledge about libraries: what their functions are. The rows live in `rules/apis/*.toml`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use ustr::Ustr;

use crate::model::dependencies::Versions;

mod credentials;
mod row;

pub use credentials::{Environment, SecretArgument};
pub use row::*;

/// A table as written in TOML. `rules/apis/README.md` documents the schema.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Table {
    /// Dotted names that are the same thing under another path: `"requests.sessions.Session" = "requests.Session"`.
    /// The longest prefix that ends at a dot wins.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
    /// The rows.
    #[serde(default)]
    pub api: Vec<Row>,
}

/// All rows, by canonical name.
#[derive(Clone, Debug, Default)]
pub struct Apis {
    rows: Vec<Row>,
    /// The row that holds where nothing is known of versions: that of the current one.
    by_name: FxHashMap<Ustr, usize>,
    /// All rows of names that have different ones for different versions.
    by_version: FxHashMap<Ustr, Vec<usize>>,
    aliases: FxHashMap<String, Ustr>,
    /// What aliases lead to.
    classes: FxHashSet<String>,
    /// Tells tables that were loaded apart: what threads remember is of one of them.
    generation: u64,
    /// First segments of all names: what is no library anybody knows is dismissed by this.
    roots: FxHashSet<Ustr>,
}

const PYTHON: &str = include_str!("../../rules/apis/python.toml");
const TYPESCRIPT: &str = include_str!("../../rules/apis/typescript.toml");

/// What canonical names of JavaScript begin with: npm and `PyPI` have packages of the same name.
pub const JAVASCRIPT: &str = "js:";

impl Apis {
    /// The embedded tables and the user's own rows, which win.
    ///
    /// # Errors
    /// The embedded table is broken (a test rules that out), with the parser's message.
    pub fn load(own: &[Row]) -> Result<Arc<Self>, String> {
        // Read once: an editor or a test asks many times.
        static EMBEDDED: LazyLock<Result<Arc<Apis>, String>> = LazyLock::new(|| Apis::embedded().map(Arc::new));
        static LOADED: AtomicU64 = AtomicU64::new(2);
        let embedded = EMBEDDED.clone()?;
        if own.is_empty() {
            return Ok(embedded);
        }
        let mut apis = (*embedded).clone();
        apis.generation = LOADED.fetch_add(1, Ordering::Relaxed);
        for row in own {
            apis.add(row.clone());
            apis.add(row.clone().of_javascript());
        }
        Ok(Arc::new(apis))
    }

    fn embedded() -> Result<Self, String> {
        let mut apis = Self { generation: 1, ..Self::default() };
        let python: Table = toml::from_str(PYTHON).map_err(|e| e.to_string())?;
        let typescript: Table = toml::from_str(TYPESCRIPT).map_err(|e| e.to_string())?;
        for (from, to) in &python.aliases {
            apis.alias(from, to);
        }
        for (from, to) in &typescript.aliases {
            apis.alias(&marked(from), &marked(to));
        }
        python.api.into_iter().for_each(|row| apis.add(row));
        typescript.api.into_iter().for_each(|row| apis.add(row.of_javascript()));
        Ok(apis)
    }

    fn alias(&mut self, from: &str, to: &str) {
        self.aliases.insert(from.to_owned(), Ustr::from(to));
        self.classes.insert(to.to_owned());
    }

    /// Adds a row. Earlier ones of the same name that are about some of the same versions give way.
    fn add(&mut self, row: Row) {
        let index = self.rows.len();
        let names: Vec<String> = row.names.iter().flat_map(|pattern| expand(pattern)).collect();
        self.rows.push(row);
        for name in names {
            self.roots.insert(Ustr::from(name.split('.').next().unwrap_or_default()));
            let name = Ustr::from(&name);
            let before = self.by_version.remove(&name).or_else(|| Some(vec![*self.by_name.get(&name)?]));
            let mut all = before.unwrap_or_default();
            all.retain(|other| !self.rows[index].shares_versions(&self.rows[*other]));
            all.push(index);
            match all.iter().find(|index| !self.rows[**index].ends()) {
                Some(current) => self.by_name.insert(name, *current),
                None => self.by_name.remove(&name),
            };
            if all.len() > 1 || self.rows[index].versions.is_some() {
                self.by_version.insert(name, all);
            }
        }
    }

    /// The row of a canonical name, of the current version of its package. Methods are looked up in the bases of their class.
    #[must_use]
    pub fn row(&self, name: Ustr) -> Option<&Row> {
        self.by_name.get(&name).map(|index| &self.rows[*index])
    }

    /// What is known of the rows that a call gives. `*` in a name of the tables stands for any member:
    /// `PrismaClient.*.findMany`.
    #[must_use]
    pub fn rows(&self, name: Ustr) -> Option<&Rows> {
        if let Some(row) = self.row(name) {
            return row.rows.as_ref();
        }
        let (owner, method) = name.rsplit_once('.')?;
        let (owner, _) = owner.rsplit_once('.')?;
        let of_any = |owner: &str| self.row(Ustr::from_existing(&format!("{owner}.*.{method}"))?)?.rows.as_ref();
        of_any(owner).or_else(|| of_any(&format!("{}.*", owner.rsplit_once('.')?.0)))
    }

    /// The row of a canonical name, of the version that is used of its package, which `used` tells.
    pub fn row_of_version(&self, name: Ustr, used: impl Fn(&str) -> Option<Versions>) -> Option<&Row> {
        let Some(rows) = self.by_version.get(&name) else { return self.row(name) };
        rows.iter().map(|index| &self.rows[*index]).find(|row| {
            let package = row.package.as_deref().unwrap_or_else(|| package_of(&name));
            let used = used(package).unwrap_or(Versions::ANY);
            row.versions.as_ref().is_none_or(|versions| versions.has_newest_of(&used))
        })
    }

    /// The canonical name of a dotted path: aliases of its longest prefix put in.
    #[must_use]
    pub fn canonical(&self, path: Ustr) -> Ustr {
        if self.by_name.contains_key(&path) {
            return path;
        }
        let mut end = path.len();
        loop {
            let prefix = &path[..end];
            // `openai.OpenAI` is what it is, although `openai` alone stands for it.
            if self.classes.contains(prefix) {
                return path;
            }
            if let Some(to) = self.aliases.get(prefix) {
                return Ustr::from(&format!("{to}{}", &path[end..]));
            }
            match path[..end].rfind('.') {
                Some(dot) => end = dot,
                None => return path,
            }
        }
    }

    /// The canonical name of a member of a class or module; inherited ones have the name of the class that defines them.
    #[must_use]
    pub fn member(&self, owner: Ustr, name: Ustr) -> Ustr {
        thread_local! {
            /// The same few hundred are asked for all the time: putting names together costs more than looking them up.
            static KNOWN: RefCell<Known> = RefCell::default();
        }
        KNOWN.with_borrow_mut(|known| {
            if known.generation != self.generation {
                *known = Known { generation: self.generation, ..Known::default() };
            }
            *known.members.entry((owner, name)).or_insert_with(|| self.find_member(owner, name))
        })
    }

    fn find_member(&self, owner: Ustr, name: Ustr) -> Ustr {
        let own = self.canonical(Ustr::from(&format!("{owner}.{name}")));
        if self.by_name.contains_key(&own) {
            return own;
        }
        let bases = |class: Ustr| self.row(class).into_iter().flat_map(|row| row.bases.iter().rev()).map(String::as_str);
        let mut todo: Vec<&str> = bases(owner).collect();
        // The first base and its bases come first, as in the language; a cycle in the tables cannot keep this going.
        for _ in 0..16 {
            let Some(base) = todo.pop() else { break };
            let inherited = Ustr::from(&format!("{base}.{name}"));
            if self.by_name.contains_key(&inherited) {
                return inherited;
            }
            todo.extend(bases(Ustr::from(base)));
        }
        own
    }

    /// Whether a class is, or inherits from, a class with a role.
    #[must_use]
    pub fn class_has_role(&self, class: Ustr, role: Role) -> bool {
        let mut todo = vec![class];
        for _ in 0..16 {
            let Some(class) = todo.pop() else { break };
            if let Some(row) = self.row(class) {
                if row.roles.contains(&role) {
                    return true;
                }
                todo.extend(row.bases.iter().map(|base| Ustr::from(base)));
            }
        }
        false
    }

    /// The canonical name that something of JavaScript has.
    #[must_use]
    pub fn javascript(name: &str) -> Ustr {
        Ustr::from(&marked(name))
    }

    /// Names that have a role, in no order.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = Ustr> + '_ {
        self.by_name.iter().filter(move |(_, index)| self.rows[**index].is(role)).map(|(name, _)| *name)
    }

    /// Whether any row of a package says how what it does by default is turned off.
    #[must_use]
    pub fn can_be_off(&self, package: &str) -> bool {
        self.rows.iter().any(|row| row.off.is_some() && row.names.iter().any(|name| name.starts_with(package)))
    }

    /// Whether any row's name begins with this segment.
    #[must_use]
    pub fn knows_root(&self, root: Ustr) -> bool {
        self.roots.contains(&root)
    }
}

/// The package that a canonical name is of, where it is called as it is imported.
fn package_of(name: &str) -> &str {
    let name = name.strip_prefix(JAVASCRIPT).unwrap_or(name);
    name.split('.').next().unwrap_or_default()
}

fn marked(name: &str) -> String {
    format!("{JAVASCRIPT}{name}")
}

/// Members that a thread has asked for, of one loading of the tables.
#[derive(Default)]
struct Known {
    generation: u64,
    members: FxHashMap<(Ustr, Ustr), Ustr>,
}

/// `a.{b,c}.d` as `a.b.d` and `a.c.d`.
fn expand(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let Some((choices, after)) = rest.split_once('}') else { return vec![pattern.to_owned()] };
    choices.split(',').flat_map(|choice| expand(&format!("{before}{}{after}", choice.trim()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::program::Language;

    fn tables() -> [Table; 2] {
        [PYTHON, TYPESCRIPT].map(|table| toml::from_str(table).expect("the table fits its schema"))
    }

    #[test]
    fn each_name_and_version_is_in_one_row_that_says_where_it_is_documented() {
        for (language, table) in [Language::Python, Language::TypeScript].into_iter().zip(tables()) {
            let mut seen: FxHashMap<String, Vec<Row>> = FxHashMap::default();
            for row in table.api {
                assert!(row.docs.starts_with("https://"), "{:?}", row.names);
                for name in row.names.iter().flat_map(|pattern| expand(pattern)) {
                    // A package of npm may be a function itself.
                    assert!(name.contains('.') || language == Language::TypeScript, "{name}");
                    assert!(!name.contains(['{', '}', ' ']), "{name}");
                    let others = seen.entry(name.clone()).or_default();
                    assert!(!others.iter().any(|other| other.shares_versions(&row)), "{name} is in two rows");
                    others.push(row.clone());
                }
            }
            assert!(seen.len() > 1000);
        }
    }

    #[test]
    fn aliases_lead_to_names_and_not_to_each_other() {
        for table in tables() {
            for (from, to) in &table.aliases {
                assert!(!table.aliases.contains_key(to), "{from} leads to {to}, which is an alias");
                assert_ne!(from, to);
            }
        }
    }

    #[test]
    fn members_are_looked_up_in_bases_and_through_aliases() {
        let apis = Apis::load(&[]).expect("the tables load");
        let name = |text: &str| Ustr::from(text);
        assert_eq!(apis.canonical(name("requests.sessions.Session.get")), "requests.Session.get");
        assert_eq!(apis.member(name("requests_oauthlib.OAuth2Session"), name("get")), "requests.Session.get");
        assert!(apis.row(name("requests.get")).is_some_and(|row| row.is(Role::HttpCall)));
        assert!(apis.class_has_role(name("flask.Request"), Role::Request));
    }

    #[test]
    fn own_rows_win() {
        let own: Row = toml::from_str("names = [\"requests.get\"]\ndocs = \"https://x\"\n").expect("a row");
        let apis = Apis::load(&[own]).expect("the tables load");
        assert!(apis.row(Ustr::from("requests.get")).is_some_and(|row| row.timeout.is_none()));
    }

    #[test]
    fn versions_tell_rows_apart() {
        let rows = |text: &str| toml::from_str::<Table>(text).expect("rows").api;
        let apis = Apis::load(&rows(
            "[[api]]\nnames = ['acme.get']\ndocs = 'https://x'\nversions = '<2'\nmethod = 'old'\n\
             [[api]]\nnames = ['acme.get']\ndocs = 'https://x'\nversions = '>=2,<3'\nmethod = 'middle'\n\
             [[api]]\nnames = ['acme.get']\ndocs = 'https://x'\nversions = '>=3'\nmethod = 'new'\n\
             [[api]]\nnames = ['acme.gone']\ndocs = 'https://x'\nversions = '<2'\npackage = 'acme-http'\nmethod = 'old'\n",
        ))
        .expect("the tables load");
        let row = |name: &str, package: &str, used: Option<&str>| {
            let used = used.and_then(|text| Versions::parse(text, crate::model::dependencies::Notation::Python));
            let row = apis.row_of_version(Ustr::from(name), |of| used.clone().filter(|_| of == package));
            row.and_then(|row| row.method.clone()).unwrap_or_default()
        };
        for (used, expected) in [
            (None, "new"),
            (Some("*"), "new"),
            (Some("==1.9"), "old"),
            (Some(">=1,<2"), "old"),
            (Some("^2"), "middle"),
            (Some(">=1"), "new"),
            (Some(">=1,<3"), "middle"),
            (Some("==3.0"), "new"),
        ] {
            assert_eq!(row("acme.get", "acme", used), expected, "{used:?}");
        }
        assert_eq!(apis.row(Ustr::from("acme.get")).and_then(|row| row.method.as_deref()), Some("new"));
        assert_eq!(row("acme.gone", "acme-http", Some("==1")), "old");
        assert_eq!(row("acme.gone", "acme-http", Some("==2")), "");
        assert_eq!((row("acme.gone", "acme-http", None), apis.row(Ustr::from("acme.gone")).is_none()), (String::new(), true));
        // A row about all versions replaces those about some.
        let mut again = (*apis).clone();
        rows("[[api]]\nnames = ['acme.get']\ndocs = 'https://x'\nmethod = 'own'\n").into_iter().for_each(|row| again.add(row));
        assert!(!again.by_version.contains_key(&Ustr::from("acme.get")));
        assert_eq!(again.row(Ustr::from("acme.get")).and_then(|row| row.method.as_deref()), Some("own"));
        assert!(toml::from_str::<Row>("names = ['a.b']\ndocs = 'https://x'\nversions = 'latest'\n").is_err());
    }

    #[test]
    fn patterns_expand() {
        assert_eq!(expand("a.{b,c}.{d,e}"), ["a.b.d", "a.b.e", "a.c.d", "a.c.e"]);
        assert_eq!(expand("a.b"), ["a.b"]);
    }
}
