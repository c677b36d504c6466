//! An AWS account in memory, in which the real template, the real definition and the real workers
//! roll a cluster.
//!
//! # Layout
//! - [`account`]: the account: one clock, one queue of things to come, one state per service.
//! - [`clock`]: the queue of things to come.
//! - [`text_file`]: text files, as people's tools write them.
//! - [`api_quota`]: how much of the account's API limits a rollout uses.
//! - [`wire`]: what a request and an answer look like between a client and a service.
//! - [`trace`]: what happened, as the narrator shows it and the checker follows it.
//! - [`faults`]: what can be made to go wrong.
//! - [`scenario`] plays a scenario, [`explorer`] draws scenarios by chance.
//! - [`host`]: the account with time running; [`functions`] and [`lambda_process`] run its
//!   functions, [`endpoint`] serves it to clients on loopback.
//! - One module per AWS service: [`autoscaling`], [`cloudformation`], [`ec2`], [`ecs`],
//!   [`eventbridge`], [`lambda`], [`s3`], [`sns`], [`sqs`], [`ssm`], [`stepfunctions`], [`sts`];
//!   and [`cloudwatch`], which reads metrics out of log lines.
//! - [`functions`] and [`activities`] run the workers in the host; [`sdk_client`] is where their
//!   SDKs end.
//!
//! A service answers calls (`call`, in the words of the AWS API), and does what it planned for
//! later (`on_event`). Services ask one another through [`account::Account::call`], as any client
//! would. What a service does not know it refuses, naming it.

pub mod account;
pub mod activities;
pub mod api_quota;
pub mod autoscaling;
pub mod checker;
pub mod clock;
pub mod cloudformation;
pub mod cloudwatch;
pub mod ec2;
pub mod ecs;
pub mod elasticloadbalancing;
pub mod endpoint;
pub mod eventbridge;
pub mod explorer;
pub mod faults;
pub mod functions;
pub mod glob;
pub mod host;
pub mod iam;
pub mod interceptors;
pub mod invariants;
pub mod lambda;
pub mod lambda_process;
pub mod narrator;
pub mod report;
pub mod s3;
pub mod scenario;
pub mod sdk_client;
pub mod sns;
pub mod sqs;
pub mod ssm;
pub mod stepfunctions;
pub mod sts;
pub mod text_file;
pub mod throttle;
pub mod trace;
pub mod wire;
pub mod workload;
