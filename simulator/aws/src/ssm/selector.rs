//! What a reader of a parameter asks for, and which version a selector behind a name chooses.

use super::Version;
use crate::account::{PARTITION, REGION, arn};
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
    ///
    /// # Errors
    /// `NotImplemented` for an ARN of another account or Region.
    pub fn parse(given: &'a str) -> Result<Self, ApiError> {
        // AWS's own parameters belong to no account.
        let public = format!("arn:{PARTITION}:ssm:{REGION}::parameter");
        let own = [arn("ssm", "parameter"), public];
        let path = own.iter().find_map(|own| given.strip_prefix(own.as_str()));
        if path.is_none() && given.starts_with("arn:") {
            return Err(ApiError::not_known(format_args!(
                "the parameter {given} of another account or Region"
            )));
        }
        let given = path.unwrap_or(given);
        Ok(match given.split_once(':') {
            Some((name, selector)) => Self {
                name,
                selector: Some(selector),
            },
            None => Self {
                name: given,
                selector: None,
            },
        })
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

/// Whether AWS takes this label for certain: letters, digits and `.-_`, 100 of them at most, no
/// digit at the beginning, and not `aws` or `ssm` there
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_LabelParameterVersion.html>).
pub fn is_label(label: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let lower = label.to_lowercase();
    (1..=100).contains(&label.len())
        && label.chars().all(allowed)
        && !label.starts_with(|c: char| c.is_ascii_digit())
        && !["aws", "ssm"].iter().any(|taken| lower.starts_with(taken))
}
