//! What names say of limiters and callers.

/// Words in the names of what tells callers apart.
const CALLERS: [&str; 16] = [
    "account", "addr", "address", "caller", "email", "host", "identity", "ip", "login", "remote", "req", "request", "sender", "tenant",
    "user", "username",
];

/// Whether a name says that something limits how often other things are done.
pub(super) fn says_so(name: &str) -> bool {
    let words = words(name);
    let pair = |pair: &[String]| match (pair[0].as_str(), pair[1].as_str()) {
        ("rate", second) => second.starts_with("limit"),
        ("token" | "leaky", "bucket") | ("slow", "down") => true,
        _ => false,
    };
    let word = |word: &String| {
        matches!(word.as_str(), "limiter" | "limiters" | "tokenbucket") || word.starts_with("ratelimit") || word.starts_with("throttl")
    };
    words.windows(2).any(pair) || words.iter().any(word)
}

/// Whether a name is of what tells callers apart.
pub(super) fn is_caller(name: &str) -> bool {
    words(name).iter().any(|word| CALLERS.contains(&word.as_str()))
}

/// The words that a name is made of, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            match words.last_mut() {
                Some(word) => word.extend(c.to_lowercase()),
                None => words.push(c.to_lowercase().collect()),
            }
        }
        was_lower = c.is_lowercase() || c.is_numeric();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_limits() {
        for name in
            ["RateLimitMiddleware", "rate_limiter", "self.limiter.check", "TokenBucket", "throttle_login", "ratelimited", "RATE_LIMITS"]
        {
            assert!(says_so(name), "{name}");
        }
        for name in ["delimiter", "limit", "rates", "page_limit", "moderate_limits_of", "CSV_DELIMITERS", "bucket"] {
            assert!(!says_so(name), "{name}");
        }
    }
}
