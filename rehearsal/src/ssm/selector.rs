//! The names of parameters: which are good, and what a selector behind one chooses.

use super::Version;
use crate::account::arn;
use crate::wire::ApiError;

/// What a reader wants: `NAME`, `NAME:2`, `NAME:label`, each as an ARN too.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Name of the parameter.
    pub name: &'a str,
    /// Number or label of the version; none for the newest.
    pub selector: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    /// Reads it.
    pub fn parse(given: &'a str) -> Self {
        let prefix = arn("ssm", "parameter");
        let given = given.strip_prefix(prefix.as_str()).unwrap_or(given);
        match given.split_once(':') {
            Some((name, selector)) => Self {
                name,
                selector: Some(selector),
            },
            None => Self {
                name: given,
                selector: None,
            },
        }
    }

    /// The number of the version that it chooses.
    ///
    /// # Errors
    /// `ParameterVersionNotFound`.
    pub fn version_of(&self, versions: &[Version]) -> Result<usize, ApiError> {
        let Some(selector) = self.selector else {
            return Ok(versions.len());
        };
        if let Ok(number) = selector.parse::<usize>() {
            let there = (1..=versions.len()).contains(&number);
            return there
                .then_some(number)
                .ok_or_else(|| no_version(self.name, selector));
        }
        let labelled = |version: &Version| version.labels.contains(selector);
        let place = versions.iter().position(labelled);
        place.map(|place| place + 1).ok_or_else(|| {
            let name = self.name;
            let message = format!(
                "Systems Manager could not find a version of {name} that has the specified label, {selector}. Verify the parameter label and try again."
            );
            ApiError::client("ParameterVersionNotFound", message)
        })
    }
}

/// There is no version of this number.
pub fn no_version(name: &str, number: &str) -> ApiError {
    let message = format!(
        "Systems Manager could not find version {number} of {name}. Verify the version and try again."
    );
    ApiError::client("ParameterVersionNotFound", message)
}

/// Whether AWS takes this label for certain: documented are letters, digits and `.-_`, 100 of them
/// at most, none of them a digit at the beginning, and not `aws` or `ssm` there.
pub fn is_label(label: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let lower = label.to_lowercase();
    (1..=100).contains(&label.len())
        && label.chars().all(allowed)
        && !label.starts_with(|c: char| c.is_ascii_digit())
        && !["aws", "ssm"].iter().any(|taken| lower.starts_with(taken))
}

/// Whether a parameter may be called so.
///
/// # Errors
/// `AccessDeniedException` for AWS's own, `ValidationException` for characters that no name has.
pub fn check_name(name: &str) -> Result<(), ApiError> {
    let first = name.trim_start_matches('/').split('/').next();
    if ["aws", "ssm"].iter().any(|taken| first == Some(taken)) {
        let message = format!("No access to reserved parameter name: {name}.");
        return Err(ApiError::client("AccessDeniedException", message));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/.-_".contains(c);
    if name.is_empty() || !name.chars().all(allowed) {
        let message = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_";
        return Err(ApiError::client("ValidationException", message));
    }
    Ok(())
}
