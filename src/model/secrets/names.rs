//! Names that hold a secret. The last word decides: `api_key` does, `api_key_header` only mentions one.

/// Words that are a secret by themselves, at the end of a name.
const SECRETS: &[&str] = &["secret", "token", "apikey", "apitoken", "authtoken", "accesstoken", "secretkey", "accesskey", "privatekey"];

/// Words for what a person or a program logs in with.
const PASSWORDS: &[&str] = &["password", "passwd", "passphrase", "pwd", "pass", "passwort"];

/// What makes a key secret: `api_key`, but not `primary_key` or `sort_key`.
const KEYS: &[&str] = &[
    "access",
    "account",
    "admin",
    "api",
    "auth",
    "authentication",
    "aes",
    "app",
    "cipher",
    "client",
    "crypt",
    "crypto",
    "decryption",
    "encrypt",
    "encryption",
    "fernet",
    "hmac",
    "jwt",
    "master",
    "private",
    "secret",
    "service",
    "shared",
    "sign",
    "signing",
    "storage",
    "subscription",
    "webhook",
];

/// Vendors whose keys are called by their name: `STRIPE_KEY`.
const VENDORS: &[&str] = &[
    "openai",
    "anthropic",
    "stripe",
    "sendgrid",
    "mailgun",
    "twilio",
    "datadog",
    "github",
    "gitlab",
    "slack",
    "aws",
    "azure",
    "gemini",
    "cohere",
    "mistral",
    "huggingface",
    "pinecone",
    "algolia",
    "mapbox",
    "newrelic",
    "rollbar",
    "segment",
    "airtable",
    "firebase",
    "dd",
];

/// Words that may stand behind without changing what it is: `API_KEY_PROD`.
const TAILS: &[&str] = &[
    "prod",
    "production",
    "dev",
    "development",
    "staging",
    "stage",
    "live",
    "local",
    "main",
    "primary",
    "secondary",
    "old",
    "new",
    "backup",
    "legacy",
    "current",
    "previous",
    "fallback",
    "default",
    "value",
    "raw",
    "plain",
    "plaintext",
    "b64",
    "base64",
    "base",
    "hex",
];

/// What makes a token something other than a credential, or a name the name of an event, a question or a message.
const OTHERS: &[&str] = &[
    // Tokens of texts, pages and protocols.
    "next",
    "prev",
    "page",
    "paging",
    "pagination",
    "continuation",
    "continue",
    "eos",
    "bos",
    "pad",
    "unk",
    "sep",
    "cls",
    "mask",
    "special",
    "stop",
    "start",
    "end",
    "begin",
    "sync",
    "cancel",
    "cancellation",
    "image",
    "video",
    "audio",
    "delimiter",
    "lex",
    "lexer",
    "parser",
    "first",
    "last",
    "csrf",
    "csrfmiddleware",
    "xsrf",
    "resume",
    "scroll",
    "cursor",
    "think",
    "thinking",
    "prefix",
    "suffix",
    "bom",
    "newline",
    "eof",
    "separator",
    "design",
    // Keys and secrets that everybody may know.
    "public",
    "publishable",
    "pub",
    "foreign",
    "site",
    // What is done or asked or wrong.
    "is",
    "has",
    "no",
    "not",
    "use",
    "uses",
    "require",
    "requires",
    "required",
    "allow",
    "enable",
    "disable",
    "show",
    "hide",
    "missing",
    "invalid",
    "wrong",
    "bad",
    "expired",
    "empty",
    "forgot",
    "forgotten",
    "reset",
    "change",
    "update",
    "set",
    "get",
    "verify",
    "check",
    "validate",
    "generate",
    "create",
    "delete",
    "remove",
    "rotate",
    "revoke",
    "refreshing",
    "incorrect",
    "unset",
    "without",
    "with",
    "by",
    "from",
    "err",
    "error",
    "msg",
    "message",
    "enter",
    "prompt",
    "label",
    "add",
    "save",
    "send",
    "find",
    "ask",
    "lost",
    "weak",
    // Not the thing itself.
    "hashed",
    "encrypted",
    "masked",
    "redacted",
    "fake",
    "dummy",
    "mock",
    "test",
    "example",
    "sample",
    "placeholder",
    "hash",
    "via",
    "type",
    "bypass",
    "skip",
    "num",
    "max",
    "min",
    "count",
];

/// The words of a name, in lower case: at `_`, `-`, `.`, blanks, and where a capital begins one.
#[must_use]
pub fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (index, &c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).map(|i| chars[i]);
        let after = chars.get(index + 1);
        let starts = c.is_uppercase()
            && before
                .is_some_and(|b| b.is_lowercase() || b.is_ascii_digit() || (b.is_uppercase() && after.is_some_and(|a| a.is_lowercase())));
        if (starts || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The words up to the one that says what the name holds.
fn head(name: &str) -> Vec<String> {
    // Names are short; a long text is none.
    if name.len() > 80 || name.contains(char::is_whitespace) {
        return Vec::new();
    }
    let mut words = words(name);
    while words.len() > 1
        && words.last().is_some_and(|w| TAILS.contains(&w.as_str()) || w.bytes().all(|b| b.is_ascii_digit()) || w == "v1" || w == "v2")
    {
        words.pop();
    }
    if let Some(last) = words.last_mut() {
        let bare = last.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        if bare > 0 {
            last.truncate(bare);
        }
    }
    words
}

/// Whether a variable, field, header or environment variable of this name holds a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let words = head(name);
    let Some((last, before)) = words.split_last() else { return false };
    let last = last.as_str();
    if before.iter().any(|word| OTHERS.contains(&word.as_str())) {
        return false;
    }
    if is_password_word(last, before) || SECRETS.contains(&last) {
        return true;
    }
    let qualifier = before.last().map(String::as_str);
    last == "key" && qualifier.is_some_and(|word| KEYS.contains(&word) || VENDORS.contains(&word) || word.ends_with("api"))
}

/// Whether what a name holds is a password: people make those of words.
#[must_use]
pub fn is_password(name: &str) -> bool {
    head(name).split_last().is_some_and(|(last, before)| is_password_word(last, before))
}

/// `pass` alone is a verb, a test's outcome or a ticket.
fn is_password_word(last: &str, before: &[String]) -> bool {
    const OF: &[&str] = &[
        "db", "user", "smtp", "mail", "email", "admin", "root", "redis", "mysql", "postgres", "pg", "ftp", "ssh", "http", "auth", "login",
        "mongo", "rabbitmq", "host", "database",
    ];
    (PASSWORDS.contains(&last) || last.ends_with("password"))
        && (last != "pass" || before.last().is_some_and(|word| OF.contains(&word.as_str())))
}

/// Whether a header of this name carries a credential behind a scheme (`Bearer …`).
#[must_use]
pub fn is_header(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "authorization" | "proxy-authorization" | "http_authorization")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_decides() {
        let secrets = [
            "API_KEY",
            "apiKey",
            "api_key",
            "X-API-Key",
            "JWT_SECRET",
            "jwt_secret",
            "JWT_SECRET_KEY",
            "SECRET_KEY",
            "DB_PASSWORD",
            "password",
            "PGPASSWORD",
            "smtp_pass",
            "client_secret",
            "access_token",
            "refreshToken",
            "AWS_SECRET_ACCESS_KEY",
            "API_KEY_PROD",
            "password2",
            "STRIPE_KEY",
            "NEWSAPI_KEY",
            "OPENAI_API_KEY",
            "webhook_secret",
            "DJANGO_SECRET_KEY",
            "signing_secret",
            "private_key",
            "hook_secret",
            "API_KEY_2",
        ];
        for name in secrets {
            assert!(is_secret(name), "{name}");
        }
        let others = [
            "token_url",
            "TOKEN_URI",
            "password_field",
            "max_tokens",
            "MAX_TOKENS",
            "secret_name",
            "key_id",
            "AWS_ACCESS_KEY_ID",
            "public_key",
            "token_type",
            "API_KEY_HEADER",
            "API_KEY_ENV",
            "DB_PASSWORD_FILE",
            "TOKENIZER",
            "PASSWORD_REGEX",
            "csrf_token",
            "next_page_token",
            "primary_key",
            "cache_key",
            "key",
            "pass",
            "TOKEN_TTL_SECONDS",
            "JWT_SECRET_RESOURCE",
            "SECRET_VERSION",
            "password_label",
            "GPG_KEY",
            "session_token_count",
            "eos_token",
            "INVALID_TOKEN",
            "reset_password",
            "hashed_password",
            "is_secret",
            "bypass",
            "compass",
            "tokens",
            "secrets",
            "PASSWORD_HASH",
            "author",
            "monkey",
            "stripe_public_key",
            "PUBLIC_API_KEY",
        ];
        for name in others {
            assert!(!is_secret(name), "{name}");
        }
    }
}
