//! The version of what the template writes and the workers read.

use crate::config::fields::Fields;

/// The version of what template, workers and `ecs-rollout` exchange. A change that an older worker
/// must not overlook raises it, together with the template's; docs/versioning.md says when.
pub const INTERFACE_VERSION: i64 = 1;

/// Where metadata and the reconciler's input carry it.
pub const KEY: &str = "interfaceVersion";

/// Notes a mistake if the input is of a version that this worker does not understand. Templates
/// that write none are of version 1.
pub fn check(fields: &mut Fields<'_>) -> Option<()> {
    let given = fields.optional(|it| it.whole(KEY, &(1..=i64::MAX)), KEY)?;
    let given = given.unwrap_or(1);
    if given > INTERFACE_VERSION {
        let release = env!("CARGO_PKG_VERSION");
        fields.refuse(
            KEY,
            format!(
                "is {given}, and this worker (release {release}) understands {INTERFACE_VERSION} at most; \
                 update the stack with the template and the workers of one release"
            ),
        );
        return None;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    fn problem(metadata: &Value) -> Option<String> {
        let (empty, mut mistakes) = (Map::new(), Vec::new());
        let understood = check(&mut Fields::of(metadata, "m", &empty, &mut mistakes));
        assert_eq!(understood.is_some(), mistakes.is_empty());
        mistakes.first().map(ToString::to_string)
    }

    #[test]
    fn present_and_earlier_templates_are_understood() {
        for metadata in [json!({}), json!({"interfaceVersion": INTERFACE_VERSION})] {
            assert_eq!(problem(&metadata), None);
        }
    }

    #[test]
    fn a_newer_version_is_named_with_ours_and_the_way_out() {
        let newer = json!({"interfaceVersion": INTERFACE_VERSION + 1});
        let problem = problem(&newer).expect("too new");
        let (given, ours) = (INTERFACE_VERSION + 1, INTERFACE_VERSION);
        assert!(problem.starts_with(&format!(
            "m.interfaceVersion is {given}, and this worker (release "
        )));
        assert!(problem.contains(&format!("understands {ours} at most; update the stack")));
    }

    #[test]
    fn what_is_no_version_is_a_mistake() {
        for bad in [json!(0), json!("1"), json!(1.5)] {
            assert!(
                problem(&json!({"interfaceVersion": bad})).is_some(),
                "{bad}"
            );
        }
    }
}
