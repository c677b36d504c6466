//! A paused group: the tag that says so, why, and since when.

use aws_sdk_autoscaling::types::builders::TagBuilder;
use aws_sdk_autoscaling::types::{AutoScalingGroup, Tag};
use jiff::Timestamp;
use workers::Error;
use workers::model::group::HOLD_TAG;

use super::Aws;
use crate::failure::Failure;

/// Why a rollout of the group is paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// The reason that was given.
    pub why: String,
    /// Since when; not known if somebody wrote the tag by hand.
    pub since: Option<Timestamp>,
}

/// Stands in the tag's value before the time: AWS has no time of a tag. Of characters that a tag takes everywhere
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html>).
const SINCE: &str = " - since ";

/// Longer reasons are refused: a tag's value has 256 characters, some of them for the time.
const WHY_AT_MOST: usize = 200;

impl Pause {
    /// Reads the tag's value.
    fn read(value: &str) -> Self {
        let parts = value.rsplit_once(SINCE);
        let parts = parts.and_then(|(why, since)| Some((why, since.parse().ok()?)));
        match parts {
            Some((why, since)) => Self {
                why: why.to_owned(),
                since: Some(since),
            },
            None => Self {
                why: value.to_owned(),
                since: None,
            },
        }
    }

    /// The tag's value.
    ///
    /// # Errors
    /// If the reason is too long for a tag.
    pub fn write(why: &str, since: Option<Timestamp>) -> Result<String, String> {
        match why.chars().count() {
            0..=WHY_AT_MOST => Ok(match since {
                Some(since) => format!("{why}{SINCE}{since:.0}"),
                None => why.to_owned(),
            }),
            count => Err(format!(
                "the reason has {count} characters: a tag of the group holds it, which has room for {WHY_AT_MOST}; shorten it"
            )),
        }
    }
}

impl Aws {
    /// Pauses the group, and says why and since when.
    ///
    /// # Errors
    /// A sentence for the user.
    pub async fn hold(
        &self,
        group: &str,
        why: &str,
        since: Option<Timestamp>,
    ) -> Result<(), Failure> {
        let value = Pause::write(why, since)?;
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
        .key(HOLD_TAG)
        .propagate_at_launch(false)
}

/// Why the group is paused, if it is.
pub fn paused(group: &AutoScalingGroup) -> Option<Pause> {
    let mut tags = group.tags().iter();
    let tag = tags.find(|tag| tag.key() == Some(HOLD_TAG))?;
    Some(Pause::read(tag.value().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_keeps_its_reason_and_its_time_in_the_tag() {
        let now: Timestamp = "2026-11-23T10:05:00.25Z".parse().expect("a time");
        let value = Pause::write("sale until noon - since Monday", Some(now)).expect("it is short");
        let read = Pause::read(&value);
        assert_eq!(read.why, "sale until noon - since Monday");
        assert_eq!(read.since, "2026-11-23T10:05:00Z".parse().ok());
        // Somebody may write the tag by hand.
        let by_hand = Pause::read("ask Kim");
        assert_eq!((by_hand.why.as_str(), by_hand.since), ("ask Kim", None));
        let without = Pause::write("ask Kim", None).expect("it is short");
        assert_eq!(Pause::read(&without), by_hand);
        let long = Pause::write(&"x".repeat(201), Some(now)).expect_err("it is too long");
        assert!(long.contains("201 characters"), "{long}");
    }
}
