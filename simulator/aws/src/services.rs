//! The table of services: what an account has, and in which order the services notice what another
//! one does. A service is added with its module and a line here.

use jiff::Timestamp;

use crate::account::{Account, Service};
use crate::{
    autoscaling, cloudformation, cloudwatch, ec2, ecs, elasticloadbalancing, eventbridge, faults,
    lambda, s3, sns, sqs, ssm, stepfunctions, sts, wire,
};

/// ECS stands before Auto Scaling: the agent of an instance starts before its hook is reached, and
/// a container instance is gone before the group looks for who is missing.
#[rustfmt::skip]
static SERVICES: [Service; 14] = [
    Service::new("cloudformation").answers(cloudformation::call).remembers::<cloudformation::State>().notices(cloudformation::notice),
    Service::new("ecs").answers(ecs::call).remembers::<ecs::State>().notices(ecs::notice),
    Service::new("autoscaling").answers(autoscaling::call).remembers::<autoscaling::State>().notices(autoscaling::notice),
    Service::new("ec2").answers(ec2::call).remembers::<ec2::State>(),
    Service::new("states").answers(stepfunctions::call).remembers::<stepfunctions::State>(),
    Service::new("lambda").answers(lambda::call).remembers::<lambda::State>(),
    Service::new("events").answers(eventbridge::call).remembers::<eventbridge::State>(),
    Service::new("ssm").answers(ssm::call).remembers::<ssm::State>(),
    Service::new("sns").answers(sns::call).remembers::<sns::State>(),
    Service::new("sqs").answers(sqs::call).remembers::<sqs::State>(),
    Service::new("s3").remembers::<s3::State>(),
    Service::new("cloudwatch").remembers::<cloudwatch::State>(),
    Service::new("elasticloadbalancing").answers(elasticloadbalancing::call),
    Service::new("sts").answers(sts::call),
];

/// An empty account at `start`, in which all chance follows from `seed`.
pub fn account(start: Timestamp, seed: u64) -> Account {
    let mut account = Account::of(&SERVICES, start, seed);
    account.keep(faults::State::seeded(seed));
    account.keep(wire::State::seeded(seed));
    account
}
