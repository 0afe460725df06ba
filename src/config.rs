//! Configuration: `roadworthy.toml`, or `[tool.roadworthy]` in `pyproject.toml`.

/// The thresholds of the rules, with the catalogue's defaults.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Largest page that a handler may let its caller ask for.
    pub max_page_size: u64,
    /// Memory that a service may have where nothing asks for more, in bytes.
    pub memory: Quantity,
    /// Likewise where the code holds dataframes or images.
    pub memory_data: Quantity,
    /// Likewise with a headless browser or a JVM.
    pub memory_browser: Quantity,
    /// Likewise with a model runtime.
    pub memory_model: Quantity,
    /// vCPUs that a service may have where nothing asks for more.
    pub cpu: u64,
    /// Maximum instances.
    pub max_instances: u64,
    /// Minimum instances.
    pub min_instances: u64,
    /// Seconds that fixes insert as a timeout.
    pub timeout_seconds: u64,
    /// Connections that the database takes.
    pub database_connections: u64,
    /// Seconds that fixes insert as a time to live.
    pub cache_ttl_seconds: u64,
    /// Bytes that fixes insert as a cost cap.
    pub maximum_bytes_billed: u64,
    /// Hours a month that money figures assume a service to be busy.
    pub billable_hours_per_month: u64,
}

/// An amount of memory in bytes, written as Kubernetes writes it (`512Mi`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Quantity(pub u64);

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_page_size: 100,
            memory: Quantity(512 << 20),
            memory_data: Quantity(1 << 30),
            memory_browser: Quantity(2 << 30),
            memory_model: Quantity(4 << 30),
            cpu: 1,
            max_instances: 10,
            min_instances: 0,
            timeout_seconds: 10,
            database_connections: 100,
            cache_ttl_seconds: 300,
            maximum_bytes_billed: 10 << 30,
            billable_hours_per_month: 400,
        }
    }
}
