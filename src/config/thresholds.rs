//! The thresholds of the rules and the keys of a configuration file, declared once.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use toml::Spanned;

use super::{FailOn, Provides};
use crate::finding::{Confidence, Severity};
use crate::model::apis::Row;

/// Declares [`Settings`], and the structs of a configuration file in which each threshold is an optional key. Serde's
/// `flatten` would do the last part, but it loses positions and the refusal of unknown keys.
macro_rules! declare {
    (
        thresholds { $($(#[$doc:meta])* $name:ident: $type:ty = $default:expr, read by $read:literal;)* }
        $(#[$file_meta:meta])* struct File { values { $($file_values:tt)* } tables { $($file_tables:tt)* } }
        $(#[$override_meta:meta])* struct Override { $($override_values:tt)* }
    ) => {
        /// The thresholds of the rules, with the catalogue's defaults.
        #[derive(Clone, PartialEq, Debug)]
        pub struct Settings {
            $($(#[$doc])* pub $name: $type,)*
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        $(#[$file_meta])*
        #[derive(Clone, Default, Debug, Deserialize, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
        #[schemars(title = "roadworthy")]
        pub struct File {
            $($file_values)*
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none", deserialize_with = $read)] pub $name: Option<$type>,)*
            $($file_tables)*
        }

        $(#[$override_meta])*
        #[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case")]
        pub struct Override {
            $($override_values)*
            $(
                $(#[$doc])*
                #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = $read)]
                pub $name: Option<$type>,
            )*
        }

        impl File {
            /// Puts the thresholds that this file sets into `settings`.
            pub(super) fn set_thresholds(&self, settings: &mut Settings) {
                $(if let Some(value) = self.$name { settings.$name = value; })*
            }

            /// States every threshold.
            pub(super) fn state_thresholds(&mut self, settings: &Settings) {
                $(self.$name = Some(settings.$name);)*
            }
        }

        impl Override {
            /// Puts the thresholds that this override sets into `settings`.
            pub(super) fn set_thresholds(&self, settings: &mut Settings) {
                $(if let Some(value) = self.$name { settings.$name = value; })*
            }
        }
    };
}

declare! {
    thresholds {
        /// Largest page that a handler may let its caller ask for.
        max_page_size: u64 = 100, read by "positive";
        /// Memory that a service may have where nothing asks for more.
        memory: Quantity = Quantity(512 << 20), read by "positive";
        /// Likewise where the code holds dataframes or images.
        memory_data: Quantity = Quantity(1 << 30), read by "positive";
        /// Likewise with a headless browser or a JVM.
        memory_browser: Quantity = Quantity(2 << 30), read by "positive";
        /// Likewise with a model runtime.
        memory_model: Quantity = Quantity(4 << 30), read by "positive";
        /// vCPUs that a service may have where nothing asks for more.
        cpu: u64 = 1, read by "positive";
        /// Maximum instances.
        max_instances: u64 = 10, read by "positive";
        /// Minimum instances.
        min_instances: u64 = 0, read by "any";
        /// Seconds that fixes insert as a timeout.
        timeout_seconds: u64 = 10, read by "positive";
        /// Connections that the database takes.
        database_connections: u64 = 100, read by "positive";
        /// Seconds that fixes insert as a time to live.
        cache_ttl_seconds: u64 = 300, read by "positive";
        /// Bytes that fixes insert as a cost cap.
        maximum_bytes_billed: u64 = 10 << 30, read by "positive";
        /// Hours a month that money figures assume a service to be busy.
        billable_hours_per_month: u64 = 400, read by "positive";
    }

    /// Configuration of roadworthy: `roadworthy.toml`, or `[tool.roadworthy]` in `pyproject.toml`.
    struct File {
        values {
            /// Another configuration file, relative to this one, whose keys hold unless this file sets them. Its lists
            /// `extend-exclude`, `overrides`, `service` and `api` come before this file's; its patterns are read as if
            /// they stood here.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schemars(with = "Option<String>")]
            pub extend: Option<Spanned<String>>,
            /// The project ends here: nothing above this folder is read as evidence or as configuration.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub root: Option<bool>,
            /// Rules that are on: ids, categories, severities, `recommended` or `all`.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schemars(with = "Option<Vec<String>>")]
            pub select: Option<Vec<Spanned<String>>>,
            /// Rules that are off: as `select`. The narrower word wins: a rule selected by its id stays on when its
            /// category is ignored.
            #[serde(skip_serializing_if = "Option::is_none")]
            #[schemars(with = "Option<Vec<String>>")]
            pub ignore: Option<Vec<Spanned<String>>>,
            /// What is never walked, in the notation of `.gitignore`; replaces the default list.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub exclude: Option<Vec<String>>,
            /// What is never walked besides.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub extend_exclude: Option<Vec<String>>,
            /// Which files are test code, in the notation of `.gitignore`; replaces the default list.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub test_paths: Option<Vec<String>>,
            /// Findings of less confidence are not shown.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub min_confidence: Option<Confidence>,
            /// Findings of less severity are not shown.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub min_severity: Option<Severity>,
            /// Findings of this severity or more make the exit code 1.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub fail_on: Option<FailOn>,
        }
        tables {
            /// What differs below some paths; later ones win.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            pub overrides: Vec<Override>,
            /// What the files cannot tell about a service.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            pub service: Vec<ServiceEntry>,
            /// Facts about functions of in-house libraries.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            pub api: Vec<Row>,
        }
    }

    /// What differs below some paths.
    struct Override {
        /// The paths, in the notation of `.gitignore`, relative to the configuration file.
        pub paths: Vec<String>,
        /// Rules that are on there, instead of those that would be.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<Vec<String>>")]
        pub select: Option<Vec<Spanned<String>>>,
        /// Rules that are off there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<Vec<String>>")]
        pub ignore: Option<Vec<Spanned<String>>>,
    }
}

/// A threshold that may be nothing.
fn any<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A threshold that makes no sense as nothing: no timeout waits 0 seconds.
fn positive<'de, T: Deserialize<'de> + Default + PartialEq, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let value = T::deserialize(deserializer)?;
    if value == T::default() {
        return Err(serde::de::Error::custom("must be more than 0"));
    }
    Ok(Some(value))
}

/// What the files cannot tell about a service.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceEntry {
    /// Its folder, relative to the configuration file.
    pub path: String,
    /// Name of the Cloud Run service that it is deployed as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<String>,
    /// What something outside the repository, such as a gateway, does for it.
    #[serde(default)]
    pub provides: Vec<Provides>,
}

/// An amount of memory in bytes, written as Kubernetes writes it (`512Mi`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Quantity(pub u64);

/// Suffixes and what they multiply by, binary ones first so that `i` is not left over.
const UNITS: [(&str, u64); 8] = [
    ("Ti", 1 << 40),
    ("Gi", 1 << 30),
    ("Mi", 1 << 20),
    ("Ki", 1 << 10),
    ("T", 1_000_000_000_000),
    ("G", 1_000_000_000),
    ("M", 1_000_000),
    ("k", 1_000),
];

impl FromStr for Quantity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an amount of memory such as \"512Mi\" or \"1Gi\"");
        let (number, unit) =
            UNITS.iter().find_map(|(suffix, unit)| text.strip_suffix(suffix).map(|number| (number, *unit))).unwrap_or((text, 1));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 9 || number.ends_with('.') {
            return Err(wrong());
        }
        let whole: u128 = whole.parse().map_err(|_| wrong())?;
        let part: u128 = if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| wrong())? };
        let scale = 10_u128.pow(u32::try_from(fraction.len()).unwrap_or(0));
        let bytes = whole.checked_mul(u128::from(unit)).and_then(|bytes| bytes.checked_add(part * u128::from(unit) / scale));
        bytes.and_then(|bytes| u64::try_from(bytes).ok()).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.iter().find(|(_, unit)| self.0 >= *unit && self.0.is_multiple_of(*unit)) {
            Some((suffix, unit)) => write!(f, "{}{suffix}", self.0 / unit),
            None => write!(f, "{}", self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Quantity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "An amount of memory as Kubernetes writes it.",
            "pattern": r"^[0-9]+(\.[0-9]{1,9})?(Ti|Gi|Mi|Ki|T|G|M|k)?$",
            "examples": ["512Mi", "1Gi"]
        })
    }
}
