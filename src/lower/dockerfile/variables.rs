//! `ARG` and `ENV`: which variable has which value where, and putting values into texts.

use rustc_hash::FxHashMap;

use crate::ir::Known;

/// Longest text that variables may make. `ENV A=$A$A` doubles with each line; nobody's user or image is that long.
const LONGEST: usize = 8 << 10;
/// Bytes that variables may add in one file, all in all.
const BUDGET: usize = 4 << 20;
/// Stages that are searched for an inherited variable. Real files have a handful.
const GENERATIONS: usize = 100;

/// What is known of a variable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// It has this value, unless the build is given another.
    Set(String),
    /// Declared, and empty unless the build is given a value.
    NoDefault,
    /// Set to something out of sight.
    Unknown,
}

impl Value {
    /// The value of a variable that is set to a text.
    pub fn of(resolved: &Known<String>) -> Self {
        match resolved {
            Known::Yes(value) => Self::Set(value.clone()),
            Known::Unknown => Self::Unknown,
        }
    }
}

/// The variables of one stage.
#[derive(Default)]
struct Stage {
    parent: Option<usize>,
    env: FxHashMap<String, Value>,
    args: FxHashMap<String, Value>,
}

/// The variables of a file.
pub struct Variables {
    escape: char,
    global: FxHashMap<String, Value>,
    stages: Vec<Stage>,
    budget: usize,
}

/// One `${NAME:-word}` whose word is being read, or the text itself.
struct Frame {
    name: String,
    /// `-`, `+`, `?`, or another that is not evaluated.
    operator: char,
    /// `:` stands before the operator: empty counts as unset.
    colon: bool,
    text: String,
    known: bool,
    quoted: bool,
}

impl Frame {
    fn new(name: String, operator: char, colon: bool) -> Self {
        Self { name, operator, colon, text: String::new(), known: true, quoted: false }
    }
}

impl Variables {
    /// No variables yet.
    pub fn new(escape: char) -> Self {
        Self { escape, global: FxHashMap::default(), stages: Vec::new(), budget: BUDGET }
    }

    /// Begins a stage, which inherits what its parent has.
    pub fn begin_stage(&mut self, parent: Option<usize>) {
        self.stages.push(Stage { parent, ..Stage::default() });
    }

    /// Sets a variable by `ENV` in the current stage.
    pub fn set_env(&mut self, name: &str, value: Value) {
        if let Some(stage) = self.stages.last_mut() {
            stage.env.insert(name.to_owned(), value);
        }
    }

    /// Declares a variable by `ARG`, in the current stage or, before the first, for all `FROM`s.
    pub fn declare(&mut self, name: &str, default: Option<Value>) {
        let Some(stage) = self.stages.last_mut() else {
            self.global.insert(name.to_owned(), default.unwrap_or(Value::NoDefault));
            return;
        };
        match default.or_else(|| self.global.get(name).cloned()) {
            Some(value) => drop(stage.args.insert(name.to_owned(), value)),
            None => drop(stage.args.entry(name.to_owned()).or_insert(Value::NoDefault)),
        }
    }

    /// What an `ARG` of a stage without a default of its own stands for.
    pub fn global_default(&self, name: &str) -> Known<String> {
        match self.global.get(name) {
            Some(Value::Set(value)) if !self.stages.is_empty() => Known::Yes(value.clone()),
            _ => Known::Unknown,
        }
    }

    /// Puts variables into the arguments of a `FROM`: only global `ARG`s count there.
    pub fn expand_global(&mut self, raw: &str) -> Known<String> {
        self.expand_in(raw, None)
    }

    /// Puts variables into a text of the current stage (or of a global `ARG`), and removes quotes and escapes. Unknown where a
    /// variable's value is.
    pub fn expand(&mut self, raw: &str) -> Known<String> {
        self.expand_in(raw, self.stages.len().checked_sub(1))
    }

    /// `None` for a variable that was never declared: it is empty, or comes from the base image.
    fn look_up(&self, name: &str, stage: Option<usize>) -> Option<Value> {
        let Some(stage) = stage else { return self.global.get(name).cloned() };
        let lineage = std::iter::successors(self.stages.get(stage), |s| s.parent.and_then(|p| self.stages.get(p)));
        let mut arg = None;
        for (generation, stage) in lineage.enumerate() {
            if generation == GENERATIONS {
                return Some(Value::Unknown);
            }
            // ENV hides ARG, wherever it stands.
            if let Some(value) = stage.env.get(name) {
                return Some(value.clone());
            }
            arg = arg.or(stage.args.get(name));
        }
        arg.cloned()
    }

    /// Substitutions nest (`${A:-${B:-c}}`); they are kept on a stack of our own, as deep as the input likes.
    fn expand_in(&mut self, raw: &str, stage: Option<usize>) -> Known<String> {
        if !raw.contains(['$', '\'', '"', self.escape]) {
            return Known::Yes(raw.to_owned());
        }
        let mut frames: Vec<Frame> = Vec::new();
        let mut top = Frame::new(String::new(), ' ', false);
        let mut rest = raw;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '}' if !top.quoted && !frames.is_empty() => {
                    let value = self.finish(&mut top, stage);
                    if let Some(outer) = frames.pop() {
                        top = outer;
                    }
                    self.append(&mut top, value);
                }
                '\'' if !top.quoted => {
                    let (inside, after) = rest.split_once('\'').unwrap_or((rest, ""));
                    top.text.push_str(inside);
                    rest = after;
                }
                '"' => top.quoted = !top.quoted,
                '$' => {
                    if let Some(frame) = self.dollar(&mut rest, &mut top, stage) {
                        frames.push(std::mem::replace(&mut top, frame));
                    }
                }
                c if c == self.escape => match rest.chars().next() {
                    Some(next) if !top.quoted || matches!(next, '"' | '$') || next == self.escape => {
                        top.text.push(next);
                        rest = &rest[next.len_utf8()..];
                    }
                    Some(_) => top.text.push(c),
                    None => {}
                },
                c => top.text.push(c),
            }
        }
        // An open `${` is an error to Docker.
        if top.known && frames.is_empty() { Known::Yes(top.text) } else { Known::Unknown }
    }

    /// Reads what follows a `$`: a plain variable is put in at once, one with an operator opens a frame.
    fn dollar(&mut self, rest: &mut &str, top: &mut Frame, stage: Option<usize>) -> Option<Frame> {
        let braced = rest.strip_prefix('{');
        let text = braced.unwrap_or(rest);
        let length = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
        let (name, after) = text.split_at(length);
        if braced.is_none() {
            if name.is_empty() {
                top.text.push('$');
                return None;
            }
            *rest = after;
            let value = self.plain(name, stage);
            self.append(top, value);
            return None;
        }
        if let Some(after) = after.strip_prefix('}') {
            *rest = after;
            let value = if name.is_empty() { Known::Unknown } else { self.plain(name, stage) };
            self.append(top, value);
            return None;
        }
        let (colon, after) = after.strip_prefix(':').map_or((false, after), |after| (true, after));
        let operator = after.chars().next().unwrap_or('}');
        *rest = if operator == '}' { after } else { &after[operator.len_utf8()..] };
        // Without a name it is no substitution (`${:-x}`): what follows is read up to its brace, and the whole is unknown.
        Some(Frame::new(name.to_owned(), if name.is_empty() { ' ' } else { operator }, colon))
    }

    fn plain(&self, name: &str, stage: Option<usize>) -> Known<String> {
        match self.look_up(name, stage) {
            Some(Value::Set(value)) => Known::Yes(value),
            _ => Known::Unknown,
        }
    }

    /// The value of `${NAME<operator>word}`. A variable without a default counts as unset: that is what a build without arguments gives.
    fn finish(&self, frame: &mut Frame, stage: Option<usize>) -> Known<String> {
        let word = if frame.known { Known::Yes(std::mem::take(&mut frame.text)) } else { Known::Unknown };
        let value = self.look_up(&frame.name, stage);
        match (frame.operator, value) {
            ('-', Some(Value::Set(value))) if frame.colon && value.is_empty() => word,
            ('-' | '?', Some(Value::Set(value))) => Known::Yes(value),
            ('+', Some(Value::Set(value))) if frame.colon && value.is_empty() => Known::Yes(value),
            ('+', Some(Value::NoDefault)) => Known::Yes(String::new()),
            ('-', None | Some(Value::NoDefault)) | ('+', Some(Value::Set(_))) => word,
            _ => Known::Unknown,
        }
    }

    fn append(&mut self, top: &mut Frame, value: Known<String>) {
        let value = value.known().filter(|value| top.text.len() + value.len() <= LONGEST && value.len() <= self.budget);
        match value {
            Some(value) => {
                self.budget -= value.len();
                top.text.push_str(&value);
            }
            None => top.known = false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn substitutions() {
        let mut variables = Variables::new('\\');
        variables.declare("G", Some(Value::Set("global".into())));
        variables.begin_stage(None);
        for (name, value) in [("A", "one"), ("EMPTY", ""), ("N", "A")] {
            variables.set_env(name, Value::Set(value.into()));
        }
        variables.declare("BARE", None);
        variables.set_env("HIDDEN", Value::Unknown);
        let cases = [
            ("plain", Some("plain")),
            ("$A", Some("one")),
            ("${A}", Some("one")),
            ("x${A}y$A", Some("xoneyone")),
            ("$A_B", None),
            ("${A}_B", Some("one_B")),
            ("$G", None),
            ("$MISSING", None),
            ("$BARE", None),
            ("$HIDDEN", None),
            ("${A:-two}", Some("one")),
            ("${BARE:-two}", Some("two")),
            ("${BARE-two}", Some("two")),
            ("${MISSING:-two}", Some("two")),
            ("${EMPTY:-two}", Some("two")),
            ("${EMPTY-two}", Some("")),
            ("${HIDDEN:-two}", None),
            ("${A:+alt}", Some("alt")),
            ("${EMPTY:+alt}", Some("")),
            ("${EMPTY+alt}", Some("alt")),
            ("${BARE:+alt}", Some("")),
            ("${MISSING:+alt}", None),
            ("${A:?oops}", Some("one")),
            ("${BARE:?oops}", None),
            ("${BARE:-${MISSING:-${A}}}", Some("one")),
            ("${BARE:-\"a } b\"}!", Some("a } b!")),
            ("${A%%n*}", None),
            ("${A/o/0}", None),
            ("${A", None),
            ("${}", None),
            ("${:-x}", None),
            ("${:}", None),
            (r"\$A", Some("$A")),
            (r#""\$A \" \x""#, Some(r#"$A " \x"#)),
            ("'$A'", Some("$A")),
            ("\"$A's\"", Some("one's")),
            ("a\"b\"'c'", Some("abc")),
            ("cost$", Some("cost$")),
            ("$(x)", Some("$(x)")),
            ("'open", Some("open")),
            (r"end\", Some("end")),
        ];
        for (raw, expected) in cases {
            assert_eq!(variables.expand(raw).known().as_deref(), expected, "{raw}");
        }
    }

    #[test]
    fn doubling_ends() {
        let mut variables = Variables::new('\\');
        variables.begin_stage(None);
        variables.set_env("A", Value::Set("a".into()));
        for _ in 0..64 {
            let doubled = variables.expand("$A$A");
            variables.set_env("A", Value::of(&doubled));
        }
        assert_eq!(variables.expand("$A"), Known::Unknown);
    }

    #[test]
    fn nesting_is_not_recursion() {
        let mut variables = Variables::new('\\');
        let deep = format!("{}x{}", "${A:-".repeat(200_000), "}".repeat(200_000));
        assert_eq!(variables.expand(&deep), Known::Yes("x".to_owned()));
    }
}
