//! AWS services in memory, as far as an ECS rollout meets them.
//!
//! - [`account`]: one clock, one queue of things to come, one state for each service.
//! - [`clock`]: the queue; [`caller`]: who calls; [`error`]: what is answered to a call that is
//!   refused; [`arn`] and [`region`]: how things are named.
//! - [`wire`]: what a request and an answer look like between a client and a service.
//! - [`trace`]: what happened.
//! - [`faults`]: what can be made to go wrong inside the services.
//! - [`signal`]: what a service lets the others notice without a call.
//! - [`access`], by [`iam`], and [`throttle`] say which calls a service refuses before it looks at
//!   them.
//! - One module per service: [`autoscaling`], [`cloudformation`], [`cloudwatch`], [`ec2`], [`ecs`],
//!   [`elasticloadbalancing`], [`eventbridge`], [`lambda`], [`s3`], [`sns`], [`sqs`], [`ssm`],
//!   [`stepfunctions`], [`sts`].
//!
//! A service answers calls (`call`, in the words of the AWS API), and does what it planned for
//! later (`on_event`). What it does not know it refuses, naming it. Nothing here waits, or knows
//! who calls: time is moved by whoever has the account.

pub mod access;
pub mod account;
pub mod arn;
pub mod autoscaling;
pub mod caller;
pub mod clock;
pub mod cloudformation;
pub mod cloudwatch;
pub mod ec2;
pub mod ecs;
pub mod elasticloadbalancing;
pub mod error;
pub mod eventbridge;
pub mod faults;
pub mod glob;
pub mod iam;
pub mod lambda;
pub mod region;
pub mod s3;
pub mod services;
pub mod signal;
pub mod sns;
pub mod sqs;
pub mod ssm;
pub mod state;
pub mod stepfunctions;
pub mod sts;
pub mod throttle;
pub mod trace;
pub mod wire;
