//! A Cloud Run deployment, whatever notation it was written in.

use super::Known;
use crate::source::{FileId, Span};

/// A value of a deployment with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting<T> {
    /// What it is set to; unknown when templated.
    pub value: Known<T>,
    /// As written, quotes removed.
    pub written: String,
    /// The value's place (quotes included).
    pub span: Span,
}

/// The notation that a deployment was read from: edits are written in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notation {
    /// Knative `Service` YAML.
    Knative,
    /// Cloud Run `Job` YAML.
    Job,
}

/// One Cloud Run service (or job) as its file sets it.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The file.
    pub file: FileId,
    /// How it is written.
    pub notation: Notation,
    /// The whole document.
    pub span: Span,
    /// The service's name.
    pub name: Option<Setting<String>>,
    /// Minimum instances (template or service level).
    pub min_instances: Option<Setting<u64>>,
    /// Maximum instances.
    pub max_instances: Option<Setting<u64>>,
    /// Requests an instance takes at once.
    pub concurrency: Option<Setting<u64>>,
    /// Request timeout in seconds.
    pub timeout_seconds: Option<Setting<u64>>,
    /// CPU only during requests (the default) or always.
    pub cpu_throttling: Option<Setting<bool>>,
    /// `run.googleapis.com/ingress`.
    pub ingress: Option<Setting<String>>,
    /// `run.googleapis.com/invoker-iam-disabled` and its like: whether anybody may call it.
    pub allow_unauthenticated: Option<Setting<bool>>,
    /// Containers, the ingress container first.
    pub containers: Vec<Container>,
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
    /// CPU limit in thousandths of a vCPU.
    pub cpu: Option<Setting<u64>>,
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
