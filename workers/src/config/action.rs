//! Reading the lifecycle action that an event is about.

use crate::config::fields::Fields;
use crate::model::{Action, GroupName, HookName, HookToken, InstanceId, Place, Transition};

/// Length of a lifecycle action's token, by the Auto Scaling API.
const TOKEN_LENGTH: usize = 36;

/// The action, or nothing if there is a mistake in it.
pub fn read(detail: &mut Fields<'_>) -> Option<Action> {
    let places = [Place::Ec2, Place::AutoScalingGroup, Place::WarmPool];
    let places = places.map(|place| (place.name(), place));
    let instance = detail.checked(
        "EC2InstanceId",
        "an instance id, i-…",
        InstanceId::is_well_formed,
    );
    let group = detail.text("AutoScalingGroupName");
    let hook = detail.text("LifecycleHookName");
    let token = detail.optional(
        |detail| {
            detail.checked("LifecycleActionToken", "36 characters", |text| {
                text.len() == TOKEN_LENGTH
            })
        },
        "LifecycleActionToken",
    );
    let transition = detail.one_of(
        "LifecycleTransition",
        &[Transition::Launching, Transition::Terminating].map(|way| (way.name(), way)),
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
        token: token?.map(HookToken::new),
        transition: transition?,
        origin: origin?,
        destination: destination?,
    })
}
