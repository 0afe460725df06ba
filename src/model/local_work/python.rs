//! What Python and its libraries compute on values in hand, and what that raises.

use crate::ir::program::*;

/// What functions raise on what they cannot take.
pub(super) const FUNCTIONS: [(&[&str], &[&str]); 24] = [
    (&["bool", "repr", "str", "isinstance", "issubclass", "hasattr", "callable", "type", "id", "print", "dir"], &[]),
    (&["datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today", "time.time"], &[]),
    (&["os.environ.get", "os.getenv"], &[]),
    (&["contextvars.ContextVar.get"], &["LookupError"]),
    (&["getattr", "setattr", "vars"], &["AttributeError", "TypeError"]),
    (
        &["all", "any", "dict", "enumerate", "frozenset", "hash", "iter", "list", "reversed", "set", "sorted", "tuple", "zip"],
        &["TypeError"],
    ),
    (&["next"], &["StopIteration", "TypeError"]),
    (
        &["abs", "bytes", "chr", "divmod", "format", "len", "max", "min", "ord", "pow", "range", "round", "sum"],
        &["TypeError", "ValueError"],
    ),
    (&["complex", "float", "int", "json.dumps", "json.loads"], &["TypeError", "ValueError"]),
    (
        &["json5.loads", "orjson.dumps", "orjson.loads", "simplejson.dumps", "simplejson.loads", "ujson.dumps", "ujson.loads"],
        &["TypeError", "ValueError"],
    ),
    (&["toml.loads", "tomli.loads", "tomllib.loads"], &["TypeError", "ValueError"]),
    (&["decimal.Decimal"], &["ArithmeticError", "TypeError", "ValueError"]),
    (&["fractions.Fraction"], &["TypeError", "ValueError", "ZeroDivisionError"]),
    (&["uuid.UUID"], &["AttributeError", "TypeError", "ValueError"]),
    (&["datetime.datetime.fromisoformat", "datetime.date.fromisoformat", "datetime.time.fromisoformat"], &["TypeError", "ValueError"]),
    (&["datetime.datetime.strptime", "time.strptime", "email.utils.parsedate_to_datetime"], &["TypeError", "ValueError"]),
    (&["datetime.datetime.fromtimestamp", "datetime.datetime.utcfromtimestamp"], &["OSError", "OverflowError", "TypeError", "ValueError"]),
    (
        &["datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "datetime.timezone"],
        &["OverflowError", "TypeError", "ValueError"],
    ),
    (&["ipaddress.ip_address", "ipaddress.ip_network", "ipaddress.ip_interface"], &["ValueError"]),
    (
        &["base64.b64decode", "base64.urlsafe_b64decode", "base64.b64encode", "base64.urlsafe_b64encode", "binascii.unhexlify"],
        &["TypeError", "ValueError"],
    ),
    (&["ast.literal_eval"], &["SyntaxError", "TypeError", "ValueError"]),
    (
        &["re.match", "re.search", "re.fullmatch", "re.findall", "re.finditer", "re.split", "re.sub", "re.escape", "re.compile"],
        &["TypeError"],
    ),
    (&["mimetypes.guess_extension", "mimetypes.guess_type"], &["AttributeError", "TypeError"]),
    (&["typing.get_type_hints"], &["AttributeError", "NameError", "TypeError"]),
];

/// Modules all of whose functions compute something, and what they raise.
pub(super) const MODULES: [(&str, &[&str]); 8] = [
    ("urllib.parse.", &["AttributeError", "TypeError", "ValueError"]),
    ("urlparse.", &["AttributeError", "TypeError", "ValueError"]),
    ("six.moves.urllib.parse.", &["AttributeError", "TypeError", "ValueError"]),
    ("math.", &["OverflowError", "TypeError", "ValueError"]),
    ("html.", &["AttributeError", "TypeError"]),
    ("os.path.basename", &["TypeError"]),
    ("os.path.join", &["TypeError"]),
    ("os.path.splitext", &["TypeError"]),
];

/// Functions of libraries that look only at what they are given. They raise errors of their own.
pub(super) const VERIFIERS: [&str; 16] = [
    "jwt.decode",
    "jwt.get_unverified_header",
    "jwt.api_jwt.decode",
    "jose.jwt.decode",
    "jose.jwt.get_unverified_header",
    "bcrypt.checkpw",
    "babel.numbers.get_territory_currencies",
    "dateutil.parser.parse",
    "dateutil.parser.isoparse",
    "langdetect.detect",
    "packaging.version.parse",
    "packaging.version.Version",
    "graphene.Node.from_global_id",
    "graphene.relay.Node.from_global_id",
    "graphql_relay.from_global_id",
    "graphql_relay.node.node.from_global_id",
];

/// Those of them that need a key: it may be the wrong one.
pub(super) const WITH_KEY: [&str; 3] = ["jwt.decode", "jwt.api_jwt.decode", "jose.jwt.decode"];

/// Methods of texts, collections, matches and times that fail only on what is none.
pub(super) const METHODS: [&str; 57] = [
    "add",
    "append",
    "astimezone",
    "capitalize",
    "casefold",
    "copy",
    "count",
    "date",
    "decode",
    "encode",
    "endswith",
    "extend",
    "find",
    "format",
    "get",
    "group",
    "groupdict",
    "groups",
    "hex",
    "index",
    "insert",
    "isalnum",
    "isalpha",
    "isdigit",
    "isnumeric",
    "isoformat",
    "items",
    "join",
    "keys",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "pop",
    "popleft",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "setdefault",
    "split",
    "splitlines",
    "startswith",
    "strftime",
    "strip",
    "timestamp",
    "title",
    "total_seconds",
    "update",
    "upper",
    "values",
    "weekday",
    "zfill",
];

/// What a method raises beside not being there.
pub(super) fn raised_by_method(name: &str, call: &Call) -> Vec<&'static str> {
    let mut raised = match name {
        "decode" | "encode" | "index" | "strftime" => vec!["ValueError"],
        "astimezone" | "timestamp" => vec!["OverflowError", "ValueError"],
        "format" => vec!["LookupError", "ValueError"],
        "group" | "popleft" => vec!["IndexError"],
        // Of a list, or of a dictionary.
        "pop" if call.args.len() < 2 => vec!["IndexError", "KeyError"],
        // `moment.replace(hour=hour)`
        "replace" if call.args.iter().any(|arg| arg.kind != ArgKind::Positional) => vec!["ValueError"],
        _ => Vec::new(),
    };
    if !call.args.is_empty() {
        raised.push("TypeError");
    }
    raised
}
