//! What JavaScript and its libraries compute on values in hand.

use ustr::Ustr;

use crate::model::cleanup::words;
use crate::model::resolve::Entity;

/// What reads a text, and fails on one that is none of its kind. Names of JavaScript's own have no more in front.
const PARSERS: [&str; 35] = [
    "BigInt",
    "Intl.DateTimeFormat",
    "Intl.DisplayNames",
    "Intl.Locale",
    "Intl.NumberFormat",
    "Intl.getCanonicalLocales",
    "JSON.parse",
    "RegExp",
    "URL",
    "atob",
    "decodeURI",
    "decodeURIComponent",
    "structuredClone",
    "js:@babel/parser.parse",
    "js:@nestjs/jwt.JwtService.verify",
    "js:@nestjs/jwt.JwtService.verifyAsync",
    "js:acorn.parse",
    "js:cron-parser.parseExpression",
    "js:crypto.timingSafeEqual",
    "js:file-type.fileTypeFromBuffer",
    "js:file-type.fromBuffer",
    "js:graphql.parse",
    "js:jose.decodeJwt",
    "js:jose.decodeProtectedHeader",
    "js:jose.jwtVerify",
    "js:js-yaml.load",
    "js:json5.parse",
    "js:jsonwebtoken.decode",
    "js:jsonwebtoken.verify",
    "js:jwt-decode",
    "js:jwt-decode.jwtDecode",
    "js:querystring.parse",
    "js:url.URL",
    "js:yaml.parse",
    "js:zlib.inflateSync",
];

/// Globals that compute, with all that is in them.
const GLOBALS: [&str; 36] = [
    "Array",
    "Boolean",
    "Buffer",
    "Date",
    "Error",
    "Intl",
    "JSON",
    "Map",
    "Math",
    "Number",
    "Object",
    "RangeError",
    "Reflect",
    "Set",
    "String",
    "Symbol",
    "TextDecoder",
    "TextEncoder",
    "TypeError",
    "URL",
    "URLSearchParams",
    "Uint8Array",
    "WeakMap",
    "btoa",
    "clearImmediate",
    "clearInterval",
    "clearTimeout",
    "encodeURI",
    "encodeURIComponent",
    "isFinite",
    "isNaN",
    "parseFloat",
    "parseInt",
    "performance",
    "process.cwd",
    "process.hrtime",
];

/// Libraries that compute, and Node's modules that do.
const LIBRARIES: [&str; 31] = [
    "chroma-js",
    "color",
    "cron-parser",
    "crypto",
    "date-fns",
    "dayjs",
    "ip-address",
    "ipaddr.js",
    "js-yaml",
    "json5",
    "jwt-decode",
    "lodash",
    "luxon",
    "moment",
    "nanoid",
    "path",
    "polished",
    "psl",
    "qs",
    "querystring",
    "semver",
    "slugify",
    "tinycolor2",
    "tldts",
    "url",
    "util",
    "uuid",
    "validator",
    "valibot",
    "yaml",
    "zod",
];

/// Methods of texts, collections and times, and of what checks values.
const METHODS: [&str; 84] = [
    "add",
    "append",
    "assertEqual",
    "at",
    "charAt",
    "charCodeAt",
    "clone",
    "codePointAt",
    "concat",
    "decode",
    "digest",
    "encode",
    "endsWith",
    "entries",
    "every",
    "exec",
    "filter",
    "find",
    "findIndex",
    "findLast",
    "flat",
    "flatMap",
    "forEach",
    "format",
    "formatToParts",
    "fromEntries",
    "get",
    "getDate",
    "getFullYear",
    "getMonth",
    "getTime",
    "has",
    "hasOwnProperty",
    "includes",
    "indexOf",
    "join",
    "keys",
    "lastIndexOf",
    "localeCompare",
    "map",
    "match",
    "matchAll",
    "matcher",
    "normalize",
    "padEnd",
    "padStart",
    "parse",
    "pop",
    "push",
    "reduce",
    "repeat",
    "replace",
    "replaceAll",
    "resolvedOptions",
    "reverse",
    "safeParse",
    "search",
    "set",
    "shift",
    "slice",
    "some",
    "sort",
    "split",
    "startsWith",
    "subarray",
    "substr",
    "substring",
    "test",
    "toFixed",
    "toISOString",
    "toJSON",
    "toLocaleDateString",
    "toLocaleString",
    "toLocaleTimeString",
    "toLowerCase",
    "toString",
    "toUpperCase",
    "trim",
    "trimEnd",
    "trimStart",
    "unshift",
    "update",
    "valueOf",
    "values",
];

/// What a call of JavaScript does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Does {
    /// It reads a text, or checks it.
    Parses,
    /// It computes.
    Computes,
    /// Something else.
    More,
}

/// What calling a library, or the language, does.
pub(super) fn of_callee(callee: Entity) -> Does {
    let Some(name) = callee.library() else { return Does::More };
    let global = name.strip_prefix("js:globalThis.");
    if PARSERS.contains(&global.unwrap_or(&name)) {
        return Does::Parses;
    }
    let is_in = |name: &str, root: &str| name.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let computes = match global {
        Some(global) => GLOBALS.iter().any(|root| is_in(global, root)),
        None => name.strip_prefix("js:").is_some_and(|name| LIBRARIES.iter().any(|root| is_in(name, root))),
    };
    // What libraries compute with values, they check first.
    match (computes, global) {
        (false, _) => Does::More,
        (true, None) if !["js:path.", "js:util.", "js:crypto."].iter().any(|module| name.starts_with(module)) => Does::Parses,
        _ => Does::Computes,
    }
}

/// What a method or a function out of sight does, by its name. It is not waited for.
pub(super) fn of_name(name: Ustr) -> Does {
    const READS: [&str; 11] =
        ["assert", "check", "compile", "decode", "decrypt", "deserialize", "from", "parse", "unescape", "validate", "verify"];
    const MAKES: [&str; 9] = ["convert", "escape", "format", "hash", "normalize", "sanitize", "serialize", "sign", "stringify"];
    let words = words(&name);
    let first = words.first().map_or("", String::as_str);
    // `rgbaToHex`
    let converts = words.len() > 2 && words[1..].iter().any(|word| word == "to");
    match first {
        _ if READS.contains(&first) => Does::Parses,
        _ if METHODS.contains(&name.as_str()) || MAKES.contains(&first) || converts => Does::Computes,
        _ => Does::More,
    }
}

/// Whether calling a library reads files, and does no more.
pub(super) fn reads_files(callee: Entity) -> bool {
    const READS: [&str; 8] = ["readFile", "readFileSync", "readdir", "readdirSync", "readlink", "readlinkSync", "readJson", "readJsonSync"];
    let name = callee.library();
    let of_module = |module: &str| name.as_deref().and_then(|name| name.strip_prefix(module)).is_some_and(|name| READS.contains(&name));
    ["js:fs.", "js:fs.promises.", "js:fs/promises.", "js:fs-extra."].into_iter().any(of_module)
}

/// Methods that read what a request or a response has brought.
pub(super) const READS: [&str; 3] = ["formData", "json", "text"];
