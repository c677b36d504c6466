//! A paused group: the tag that says so, why, and since when.

use aws_sdk_autoscaling::types::builders::TagBuilder;
use aws_sdk_autoscaling::types::{AutoScalingGroup, Tag};
use jiff::Timestamp;
use workers::Error;
use workers::model::group::PAUSE_TAG;
pub use workers::model::group::Pause;

use super::Aws;
use crate::failure::Failure;

/// Longer reasons are refused: a tag's value has 256 characters, some of them for the time.
const WHY_AT_MOST: usize = 200;

/// A reason that a tag has no room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the reason has {characters} characters: a tag of the group holds it, which has room for {WHY_AT_MOST}; shorten it"
)]
pub struct ReasonTooLong {
    /// How long the reason is.
    pub characters: usize,
}

impl From<ReasonTooLong> for Failure {
    fn from(error: ReasonTooLong) -> Self {
        Self::from(error.to_string())
    }
}

/// The tag's value for this pause.
///
/// # Errors
/// As [`fits_tag`].
fn value(why: &str, since: Option<Timestamp>) -> Result<String, ReasonTooLong> {
    fits_tag(why)?;
    let why = why.to_owned();
    Ok(Pause { why, since }.value())
}

/// Whether a tag has room for this reason.
///
/// # Errors
/// If the reason is too long for a tag.
pub fn fits_tag(why: &str) -> Result<(), ReasonTooLong> {
    match why.chars().count() {
        0..=WHY_AT_MOST => Ok(()),
        characters => Err(ReasonTooLong { characters }),
    }
}

impl Aws {
    /// Pauses the group, and says why and since when.
    ///
    /// # Errors
    /// A sentence for the user.
    pub async fn pause(
        &self,
        group: &str,
        why: &str,
        since: Option<Timestamp>,
    ) -> Result<(), Failure> {
        let value = value(why, since)?;
        let sent = self.autoscaling.create_or_update_tags();
        let sent = sent.tags(tag(group).value(value).build()).send().await;
        let call = "autoscaling:CreateOrUpdateTags";
        sent.map_err(|error| Error::from_sdk(call, error))?;
        Ok(())
    }

    /// Ends the pause of the group.
    ///
    /// # Errors
    /// As [`Error::from_sdk`].
    pub async fn release(&self, group: &str) -> Result<(), Failure> {
        let sent = self.autoscaling.delete_tags().tags(tag(group).build());
        let call = "autoscaling:DeleteTags";
        let sent = sent.send().await;
        sent.map_err(|error| Error::from_sdk(call, error))?;
        Ok(())
    }
}

fn tag(group: &str) -> TagBuilder {
    Tag::builder()
        .resource_id(group)
        .resource_type("auto-scaling-group")
        .key(PAUSE_TAG)
        .propagate_at_launch(false)
}

/// Why the group is paused, if it is.
pub fn paused(group: &AutoScalingGroup) -> Option<Pause> {
    let mut tags = group.tags().iter();
    let tag = tags.find(|tag| tag.key() == Some(PAUSE_TAG))?;
    Some(Pause::read(tag.value().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_keeps_its_reason_and_its_time_in_the_tag() {
        let now: Timestamp = "2026-11-23T10:05:00.25Z".parse().expect("a time");
        let written = value("sale until noon - since Monday", Some(now)).expect("it is short");
        let read = Pause::read(&written);
        assert_eq!(read.why, "sale until noon - since Monday");
        assert_eq!(read.since, "2026-11-23T10:05:00Z".parse().ok());
        // Somebody may write the tag by hand.
        let by_hand = Pause::read("ask Kim");
        assert_eq!((by_hand.why.as_str(), by_hand.since), ("ask Kim", None));
        let without = value("ask Kim", None).expect("it is short");
        assert_eq!(Pause::read(&without), by_hand);
        let long = value(&"x".repeat(201), Some(now)).expect_err("it is too long");
        assert_eq!(long, ReasonTooLong { characters: 201 });
        assert!(long.to_string().contains("201 characters"), "{long}");
    }
}
