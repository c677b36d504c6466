//! Which names a parameter may have
//! (<https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html>).
//!
//! assumption: the texts; all but that on the length are from reports of users. The same names on
//! AWS prove them.

use crate::account::arn;
use crate::wire::ApiError;

/// The most levels of a hierarchy, as
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html>
/// has it.
const DEEPEST: usize = 15;
/// The most characters of a name, with the ARN before it
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html>).
const LONGEST: usize = 1011;

/// Whether a parameter may be called so.
///
/// # Errors
/// `AccessDeniedException` for AWS's own names, `HierarchyLevelLimitExceededException`,
/// `ValidationException`.
pub fn check(name: &str) -> Result<(), ApiError> {
    let invalid = |message: &str| Err(ApiError::client("ValidationException", message));
    let is_path = name.contains('/');
    let bare = name.trim_start_matches('/').to_lowercase();
    if name.starts_with('/') && bare.contains('/') && bare.starts_with("aws") {
        let message = format!("No access to reserved parameter name: {name}.");
        return Err(ApiError::client("AccessDeniedException", message));
    }
    if ["aws", "ssm"].iter().any(|taken| bare.starts_with(taken)) {
        return invalid(
            "Parameter name: can't be prefixed with \"aws\" or \"ssm\" (case-insensitive).",
        );
    }
    if is_path && !name.starts_with('/') {
        return invalid("Parameter name must be a fully qualified name.");
    }
    let parts: Vec<&str> = name.strip_prefix('/').unwrap_or(name).split('/').collect();
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let is_good = |part: &&str| !part.is_empty() && part.chars().all(allowed);
    if !parts.iter().all(is_good) {
        return invalid(
            "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_",
        );
    }
    if parts.len() > DEEPEST {
        return Err(ApiError::client(
            "HierarchyLevelLimitExceededException",
            format!("A hierarchy can have a maximum of {DEEPEST} levels."),
        ));
    }
    if arn("ssm", "parameter/").len() + bare.len() > LONGEST {
        return invalid(&format!(
            "Parameter name: with the ARN before it, it can have {LONGEST} characters at most."
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_and_refused_as_documented() {
        let deep = |levels: usize| "/a".repeat(levels);
        let long = |length: usize| format!("/{}", "a".repeat(length));
        let before = arn("ssm", "parameter/").len();
        for good in [
            "a",
            "/a",
            "/ami/ecs/latest",
            "/a/aws/b",
            "A_b-c.9",
            &deep(15),
            &long(1011 - before),
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, code, words) in [
            (
                "/aws/mine",
                "AccessDeniedException",
                "No access to reserved parameter name: /aws/mine.",
            ),
            ("/AWS/mine", "AccessDeniedException", "/AWS/mine"),
            ("/awsome/ami", "AccessDeniedException", "/awsome/ami"),
            (
                "awsTestParameter",
                "ValidationException",
                "\"aws\" or \"ssm\"",
            ),
            (
                "SSM-testparameter",
                "ValidationException",
                "\"aws\" or \"ssm\"",
            ),
            ("/ssm/a", "ValidationException", "\"aws\" or \"ssm\""),
            ("a/b", "ValidationException", "fully qualified"),
            ("", "ValidationException", "mix of letters"),
            ("/", "ValidationException", "mix of letters"),
            ("/a//b", "ValidationException", "mix of letters"),
            ("/a b", "ValidationException", "mix of letters"),
            ("/a:1", "ValidationException", "mix of letters"),
            (
                &deep(16),
                "HierarchyLevelLimitExceededException",
                "15 levels",
            ),
            (
                &long(1012 - before),
                "ValidationException",
                "1011 characters",
            ),
        ] {
            let refused = check(bad).expect_err(bad);
            assert_eq!(refused.code, code, "{bad}");
            assert!(refused.message.contains(words), "{bad}: {refused}");
        }
    }
}
