//! The nearest name, for errors about names that do not exist.

/// The candidate that `name` is most likely a misspelling of, if one is near enough.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&name, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity >= 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [&str; 4] = ["missing-timeout", "missing-retry", "missing-rate-limit", "sql-injection"];

    #[test]
    fn finds_misspellings() {
        assert_eq!(nearest("mising-timeout", RULES), Some("missing-timeout"));
        assert_eq!(nearest("missing_retry", RULES), Some("missing-retry"));
        assert_eq!(nearest("SQL-injection", RULES), Some("sql-injection"));
    }

    #[test]
    fn does_not_guess_wildly() {
        assert_eq!(nearest("E501", RULES), None);
    }
}
