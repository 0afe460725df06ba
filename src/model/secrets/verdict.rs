//! What a text that is bound to a secret's name is worth: a secret, a word, a placeholder, or nothing of the kind.

use super::names::words;
use super::vocabulary::vocabulary;

/// What a text is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// No secret: empty, templated, a path, an address, a sentence, the name of something.
    Nothing,
    /// Stands for a secret that is to be put in.
    Placeholder,
    /// A word or a number: some people's password, and otherwise a name.
    Word,
    /// Looks made up by a person: `admin123`, `Passw0rd!`.
    Weak,
    /// Random enough that nothing else is likely.
    Strong,
}

/// What a text that is bound to a secret's name is worth.
#[must_use]
pub fn judge(text: &str) -> Verdict {
    let text = text.trim();
    // Django's own key may hold anything, and says what it is.
    if text.strip_prefix("django-insecure-").is_some_and(|random| random.len() >= 30) {
        return Verdict::Strong;
    }
    if text.is_empty() || text.len() > 4096 || is_no_value(text) {
        return Verdict::Nothing;
    }
    if is_placeholder(text) {
        return Verdict::Placeholder;
    }
    let parts = words(text);
    if text.len() < 4 || is_name(text) {
        return Verdict::Nothing;
    }
    let is_word = |part: &String| part.bytes().all(|b| b.is_ascii_lowercase()) && is_pronounceable(part);
    let is_plain = text.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '_' | '-' | '.' | '/' | ':'));
    if is_plain && parts.iter().all(is_word) && parts.len() < 12 && !is_chopped(text) {
        return Verdict::Word;
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-') {
        return if text.len() >= 16 { Verdict::Weak } else { Verdict::Word };
    }
    if is_random(text, &parts) { Verdict::Strong } else { Verdict::Weak }
}

/// Whether a text is made as people make passwords, and nothing else: `Editor123$`.
#[must_use]
pub fn is_mixed(text: &str) -> bool {
    let has = |kind: fn(&char) -> bool| text.chars().any(|c| kind(&c));
    has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase) && has(char::is_ascii_digit)
}

/// Whether a text is shipped with software as the password of its first user.
#[must_use]
pub fn is_default(text: &str) -> bool {
    vocabulary().defaults.contains(&text.to_ascii_lowercase())
}

fn is_no_value(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    // `UNKNOWN!`
    vocabulary().none.contains(lower.trim_end_matches(['!', '?', '.']))
        || text.contains(char::is_whitespace)
        || text.chars().any(|c| c > '\u{24F}' && c.is_alphabetic())
        || is_of_language(text)
        || is_template(text)
        || is_path(text)
        || is_pattern(text)
        || is_hash(text)
        || is_public(text)
        || text.contains("://")
        || text.starts_with("projects/")
        || text.starts_with("arn:")
        || text.starts_with("sm:")
        || text.starts_with("vault:")
        || text.starts_with("ssh-")
        || text.starts_with("-----BEGIN")
        || is_mail(text)
}

/// A word of a language that is written with more than ASCII: `Contraseña`.
fn is_of_language(text: &str) -> bool {
    let has_letter = text.chars().any(|c| !c.is_ascii() && c.is_alphabetic());
    has_letter && text.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | ':' | '.' | '!' | '?' | '(' | ')' | '/' | '*'))
}

/// Something that a program puts a value into.
#[must_use]
pub fn is_template(text: &str) -> bool {
    let starts_variable = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '{' | '(' | '_'));
    text.contains("${")
        || text.contains("{{")
        || text.contains("{%")
        || text.contains("%(")
        || text.contains("$(")
        || text.contains("<%")
        || matches!(text.split_once('{'), Some((_, rest)) if rest.split_once('}').is_some_and(|(name, _)| name.chars().all(|c| c.is_alphanumeric() || "_.[]!:".contains(c))))
        || (text.starts_with('$') && starts_variable(&text[1..]) && text[1..].chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        || (text.starts_with('%') && text.ends_with('%') && text.len() > 2)
        || text.contains("%s")
        || (text.starts_with('[') && text.ends_with(']'))
        || (text.starts_with("__") && text.ends_with("__"))
        || text.starts_with("@Microsoft.KeyVault")
        || text.starts_with("ENC[")
}

/// A file, a route, or a file's name.
fn is_path(text: &str) -> bool {
    let plain = |part: &str| part.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '-' | '.' | '*'));
    let is_rooted =
        ["/", "./", "../", "~/"].iter().any(|prefix| text.starts_with(prefix)) && text.split('/').skip(1).all(|part| part.len() < 24);
    let has_extension = text.rsplit_once('.').is_some_and(|(stem, end)| {
        !stem.is_empty()
            && matches!(
                end,
                "json"
                    | "pem"
                    | "txt"
                    | "key"
                    | "html"
                    | "yaml"
                    | "yml"
                    | "py"
                    | "env"
                    | "crt"
                    | "toml"
                    | "ini"
                    | "js"
                    | "css"
                    | "svg"
                    | "png"
            )
    });
    // The key of a message: `validation.password.min_length_8`.
    let is_dotted = text.matches('.').count() >= 2
        && text.split('.').all(|part| {
            part.starts_with(|c: char| c.is_ascii_lowercase())
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        })
        && text.split('.').any(|part| part.len() >= 4 && part.bytes().all(|b| b.is_ascii_lowercase()) && is_pronounceable(part));
    is_rooted || is_dotted || has_extension || (text.contains('/') && text.split('/').all(plain)) || text.get(1..3) == Some(":\\")
}

/// A regular expression.
fn is_pattern(text: &str) -> bool {
    (text.starts_with('^') && text.ends_with('$'))
        || ["\\d", "\\w", "\\s", "(?", "[a-z", "[A-Z", "[0-9", "[^", ".*", ".+", "\\b"].iter().any(|part| text.contains(part))
}

/// Keys that browsers are given.
fn is_public(text: &str) -> bool {
    ["pk_live_", "pk_test_", "phc_", "pk."].iter().any(|prefix| text.starts_with(prefix))
}

/// The hash of a password, or of a file.
fn is_hash(text: &str) -> bool {
    [
        "$2a$", "$2b$", "$2y$", "$argon2", "$pbkdf2", "pbkdf2_", "$1$", "$5$", "$6$", "scrypt:", "pbkdf2:", "argon2", "bcrypt", "sha256:",
        "sha256-", "sha384-", "sha512-", "sha512:", "md5:",
    ]
    .iter()
    .any(|prefix| text.starts_with(prefix))
}

/// The name of a variable, a header, a field: `X-API-Key`, `openai_api_key`, `settings.token`.
fn is_name(text: &str) -> bool {
    // `MyPassword` is somebody's.
    let is_own = words(text).first().is_some_and(|word| word == "my");
    !is_own
        && super::is_secret(text)
        && words(text).iter().all(|part| part.bytes().all(|b| b.is_ascii_alphabetic()))
        && words(text).len() > 1
        || text.to_ascii_lowercase().starts_with("x-") && text.chars().all(|c| c.is_ascii_alphabetic() || c == '-')
}

fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
    })
}

/// Something that is to be replaced, or was.
#[must_use]
pub fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut chars: Vec<char> = lower.chars().filter(|c| c.is_alphanumeric() || matches!(c, '*' | '•' | '.' | '#' | '?')).collect();
    chars.sort_unstable();
    chars.dedup();
    if lower.starts_with("test") || lower.starts_with("abc123") {
        return true;
    }
    // A secret of its own that Django wrote, and said so.
    if let Some(random) = lower.strip_prefix("django-insecure-") {
        let is_made_of_words = random.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'_'));
        return random.len() < 20 || (is_made_of_words && is_placeholder(random));
    }
    // `$encrypted$`, `[hidden]`: what is shown in the place of a secret.
    let inside = text.trim_matches(['$', '*', '#', '%', '[', ']', '(', ')']);
    if inside.len() + 2 <= text.len() && text.starts_with(['$', '*', '#', '%', '[', '(']) && inside.bytes().all(|b| b.is_ascii_lowercase())
    {
        return true;
    }
    if chars.len() <= 2 || (text.starts_with('<') && text.ends_with('>')) {
        return true;
    }
    if [
        "xxxx",
        "****",
        "....",
        "....",
        "changeme",
        "change-me",
        "change_me",
        "changethis",
        "example",
        "placeholder",
        "0000000",
        "1234567890",
        "12345678",
        "abcdef123",
        "your-",
        "your_",
        "deadbeef",
        "supersecret",
        "insert",
    ]
    .iter()
    .any(|part| lower.contains(part))
    {
        return true;
    }
    let parts = words(text);
    let is_known = |part: &String| vocabulary().placeholders.contains(part.as_str());
    // A placeholder is made of words: `sgn-test-04b8e6d2` is none.
    parts.iter().any(is_known) && !parts.iter().any(|part| part.len() >= 8 && part.bytes().any(|b| b.is_ascii_digit()))
}

/// Whether a text names itself a secret, or one for development: a placeholder that works as well as any other, where
/// nothing in it says that it is to be replaced.
#[must_use]
pub fn is_careless(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let parts = words(text);
    let is_careless = |part: &String| vocabulary().careless.contains(part.as_str()) || part.contains("secret");
    let asks = |part: &String| vocabulary().placeholders.contains(part.as_str()) && !is_careless(part);
    let has_mark = ["xxx", "change", "replace", "your", "insert", "example", "placeholder", "test", "<", ">", "..."];
    text.len() >= 6
        && parts.iter().any(is_careless)
        && !parts.iter().any(asks)
        && !has_mark.iter().any(|mark| lower.contains(mark))
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '!' | '@' | ' '))
}

/// Whether one could say it. Words have vowels, and no long runs of consonants.
fn is_pronounceable(word: &str) -> bool {
    let is_vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    if word.len() <= 3 {
        return true;
    }
    let longest = word.split(is_vowel).map(str::len).max().unwrap_or(0);
    let vowels = word.matches(is_vowel).count();
    // Several words in one, without a mark between them, have the vowels of all.
    let is_long = word.len() > 24;
    vowels > 0 && longest <= 4 && word.len() <= 40 && (!is_long || vowels * 10 >= word.len() * 3)
}

/// Whether a piece of the text falls apart into parts too short for words: capitals in no order begin many.
fn is_chopped(text: &str) -> bool {
    let is_short = |part: &&String| part.trim_end_matches(|c: char| c.is_ascii_digit()).len() < 3;
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .map(words)
        .any(|parts| parts.len() > 1 && parts.iter().filter(is_short).count() * 2 > parts.len())
}

/// Letters and digits in no order: what a generator makes.
fn is_random(text: &str, parts: &[String]) -> bool {
    if text.len() < 8 {
        return false;
    }
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let entropy = entropy(text);
    if entropy < 2.5 {
        return false;
    }
    // Changes between kinds of characters: `admin123` has one, `Wq7tRz94` has many.
    let kind = |c: char| match c {
        'a'..='z' => 0,
        'A'..='Z' => 1,
        '0'..='9' => 2,
        _ => 3,
    };
    let kinds: Vec<u8> = text.chars().map(kind).collect();
    let changes = kinds.windows(2).filter(|pair| pair[0] != pair[1] && pair[0] != 3 && pair[1] != 3).count();
    let words_only = parts.iter().all(|part| {
        let stem = part.trim_end_matches(|c: char| c.is_ascii_digit());
        stem.bytes().all(|b| b.is_ascii_lowercase()) && is_pronounceable(stem) && part.len() - stem.len() <= 4
    });
    let spoken: usize = parts
        .iter()
        .filter(|part| part.len() >= 4 && part.bytes().all(|b| b.is_ascii_lowercase()) && is_pronounceable(part))
        .map(String::len)
        .sum();
    // A version or a date says nothing of the rest.
    let is_number = |part: &&String| part.len() <= 8 && part.bytes().all(|b| b.is_ascii_digit());
    let whole: usize = parts.iter().filter(|part| !is_number(part)).map(String::len).sum();
    if (words_only && !is_chopped(text)) || spoken * 10 > whole * 7 {
        return false;
    }
    (digits >= 2 && letters >= 2 && changes >= 3) || (changes >= 4 && text.len() >= 10) || (text.len() >= 16 && entropy >= 3.5)
}

/// Bits for each character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|b| counts[usize::from(b)] += 1);
    #[expect(clippy::cast_precision_loss, reason = "texts are short")]
    let length = text.len() as f64;
    counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / length).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_easily_guessed_is_used_all_the_same() {
        for text in ["supersecret", "dev-notify-secret-key", "mysupersecretkey", "supersecret123", "secret"] {
            assert!(is_careless(text), "{text}");
        }
        for text in ["changeme", "your-secret-key", "test-secret", "<secret>", "xxxx-secret", "replace-this-secret", "starscream"] {
            assert!(!is_careless(text), "{text}");
        }
    }

    #[test]
    fn what_texts_are_worth() {
        let strong = [
            "aud-7Fq2vX9mLp4Rt8wZs3N",
            "Wq7-tRz94kLmVx2p",
            "p8Zr4uYw2Kd7Qx1Ts6Vb",
            "pay-91bd03f7ac5e4420",
            "strm_4c1e9f0b77d2a865",
            "wh-key-58c1a0d7b4e2",
            "r8-Tq2zKw7Lm",
            "c1!x9k-wv0q_7m2tb5z8r4n6y3u",
            "smtp-Hd81kQz77Lw",
            "r8Tq2zKw7Lm",
            "mail.Zx81Lq-77PwTe0vRk3Ns",
            "oai_local_83fd1c70be5a4926",
            "hk-5a8d7e21c09b4f63",
            "_7#v2Q\"F8k1z\u{ec}]/",
            "Zk4-w8Rq2LxVt9p",
            "550e8400-e29b-41d4-a716-446655440000",
            "rpt-71c0e59b3d824fa6",
            "Hd81kQz77Lw",
            "vR8-kq20ZpLx6TnWy4",
            "t9Lm44xQwZ7rVb",
        ];
        for text in strong {
            assert_eq!(judge(text), Verdict::Strong, "{text}");
        }
        for text in [
            "changeme",
            "your-api-key",
            "xxxxxxxx",
            "dummy",
            "test-token",
            "super-secret-key",
            "YOUR_API_KEY",
            "********",
            "dev",
            "00000000-0000-0000-0000-000000000000",
            "dev-secret",
        ] {
            assert_eq!(judge(text), Verdict::Placeholder, "{text}");
        }
        let nothing = [
            "",
            "${X}",
            "{{ x }}",
            "$TOKEN",
            "/run/secrets/x",
            "https://a.test/token",
            "projects/a/secrets/b/versions/1",
            "X-API-Key",
            "must be at least 12 characters long",
            "emails/password_reset.html",
            r"^(?=.*[a-z]).{12,}$",
            "openai_api_key",
            "none",
            "access_token",
            "[REDACTED]",
            "$2b$12$KIXabcdefgh",
        ];
        for text in nothing {
            assert_eq!(judge(text), Verdict::Nothing, "{text}");
        }
        for text in ["postgres", "bearer-token-x", "letmein", "bearerAuth"] {
            assert_eq!(judge(text), Verdict::Word, "{text}");
        }
        for text in ["admin123", "Passw0rd!", "hunter2"] {
            assert_eq!(judge(text), Verdict::Weak, "{text}");
        }
    }
}
