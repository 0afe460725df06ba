//! A Cloud Run deployment, whatever notation it was written in.

use super::Known;
use crate::source::{FileId, Place, Span};

/// A value of a deployment with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting<T> {
    /// What it is set to; unknown when templated, or when the notation takes no such value.
    pub value: Known<T>,
    /// As written, quotes removed; the source text where it is no scalar. Parts of a templated text still tell something:
    /// `gcr.io/${PROJECT}/orders:7` names its image.
    pub written: String,
    /// The value's place; that of the anchored value behind an alias, and of the text behind a variable, which may stand in
    /// another file. Quotes are included in YAML that sets it itself, and left out elsewhere.
    pub place: Place,
}

impl<T: Copy> Setting<T> {
    /// The value, where it is known.
    pub fn known(&self) -> Option<T> {
        self.value.known()
    }
}

/// The notation that a deployment was read from: edits are written in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notation {
    /// Knative `Service` or Cloud Run `Job` YAML.
    Knative,
    /// The compact map: a service's name, and its settings below.
    Compact,
    /// `gcloud run deploy`, in whatever file, and the GitHub action that calls it.
    Command,
    /// Terraform.
    Terraform,
}

/// One Cloud Run service (or job) as its file sets it.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The file.
    pub file: FileId,
    /// How it is written.
    pub notation: Notation,
    /// A job: it runs to its end, and serves nobody.
    pub is_job: bool,
    /// Something else may set what is not set here: it only changes a deployment, or is given options that cannot be seen.
    pub is_partial: bool,
    /// The whole document, map, command or block.
    pub span: Span,
    /// The folders that its image may be built in, as they are seen in the file, relative to the project's root.
    pub contexts: Vec<String>,
    /// What the file calls it besides its name: Terraform's resource and module.
    pub called: Vec<String>,
    /// The service's name.
    pub name: Option<Setting<String>>,
    /// Minimum instances: the larger of the revision's and the service's.
    pub min_instances: Option<Setting<u64>>,
    /// Maximum instances: the smaller of the revision's and the service's.
    pub max_instances: Option<Setting<u64>>,
    /// Requests an instance takes at once.
    pub concurrency: Option<Setting<u64>>,
    /// Request timeout in seconds.
    pub timeout_seconds: Option<Setting<u64>>,
    /// CPU only during requests (the default) or always.
    pub cpu_throttling: Option<Setting<bool>>,
    /// `run.googleapis.com/ingress`.
    pub ingress: Option<Setting<String>>,
    /// Whether anybody may call it. `run.googleapis.com/invoker-iam-disabled: "true"` says so; "false" leaves it to the
    /// IAM policy, which is not in the file, and is nothing here.
    pub allow_unauthenticated: Option<Setting<bool>>,
    /// Sizes of the volumes that are held in memory (`emptyDir` with `medium: Memory`), which count towards what the
    /// containers use. Without a `sizeLimit` the size is unknown.
    pub memory_volumes: Vec<Setting<u64>>,
    /// Containers, the ingress container first.
    pub containers: Vec<Container>,
}

impl Deployment {
    /// What messages call it: its name, unless that is for a script to find out.
    #[must_use]
    pub fn title(&self) -> String {
        let is_argument = |name: &str| name.trim_start_matches(['$', '{']).starts_with(|c: char| c.is_ascii_digit());
        let is_name =
            |name: &&Setting<String>| !(name.written.starts_with("$(") || (name.written.starts_with('$') && is_argument(&name.written)));
        self.name.as_ref().filter(is_name).map_or_else(|| "this deployment".into(), |name| format!("`{}`", name.written))
    }

    /// Whether its CPU is paid for as long as an instance lives: as a job, or without throttling.
    #[must_use]
    pub fn is_always_allocated(&self) -> bool {
        self.is_job || self.cpu_throttling.as_ref().and_then(Setting::known) == Some(false)
    }

    /// Its name as written, which is the symbol of its findings.
    #[must_use]
    pub fn symbol(&self) -> String {
        self.name.as_ref().map(|name| name.written.clone()).unwrap_or_default()
    }
}

/// One container.
#[derive(Clone, Debug)]
pub struct Container {
    /// The list item.
    pub span: Span,
    /// `name:`.
    pub name: Option<Setting<String>>,
    /// `image:`.
    pub image: Option<Setting<String>>,
    /// Memory limit in bytes.
    pub memory: Option<Setting<u64>>,
    /// Memory request in bytes; it may not exceed the limit.
    pub memory_request: Option<Setting<u64>>,
    /// CPU limit in thousandths of a vCPU.
    pub cpu: Option<Setting<u64>>,
    /// CPU request in thousandths of a vCPU; it may not exceed the limit.
    pub cpu_request: Option<Setting<u64>>,
    /// GPUs (`nvidia.com/gpu`), which demand memory and CPU of their own.
    pub gpu: Option<Setting<u64>>,
    /// Port that the ingress container listens on.
    pub port: Option<Setting<u64>>,
    /// Environment.
    pub env: Vec<EnvVar>,
    /// `startupProbe`.
    pub startup_probe: Option<Probe>,
    /// `livenessProbe`.
    pub liveness_probe: Option<Probe>,
    /// `command:` and `args:`, concatenated.
    pub command: Vec<Setting<String>>,
    /// `securityContext.runAsNonRoot`, of the container or else of its pod.
    pub run_as_non_root: Option<Setting<bool>>,
}

impl Container {
    /// Whether it is given a GPU, or some that nobody knows the number of.
    #[must_use]
    pub fn has_gpu(&self) -> bool {
        self.gpu.as_ref().is_some_and(|gpu| gpu.known() != Some(0))
    }
}

/// An environment variable of a container.
#[derive(Clone, Debug)]
pub struct EnvVar {
    /// The name.
    pub name: Setting<String>,
    /// Plain value, if it has one.
    pub value: Option<Setting<String>>,
    /// Read from a secret.
    pub from_secret: bool,
    /// The list item.
    pub span: Span,
    /// The list of a flag that it stands in, without quotes around it.
    pub list: Option<Span>,
}

/// A probe.
#[derive(Clone, Debug)]
pub struct Probe {
    /// The key and its value.
    pub span: Span,
    /// `httpGet.path`.
    pub path: Option<Setting<String>>,
    /// `httpGet.port`, `tcpSocket.port` or `grpc.port`.
    pub port: Option<Setting<u64>>,
}
