//! What things cost. The figures live in `rules/prices.toml`, with their date and address.

use std::sync::LazyLock;

use serde::Deserialize;

/// The price list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Prices {
    /// The day it was read.
    pub date: String,
    /// Where it was read.
    pub docs: String,
    /// Which regions it is of.
    pub tier: String,
    /// CPU only during requests.
    pub request_based: Rates,
    /// CPU as long as an instance lives.
    pub instance_based: Rates,
    /// Instances that wait because of a minimum.
    pub idle_minimum: Rates,
    /// `BigQuery` on demand.
    pub bigquery: BigQuery,
}

/// Rates of Cloud Run in dollars.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rates {
    /// For a vCPU and a second.
    pub vcpu_second: f64,
    /// For a GiB of memory and a second.
    pub gib_second: f64,
    /// For a million requests.
    #[serde(default)]
    pub million_requests: f64,
}

/// Rates of `BigQuery` in dollars.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BigQuery {
    /// Where they were read.
    pub docs: String,
    /// For a TiB that a query scans.
    pub scanned_tib: f64,
}

/// The embedded price list.
///
/// # Panics
/// Never: the list is part of the program, and a test reads it.
#[must_use]
pub fn prices() -> &'static Prices {
    static PRICES: LazyLock<Prices> =
        LazyLock::new(|| toml::from_str(include_str!("../../rules/prices.toml")).expect("the embedded price list is valid"));
    &PRICES
}

impl Prices {
    /// The rates of a deployment.
    #[must_use]
    pub fn rates(&self, always_allocated: bool) -> Rates {
        if always_allocated { self.instance_based } else { self.request_based }
    }
}

impl Rates {
    /// Dollars for some bytes of memory over some hours.
    #[must_use]
    pub fn memory(self, bytes: u64, hours: u64) -> f64 {
        // Both are far below 2^52.
        #[allow(clippy::cast_precision_loss)]
        let (gib, hours) = (bytes as f64 / f64::from(1 << 30), hours as f64);
        gib * self.gib_second * 3600.0 * hours
    }

    /// Dollars for some thousandths of a vCPU over some hours.
    #[must_use]
    pub fn cpu(self, millicpu: u64, hours: u64) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let (vcpu, hours) = (millicpu as f64 / 1000.0, hours as f64);
        vcpu * self.vcpu_second * 3600.0 * hours
    }
}

/// Hours of a month, of 365 days in a year.
pub const HOURS_OF_A_MONTH: u64 = 730;

/// An amount of money for what runs all the time: `$9.86 a month`, for 730 hours.
#[must_use]
pub fn monthly_of(usd: f64) -> String {
    format!("${usd:.2} a month")
}

/// An amount of money with the assumption that it rests on: `$7.20 a month at 400 billable hours`.
#[must_use]
pub fn monthly(usd: f64, hours: u64) -> String {
    format!("${usd:.2} a month at {hours} billable hours")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_list_is_valid_and_dated() {
        let prices = prices();
        assert!(prices.docs.starts_with("https://cloud.google.com/") && prices.bigquery.docs.starts_with("https://cloud.google.com/"));
        assert!(prices.date.len() == 10 && prices.date.split('-').all(|part| part.parse::<u16>().is_ok()));
    }

    #[test]
    fn money_follows_from_amount_and_hours() {
        let prices = prices();
        let cases = [
            (prices.rates(false).memory(1 << 30, 400), "$3.60 a month at 400 billable hours"),
            (prices.rates(false).memory(2 << 30, 400), "$7.20 a month at 400 billable hours"),
            (prices.rates(true).memory(3 << 29, 400), "$4.32 a month at 400 billable hours"),
            (prices.rates(false).cpu(1000, 400), "$34.56 a month at 400 billable hours"),
            (prices.rates(true).cpu(2000, 400), "$51.84 a month at 400 billable hours"),
            (prices.idle_minimum.memory(0, 400), "$0.00 a month at 400 billable hours"),
        ];
        for (usd, expected) in cases {
            assert_eq!(monthly(usd, 400), expected);
        }
    }
}
