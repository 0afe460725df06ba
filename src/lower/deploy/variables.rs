//! What builds fill into their texts before anything reads these: substitutions of Cloud Build, expressions of GitHub's
//! workflows, variables of make.

use std::cell::Cell;

use rustc_hash::FxHashMap;

use super::traced::Traced;

/// Letters that one text may grow to; values that hold each other many times over would fill the memory.
const MOST: usize = 16 << 10;

/// How deep values name other values.
const DEEPEST: u8 = 8;

/// Values that are filled into one text, those in others among them.
const MOST_MENTIONS: usize = 1000;

/// How a build names what it fills in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Syntax {
    /// `$_NAME`, `${_NAME}`; `$$` is a dollar.
    CloudBuild,
    /// `${{ env.NAME }}`, `${{ inputs.name }}`.
    Workflow,
    /// `$(NAME)`, `${NAME}`; `$$` is a dollar.
    Make,
}

/// Variables by name; what was set to several values is not known.
#[derive(Clone, Default, Debug)]
pub(super) struct Variables(FxHashMap<String, Traced>);

impl Variables {
    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<&Traced> {
        self.0.get(name)
    }

    /// Sets a variable, whatever it was.
    pub(super) fn set(&mut self, name: impl Into<String>, value: Traced) {
        self.0.insert(name.into(), value);
    }

    /// Sets a variable that may be set elsewhere: to another value, nobody knows to which.
    pub(super) fn add(&mut self, name: &str, value: Traced) {
        let is_other = self.0.get(name).is_some_and(|before| before.text() != value.text());
        self.0.insert(name.to_owned(), if is_other { value.unknown() } else { value });
    }

    /// A text with the values that it names filled in, theirs too. What is not known stands as it is written; names that
    /// Cloud Build does not know are left to the shell.
    pub(super) fn fill(&self, text: &Traced, syntax: Syntax) -> Traced {
        self.fill_to(text, syntax, DEEPEST, &Cell::new(MOST_MENTIONS))
    }

    fn fill_to(&self, text: &Traced, syntax: Syntax, depth: u8, left: &Cell<usize>) -> Traced {
        let written = text.text();
        if !written.contains('$') {
            return text.clone();
        }
        let chars: Vec<char> = written.chars().collect();
        let mut filled = Traced::nothing(text);
        let mut at = 0;
        while at < chars.len() {
            let Some(part) = part(&chars, at, syntax) else {
                filled.append(&text.slice(at, at + 1));
                at += 1;
                continue;
            };
            let mention = text.slice(at, part.end);
            at = part.end;
            let value = match &part.name {
                None => text.slice(part.end - 1, part.end),
                Some(name) => match (self.get(name).filter(|_| depth > 0 && left.get() > 0), syntax) {
                    (Some(value), _) => {
                        left.set(left.get() - 1);
                        self.fill_to(value, syntax, depth - 1, left).used_at(&mention)
                    }
                    (None, Syntax::CloudBuild) => mention,
                    (None, _) => mention.unknown(),
                },
            };
            filled.append(&value);
            if filled.len() > MOST {
                return text.clone().unknown();
            }
        }
        filled
    }
}

/// What is filled in.
struct Part {
    /// The variable's name; nothing for an escaped dollar.
    name: Option<String>,
    /// One past its last letter.
    end: usize,
}

/// What is filled in at a letter, if anything is.
fn part(chars: &[char], at: usize, syntax: Syntax) -> Option<Part> {
    if chars.get(at) != Some(&'$') {
        return None;
    }
    let next = *chars.get(at + 1)?;
    let is_name = |c: char| c == '_' || c.is_ascii_uppercase() || c.is_ascii_digit();
    match syntax {
        Syntax::Workflow => {
            if next != '{' || chars.get(at + 2) != Some(&'{') {
                return None;
            }
            let end = at + 3 + chars[at + 3..].windows(2).position(|two| two == ['}', '}'])?;
            let name = chars[at + 3..end].iter().collect::<String>().trim().to_owned();
            Some(Part { name: Some(name), end: end + 2 })
        }
        Syntax::CloudBuild | Syntax::Make if next == '$' => Some(Part { name: None, end: at + 2 }),
        Syntax::CloudBuild => {
            let start = if next == '{' { at + 2 } else { at + 1 };
            let end = start + chars[start..].iter().take_while(|c| is_name(**c)).count();
            let is_closed = next != '{' || chars.get(end) == Some(&'}');
            let name = chars[start..end].iter().collect();
            (end > start && is_closed).then(|| Part { name: Some(name), end: end + usize::from(next == '{') })
        }
        Syntax::Make => {
            let close = match next {
                '(' => ')',
                '{' => '}',
                _ => return None,
            };
            let mut depth = 0;
            let end = at
                + 1
                + chars[at + 1..].iter().position(|c| {
                    depth += i32::from(*c == next) - i32::from(*c == close);
                    depth == 0
                })?;
            Some(Part { name: Some(chars[at + 2..end].iter().collect::<String>().trim().to_owned()), end: end + 1 })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    #[test]
    fn values_are_filled_in() {
        let raw = |text: &str| Traced::raw(FileId(0), text, 0);
        let mut variables = Variables::default();
        for (name, value) in [("_M", "2Gi"), ("M", "2Gi"), ("env.M", "2Gi"), ("_N", "a-${_M}"), ("LOOP", "x$(LOOP)"), ("S", "1")] {
            variables.set(name, raw(value));
        }
        variables.add("S", raw("2"));
        for (syntax, text, expected, is_known) in [
            (Syntax::CloudBuild, "--memory=$_M", "--memory=2Gi", true),
            (Syntax::CloudBuild, "${_N}/$PROJECT_ID $$HOME", "a-2Gi/$PROJECT_ID $HOME", true),
            (Syntax::CloudBuild, "$lower ${X:-1}", "$lower ${X:-1}", true),
            (Syntax::Workflow, "--memory ${{ env.M }} ${M}", "--memory 2Gi ${M}", true),
            (Syntax::Workflow, "${{env.M}}", "2Gi", true),
            (Syntax::Workflow, "${{ secrets.KEY }}", "${{ secrets.KEY }}", false),
            (Syntax::Make, "$(M) ${M} $$M", "2Gi 2Gi $M", true),
            (Syntax::Make, "$(shell date $(X))!", "$(shell date $(X))!", false),
            (Syntax::Make, "$(S)", "2", false),
        ] {
            let filled = variables.fill(&raw(text), syntax);
            assert_eq!((filled.text().as_str(), filled.is_known()), (expected, is_known), "{text}");
        }
        assert!(!variables.fill(&raw("$(LOOP)"), Syntax::Make).is_known());
    }
}
