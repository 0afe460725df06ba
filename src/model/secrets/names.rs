//! Names that hold a secret. The last word decides: `api_key` does, `api_key_header` only mentions one.

use super::vocabulary::vocabulary;

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
        && words
            .last()
            .is_some_and(|w| vocabulary().tails.contains(w.as_str()) || w.bytes().all(|b| b.is_ascii_digit()) || w == "v1" || w == "v2")
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

/// What variables begin with that build tools write into what browsers are sent.
const PUBLIC: &[&str] =
    &["VITE_", "REACT_APP_", "VUE_APP_", "NG_APP_", "GATSBY_", "NEXT_PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "STORYBOOK_"];

/// Whether a variable, field, header or environment variable of this name holds a secret.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let words = head(name);
    let Some((last, before)) = words.split_last() else { return false };
    let last = last.as_str();
    if PUBLIC.iter().any(|prefix| name.starts_with(prefix)) {
        return false;
    }
    let is_token = |word: &String| last.ends_with("token") && vocabulary().tokens.contains(word.as_str());
    if before.iter().any(|word| vocabulary().others.contains(word.as_str()) || is_token(word)) {
        return false;
    }
    if is_password_word(last, before) || vocabulary().secrets.contains(last) {
        return true;
    }
    let qualifier = before.last().map(String::as_str);
    // What passport's strategies take: `secretOrKey`.
    let is_either = qualifier == Some("or") && before.iter().any(|word| word == "secret");
    last == "key"
        && (is_either
            || qualifier
                .is_some_and(|word| vocabulary().keys.contains(word) || vocabulary().vendors.contains(word) || word.ends_with("api")))
}

/// Whether what a name holds is a password: people make those of words.
#[must_use]
pub fn is_password(name: &str) -> bool {
    head(name).split_last().is_some_and(|(last, before)| is_password_word(last, before))
}

/// Whether all that a name can hold is what something is signed or encrypted with: `SECRET_KEY`, `jwtSecret`. Any text does
/// for that, and one that is made of words is but easier to guess.
#[must_use]
pub fn is_signing_key(name: &str) -> bool {
    let words = head(name);
    let (Some((last, before)), true) = (words.split_last(), is_secret(name)) else { return false };
    let qualifier = before.last().map(String::as_str);
    match last.as_str() {
        "secret" => qualifier.is_none_or(|word| word != "client"),
        "secretkey" => true,
        "key" => matches!(qualifier, Some("secret" | "signing" | "encryption" | "jwt" | "hmac" | "cookie" | "session")),
        _ => false,
    }
}

/// `pass` alone is a verb, a test's outcome or a ticket.
fn is_password_word(last: &str, before: &[String]) -> bool {
    const OF: &[&str] = &[
        "db", "user", "smtp", "mail", "email", "admin", "root", "redis", "mysql", "postgres", "pg", "ftp", "ssh", "http", "auth", "login",
        "mongo", "rabbitmq", "host", "database",
    ];
    // The product that keeps passwords is called so.
    let is_product = last == "1password" || last == "onepassword" || before.last().is_some_and(|word| word == "one");
    (vocabulary().passwords.contains(last) || last.ends_with("password") && !is_product)
        && !(is_product && last == "password")
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
    fn keys_that_sign() {
        for name in ["SECRET_KEY", "secretKey", "JWT_SECRET", "jwtSecret", "SECRET", "cookie_secret", "ENCRYPTION_KEY"] {
            assert!(is_signing_key(name), "{name}");
        }
        for name in ["API_KEY", "password", "client_secret", "token", "JWT_SECRET_NAME", "CACHE_KEY"] {
            assert!(!is_signing_key(name), "{name}");
        }
    }

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
            "secretOrKey",
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
            "NEXT_PUBLIC_API_KEY",
            "VITE_MAPS_API_KEY",
        ];
        for name in others {
            assert!(!is_secret(name), "{name}");
        }
    }
}
