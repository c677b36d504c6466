//! How things in the account are named.

use crate::region::REGION;

/// The account's number, as AWS's own documentation writes its examples.
pub const ACCOUNT_ID: &str = "123456789012";
/// The partition of all ARNs.
pub const PARTITION: &str = "aws";

/// The ARN of `resource` (`service:…:resource`) in this account and Region.
pub fn arn(service: &str, resource: &str) -> String {
    format!("arn:{PARTITION}:{service}:{REGION}:{ACCOUNT_ID}:{resource}")
}
