//! Texts that are secrets whatever they are bound to: tokens with a vendor's mark, private keys, URLs with a password.

use super::names;
use super::verdict::{self, Verdict};
use crate::finding::Confidence;

/// A secret in a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found<'a> {
    /// What it is: "a GitHub token".
    pub kind: &'static str,
    /// The secret itself.
    pub secret: &'a str,
    /// How sure.
    pub confidence: Confidence,
}

/// Stands in a template for what is put in.
pub const HOLE: char = '\u{FFFC}';

/// A token that starts with a vendor's mark.
struct Shape {
    kind: &'static str,
    prefix: &'static str,
    /// Characters behind the prefix: at least, and at most.
    length: (usize, usize),
    alphabet: fn(char) -> bool,
    confidence: Confidence,
}

const fn shape(kind: &'static str, prefix: &'static str, length: (usize, usize), alphabet: fn(char) -> bool) -> Shape {
    Shape { kind, prefix, length, alphabet, confidence: Confidence::High }
}

fn alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

fn upper(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit()
}

fn url_safe(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn dotted(c: char) -> bool {
    url_safe(c) || c == '.'
}

fn hex(c: char) -> bool {
    c.is_ascii_hexdigit()
}

fn base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')
}

fn slack(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '/'
}

const MANY: usize = 400;

static SHAPES: &[Shape] = &[
    shape("an AWS access key", "AKIA", (16, 16), upper),
    shape("a temporary AWS access key", "ASIA", (16, 16), upper),
    shape("a Google API key", "AIza", (35, 35), url_safe),
    shape("a Google OAuth client secret", "GOCSPX-", (28, 28), url_safe),
    shape("a GitHub token", "ghp_", (36, 36), alphanumeric),
    shape("a GitHub token", "gho_", (36, 36), alphanumeric),
    shape("a GitHub token", "ghu_", (36, 36), alphanumeric),
    shape("a GitHub token", "ghs_", (36, 36), alphanumeric),
    shape("a GitHub token", "ghr_", (36, 36), alphanumeric),
    shape("a GitHub token", "github_pat_", (40, 100), url_safe),
    shape("a GitLab token", "glpat-", (20, 60), dotted),
    shape("a Slack token", "xoxb-", (20, MANY), url_safe),
    shape("a Slack token", "xoxp-", (20, MANY), url_safe),
    shape("a Slack token", "xoxa-", (20, MANY), url_safe),
    shape("a Slack token", "xoxr-", (20, MANY), url_safe),
    shape("a Slack token", "xoxs-", (20, MANY), url_safe),
    shape("a Slack token", "xapp-", (20, MANY), url_safe),
    shape("a Slack webhook", "hooks.slack.com/services/", (30, 80), slack),
    shape("a Stripe key", "sk_live_", (16, 247), alphanumeric),
    shape("a Stripe key", "rk_live_", (16, 247), alphanumeric),
    Shape { confidence: Confidence::Medium, ..shape("a Stripe key of the test mode", "sk_test_", (16, 247), alphanumeric) },
    Shape { confidence: Confidence::Medium, ..shape("a Stripe key of the test mode", "rk_test_", (16, 247), alphanumeric) },
    shape("a Stripe webhook secret", "whsec_", (24, 100), base64),
    shape("an Anthropic API key", "sk-ant-", (32, 200), url_safe),
    shape("an OpenAI API key", "sk-proj-", (32, 250), url_safe),
    shape("an OpenAI API key", "sk-svcacct-", (32, 250), url_safe),
    shape("an OpenAI API key", "sk-", (32, 64), alphanumeric),
    shape("a Hugging Face token", "hf_", (34, 40), alphanumeric),
    shape("an npm token", "npm_", (36, 36), alphanumeric),
    shape("a PyPI token", "pypi-AgEI", (50, MANY), url_safe),
    shape("a SendGrid key", "SG.", (60, 70), dotted),
    shape("a DigitalOcean token", "dop_v1_", (64, 64), hex),
    shape("a Shopify token", "shpat_", (32, 32), hex),
    shape("an Azure storage key", "AccountKey=", (80, 90), base64),
    shape("a Databricks token", "dapi", (32, 34), hex),
];

/// The first secret that a text holds, whatever the text is bound to.
#[must_use]
pub fn find(text: &str) -> Option<Found<'_>> {
    if text.len() < 12 {
        return None;
    }
    // Most texts are words: what a machine makes has digits, and the others have their signs.
    let bytes = text.as_bytes();
    let is_made = bytes.iter().any(u8::is_ascii_digit);
    let made = || private_key(text).or_else(|| token(text)).or_else(|| web_token(text));
    let made = if is_made { made() } else { None };
    made.or_else(|| if bytes.contains(&b'@') { url(text) } else { None }).or_else(
        || {
            if bytes.contains(&b'=') { assigned(text) } else { None }
        },
    )
}

/// `host=… password=…`, `?api_key=…&`: what connection strings, queries and shells write.
fn assigned(text: &str) -> Option<Found<'_>> {
    text.split(|c: char| c.is_whitespace() || matches!(c, '&' | '?' | ';' | '"' | '\'')).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        let is_value = is_name
            && !value.contains([HOLE, '$', '{', '%', '(', ','])
            && names::is_secret(name)
            && verdict::judge(value) == Verdict::Strong;
        is_value.then_some(Found { kind: "a secret", secret: value, confidence: Confidence::High })
    })
}

fn token(text: &str) -> Option<Found<'_>> {
    SHAPES.iter().find_map(|shape| {
        text.match_indices(shape.prefix).find_map(|(at, _)| {
            let starts_word = !text[..at].chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
            let body = &text[at + shape.prefix.len()..];
            let end = body.find(|c| !(shape.alphabet)(c)).unwrap_or(body.len());
            let ends_word = !body[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            let fits = starts_word && ends_word && (shape.length.0..=shape.length.1).contains(&end);
            let secret = &text[at..at + shape.prefix.len() + end];
            (fits && is_made(&body[..end]) && !secret.contains("EXAMPLE")).then_some(Found {
                kind: shape.kind,
                secret,
                confidence: shape.confidence,
            })
        })
    })
}

/// Whether the body of a token was made by a machine: not `xxxx`, not words.
fn is_made(body: &str) -> bool {
    let digits = body.chars().any(|c| c.is_ascii_digit());
    let mut kinds: Vec<char> = body.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    digits && kinds.len() >= 8 && !verdict::is_placeholder(body)
}

/// A PEM block with something in it. A program that looks for the marker has none.
fn private_key(text: &str) -> Option<Found<'_>> {
    let at = text.find("-----BEGIN ")?;
    let (head, body) = text[at + 11..].split_once("-----")?;
    if !head.ends_with("PRIVATE KEY") && head != "PGP PRIVATE KEY BLOCK" {
        return None;
    }
    let (body, ends) = body.split_once("-----END").map_or((body, false), |(body, _)| (body, true));
    let made: String = body.replace("\\n", "").chars().filter(|c| base64(*c)).collect();
    if ends && is_cut_short(&made) {
        return None;
    }
    let confidence = if head.starts_with("ENCRYPTED") { Confidence::Medium } else { Confidence::High };
    (made.len() >= 40 && is_made(&made) && !body.contains("...") && !body.contains(HOLE)).then_some(Found {
        kind: "a private key",
        secret: body.trim(),
        confidence,
    })
}

/// Characters of the smallest key on a curve of NIST's, without its public half.
const SMALLEST: usize = 92;

/// Whether a body is shorter than any key: those of Ed25519 and X25519 are short, and all begin alike.
fn is_cut_short(made: &str) -> bool {
    made.len() < SMALLEST && !made.starts_with("MC4CAQ")
}

/// A signed JSON web token. Keys that browsers get (`role: anon`) and the one of the documentation are no secrets.
fn web_token(text: &str) -> Option<Found<'_>> {
    let at = text.find("eyJ")?;
    let end = text[at..].find(|c| !dotted(c)).map_or(text.len(), |end| at + end);
    let token = &text[at..end];
    let parts: Vec<&str> = token.split('.').collect();
    let [_, payload, signature] = parts[..] else { return None };
    let payload_text = decoded(payload);
    let is_public = payload_text.contains("\"anon\"") || payload_text.contains("John Doe") || payload_text.contains("1234567890");
    (payload.starts_with("eyJ") && signature.len() >= 20 && is_made(signature) && !is_public).then_some(Found {
        kind: "a JSON web token",
        secret: token,
        confidence: Confidence::High,
    })
}

/// The text behind base64, as far as it is one.
fn decoded(text: &str) -> String {
    let (mut bits, mut count) = (0_u32, 0);
    let mut bytes = Vec::new();
    for c in text.bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        bits = (bits << 6 | u32::from(value)) & 0xFFFF;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xFF).unwrap_or(0));
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Hosts that are the developer's own machine.
const LOCAL: &[&str] = &["localhost", "127.0.0.1", "0.0.0.0", "[::1]", "host.docker.internal"];

/// Hosts that documentation writes.
const DOCUMENTED: &[&str] =
    &["host", "hostname", "server", "example", "domain", "your-host", "ip", "proxy", "address", "dbhost", "your_host", "some-host"];

/// `scheme://user:password@host`. A password that is put in, a placeholder or a mask is none.
fn url(text: &str) -> Option<Found<'_>> {
    for (at, _) in text.match_indices("://") {
        let scheme = text[..at].rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))).next().unwrap_or_default();
        let rest = &text[at + 3..];
        let rest = &rest[..rest
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '`' | '<' | '>' | ',' | ';' | ')' | '\\'))
            .unwrap_or(rest.len())];
        let Some((login, host)) = rest.rsplit_once('@') else { continue };
        let Some((user, password)) = login.split_once(':') else { continue };
        if scheme.is_empty() || password.is_empty() || host.is_empty() || !password.is_ascii() || login.contains(['*', '(', '[', '|', '^'])
        {
            continue;
        }
        if verdict::is_template(password)
            || password.starts_with('$')
            || password.contains(['{', '}', '%']) && !is_escaped(password)
            || password.contains(HOLE)
        {
            continue;
        }
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
        let is_documented = DOCUMENTED.contains(&name.as_str()) || name.contains("example.") || name.starts_with("your");
        let is_local = LOCAL.contains(&name.as_str());
        // A name without a dot is a neighbour in the compose file or the cluster.
        let is_neighbour = !name.contains(['.', HOLE, '{', '$', '%']);
        let verdict = verdict::judge(password);
        let is_common = verdict::is_default(password) || password.eq_ignore_ascii_case(user) || verdict <= Verdict::Placeholder;
        let confidence = match verdict {
            _ if is_documented => continue,
            _ if is_local => Confidence::Low,
            _ if is_common && is_neighbour => Confidence::Low,
            Verdict::Nothing | Verdict::Placeholder => continue,
            _ if is_common => continue,
            Verdict::Word | Verdict::Weak if name.contains([HOLE, '{', '%']) => Confidence::Low,
            Verdict::Strong => Confidence::High,
            // Nothing is as clear as a login at a host that is somewhere.
            Verdict::Weak if !is_neighbour && !verdict::is_placeholder(user) => Confidence::High,
            Verdict::Word | Verdict::Weak => Confidence::Medium,
        };
        return Some(Found { kind: "a URL with a password", secret: password, confidence });
    }
    None
}

/// Whether a text's percent signs are those of an escaped URL.
fn is_escaped(text: &str) -> bool {
    !text.contains(['{', '}'])
        && text.split('%').skip(1).all(|part| part.get(..2).is_some_and(|code| code.chars().all(|c| c.is_ascii_hexdigit())))
}

/// The scheme of an `Authorization` header's value, and what is behind it.
#[must_use]
pub fn scheme_and_credential(text: &str) -> (Option<&str>, &str) {
    match text.trim().split_once(' ') {
        Some((scheme, rest))
            if ["bearer", "basic", "token", "apikey", "api-key", "key", "bot"].contains(&scheme.to_ascii_lowercase().as_str()) =>
        {
            (Some(scheme), rest.trim())
        }
        _ => (None, text.trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<(&str, Confidence)> {
        find(text).map(|found| (found.kind, found.confidence))
    }

    #[test]
    fn urls() {
        use Confidence::{High, Low, Medium};
        let cases = [
            ("postgresql+psycopg2://orders:t9Lm44xQwZ7rVb@db.internal:5432/orders", Some(High)),
            ("amqp://worker:Hd81kQz77Lw@rabbit.internal:5672//", Some(High)),
            ("redis://:t9Lm44xQwZ7rVb@10.0.0.3:6379/0", Some(High)),
            ("postgresql://postgres:postgres@localhost:5432/orders", Some(Low)),
            ("postgresql://postgres:postgres@db:5432/orders", Some(Low)),
            ("postgresql://orders:letmein@db.internal/orders", Some(Medium)),
            ("postgresql://orders:t9Lm44xQwZ7rVb@\u{FFFC}:5432/orders", Some(High)),
            ("postgresql://orders:\u{FFFC}@\u{FFFC}:5432/orders", None),
            ("postgresql://%s:%s@%s:5432/orders", None),
            ("postgresql://user:password@host:5432/dbname", None),
            ("postgresql://u:${PASSWORD}@db.internal/x", None),
            ("\\1://\\2:***@", None),
            ("https://maps.acme.test/view/@52.5200,13.4050,12z", None),
            ("ssh://git@git.acme.test/orders.git", None),
            ("https://registry.acme.test:4873/@acme/shared-ui", None),
            ("(postgres(?:ql)?|redis)://([^:/@]+):([^@]+)@", None),
        ];
        for (text, expected) in cases {
            assert_eq!(of(text).map(|(_, confidence)| confidence), expected, "{text}");
        }
    }

    #[test]
    fn tokens() {
        // Put together here, so that no scanner takes them for real ones.
        let body = "q7Zt0bW1nYk2R5vXc8LhJmPzQdS7aEuFgT4o";
        assert_eq!(of(&format!("{}{body}", "ghp_")).map(|f| f.0), Some("a GitHub token"));
        assert_eq!(of(&format!("x = {}{body}!", "ghp_")).map(|f| f.0), Some("a GitHub token"));
        assert_eq!(of(&format!("{}{}", "ghp_", "x".repeat(36))), None);
        assert_eq!(of("AKIAIOSFODNN7EXAMPLE"), None);
        assert_eq!(of(&format!("AKIA{}", "Q7ZT0BW1NYK2R5VX")).map(|f| f.0), Some("an AWS access key"));
        assert_eq!(of(&format!("{}{}", "sk_test_", "4eC39HqLyjWDarjtT1zdp7dc")).map(|f| f.1), Some(Confidence::Medium));
        assert_eq!(of("-----BEGIN RSA PRIVATE KEY-----"), None);
        assert_eq!(of("task-management-and-scheduling-of-the-queue"), None);
    }
}
