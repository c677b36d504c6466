//! Reading the lifecycle action that an event is about.

use crate::config::fields::Fields;
use crate::model::{Action, GroupName, HookName, HookToken, InstanceId, Place, Transition};

/// Length of a lifecycle action's token, by the Auto Scaling API.
const TOKEN_LENGTH: usize = 36;

/// The action, or nothing if there is a mistake in it.
pub fn read(detail: &mut Fields<'_>) -> Option<Action> {
    let places = [
        ("EC2", Place::Ec2),
        ("AutoScalingGroup", Place::AutoScalingGroup),
        ("WarmPool", Place::WarmPool),
    ];
    let instance = detail.checked("EC2InstanceId", "an instance id, i-…", is_instance_id);
    let group = detail.text("AutoScalingGroupName");
    let hook = detail.text("LifecycleHookName");
    let token = detail.checked("LifecycleActionToken", "36 characters", |text| {
        text.len() == TOKEN_LENGTH
    });
    let transition = detail.one_of(
        "LifecycleTransition",
        &[
            ("autoscaling:EC2_INSTANCE_LAUNCHING", Transition::Launching),
            (
                "autoscaling:EC2_INSTANCE_TERMINATING",
                Transition::Terminating,
            ),
        ],
    );
    let origin = detail.optional(|detail| detail.one_of("Origin", &places), "Origin");
    let destination = detail.optional(
        |detail| detail.one_of("Destination", &places),
        "Destination",
    );
    Some(Action {
        instance: InstanceId::new(instance?),
        group: GroupName::new(group?),
        hook: HookName::new(hook?),
        token: HookToken::new(token?),
        transition: transition?,
        origin: origin?,
        destination: destination?,
    })
}

/// Whether a text is an instance's id. It goes into a filter of the cluster query language: nothing else may.
pub fn is_instance_id(text: &str) -> bool {
    text.strip_prefix("i-").is_some_and(|digits| {
        (8..=17).contains(&digits.len())
            && digits
                .bytes()
                .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}
