//! An AWS account in memory, in which the real template, the real definition and the real workers
//! roll a cluster.
//!
//! # Layout
//! - The crate [`aws`] is the account: its services, the wire, the trace, the faults inside the
//!   services. Its modules are here by their names too.
//! - [`host`]: the account with time running; [`interceptors`] stand around each call;
//!   [`endpoint`] serves it to clients on loopback.
//! - [`invocation`]: what comes of an invocation. [`functions`] and [`activities`] run the workers
//!   in the host, [`lambda_process`] as processes; [`sdk_client`] is where their SDKs end.
//! - The crate [`checker`] judges the [`invariants`] at every event; [`narrator`] tells the events
//!   as lines; [`report`], with [`api_quota`], counts them.
//! - [`scenario`] plays a scenario with its [`workload`], [`explorer`] draws scenarios by chance.
//! - [`text_file`]: text files, as people's tools write them.

pub use ::checker;
pub use aws::{
    access, account, autoscaling, clock, cloudformation, cloudwatch, ec2, ecs,
    elasticloadbalancing, eventbridge, faults, glob, iam, lambda, s3, services, signal, sns, sqs,
    ssm, state, stepfunctions, sts, throttle, trace, wire,
};
pub use checker::invariants;

pub mod activities;
pub mod api_quota;
pub mod endpoint;
pub mod explorer;
pub mod functions;
pub mod host;
pub mod interceptors;
pub mod invocation;
pub mod lambda_process;
pub mod narrator;
pub mod report;
pub mod scenario;
pub mod sdk_client;
pub mod text_file;
pub mod workload;
