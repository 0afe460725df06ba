//! Amounts of memory and CPU as Kubernetes writes them: `512Mi`, `1G`, `2000m`, `0.5`, `1e9`.

use crate::config::Quantity;

/// Bytes of an amount of memory; nothing where the text is none.
#[must_use]
pub fn bytes(text: &str) -> Option<u64> {
    scaled(text, 1)
}

/// Thousandths of a vCPU of an amount of CPU; nothing where the text is none.
#[must_use]
pub fn millicpu(text: &str) -> Option<u64> {
    scaled(text, 1000)
}

/// An amount times `unit`, rounded up as Kubernetes does.
fn scaled(text: &str, unit: u128) -> Option<u64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    // Amounts with more digits are far beyond any machine; they would not fit below.
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || whole.len() > 19 || fraction.len() > 9 {
        return None;
    }
    let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
    let (times, over) = factor(suffix)?;
    let numerator = digits.checked_mul(times)?.checked_mul(unit)?;
    let denominator = 10_u128.pow(u32::try_from(fraction.len()).ok()?).checked_mul(over)?;
    u64::try_from(numerator.div_ceil(denominator)).ok()
}

/// What a suffix multiplies with, and divides by.
fn factor(suffix: &str) -> Option<(u128, u128)> {
    Some(match suffix {
        "" => (1, 1),
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1000),
        "k" => (1000, 1),
        "M" => (1_000_000, 1),
        "G" => (1_000_000_000, 1),
        "T" => (1_000_000_000_000, 1),
        "P" => (1_000_000_000_000_000, 1),
        "E" => (1_000_000_000_000_000_000, 1),
        "Ki" => (1 << 10, 1),
        "Mi" => (1 << 20, 1),
        "Gi" => (1 << 30, 1),
        "Ti" => (1 << 40, 1),
        "Pi" => (1 << 50, 1),
        "Ei" => (1 << 60, 1),
        _ => {
            let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok().filter(|e: &i32| e.abs() <= 18)?;
            let power = 10_u128.pow(exponent.unsigned_abs());
            if exponent < 0 { (1, power) } else { (power, 1) }
        }
    })
}

/// An amount of memory in the unit of one that is written already, so that the two are told apart at a glance:
/// `4096Mi` and 1 GiB give `1024Mi`. Never more than `bytes`.
#[must_use]
pub fn memory_like(written: &str, bytes: u64) -> String {
    let digits = written.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
    match &written[digits..] {
        "Ki" => format!("{}Ki", bytes >> 10),
        "Mi" => format!("{}Mi", bytes >> 20),
        // A whole number of decimal units below a round binary amount has the same digits: 1Gi and 1G.
        "G" | "M" if bytes >= 1 << 30 && bytes.is_multiple_of(1 << 30) => match &written[digits..] {
            "G" => format!("{}G", bytes >> 30),
            _ => format!("{}M", (bytes >> 30) * 1000),
        },
        "G" | "M" => format!("{}M", bytes >> 20),
        "" if !written.contains(['e', 'E']) => bytes.to_string(),
        _ => Quantity(bytes).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_kubernetes_reads_them() {
        let cases = [
            ("512Mi", Some(512 << 20)),
            ("512M", Some(512_000_000)),
            ("4096Mi", Some(4 << 30)),
            ("1G", Some(1_000_000_000)),
            ("1Gi", Some(1 << 30)),
            ("1.5Gi", Some(3 << 29)),
            (".5Gi", Some(1 << 29)),
            ("536870912", Some(1 << 29)),
            ("1e9", Some(1_000_000_000)),
            ("1E3", Some(1000)),
            ("1E", Some(1_000_000_000_000_000_000)),
            ("1500e-3", Some(2)),
            ("+2k", Some(2000)),
            ("1Ki", Some(1024)),
            ("0", Some(0)),
            ("", None),
            (".", None),
            ("Mi", None),
            ("512mi", None),
            ("512MB", None),
            ("512 Mi", None),
            ("-1", None),
            ("1.2.3", None),
            ("1e", None),
            ("1e99", None),
            ("99999999999999999999Ei", None),
            ("9999999999999999999Ei", None),
            ("${MEMORY}", None),
            ("１Gi", None),
        ];
        for (text, expected) in cases {
            assert_eq!(bytes(text), expected, "{text:?}");
        }
    }

    #[test]
    fn cpu_is_read_in_thousandths() {
        for (text, expected) in [("1", Some(1000)), ("2000m", Some(2000)), ("0.5", Some(500)), ("0.0001", Some(1)), ("two", None)] {
            assert_eq!(millicpu(text), expected, "{text:?}");
        }
    }

    #[test]
    fn amounts_are_written_in_the_unit_at_hand() {
        let cases = [
            ("2Gi", 512 << 20, "512Mi"),
            ("2Gi", 1 << 30, "1Gi"),
            ("4096Mi", 1 << 30, "1024Mi"),
            ("1.5Gi", 512 << 20, "512Mi"),
            ("2G", 512 << 20, "512M"),
            ("2G", 1 << 30, "1G"),
            ("2000M", 1 << 30, "1000M"),
            ("2147483648", 1 << 30, "1073741824"),
            ("2e9", 1 << 30, "1Gi"),
            ("4194304Ki", 1 << 30, "1048576Ki"),
            ("8G", 3 << 29, "1536M"),
        ];
        for (written, amount, expected) in cases {
            assert_eq!(memory_like(written, amount), expected, "{written}");
            assert!(bytes(expected).is_some_and(|b| b <= amount), "{expected}");
        }
    }
}
