//! What the nouns of a cluster say of themselves.

use super::ContainerInstanceStatus::{
    Active, Deregistering, Draining, Inactive, Registering, RegistrationFailed,
};
use super::*;
use crate::stub;

fn registration(arn: &str, status: ContainerInstanceStatus, connected: bool) -> ContainerInstance {
    ContainerInstance {
        arn: ContainerInstanceArn::new(arn),
        status,
        agent_connected: connected,
        termination_requested_at: None,
    }
}

#[test]
fn every_status_is_read_as_it_is_written_and_no_other() {
    for status in [
        Registering,
        RegistrationFailed,
        Active,
        Draining,
        Deregistering,
        Inactive,
    ] {
        let name = status.to_string();
        assert_eq!(ContainerInstanceStatus::from_name(&name), Some(status));
        assert_eq!(
            ContainerInstanceStatus::from_name(&name.to_lowercase()),
            None
        );
        let is_out = matches!(status, Inactive | RegistrationFailed);
        assert_eq!(status.is_registered(), !is_out, "{name}");
    }
    assert_eq!(ContainerInstanceStatus::from_name(""), None);
}

#[test]
fn the_latest_request_to_end_an_instance_counts_for_an_hour() {
    let with = |requests: &[Option<i64>]| -> Vec<ContainerInstance> {
        let each = requests.iter().map(|at| ContainerInstance {
            termination_requested_at: at.map(stub::at),
            ..registration("c", Draining, true)
        });
        each.collect()
    };
    for (requests, now, expected) in [
        (&[][..], 10, None),
        (&[None], 10, None),
        (&[Some(0)], 0, Some(0)),
        (&[Some(0)], 3599, Some(0)),
        (&[Some(0)], 3600, None),
        // AWS's clock, and not ours, may say that it was made later than now.
        (&[Some(20)], 10, Some(20)),
        (&[Some(0), None, Some(50)], 60, Some(50)),
        (&[Some(50), Some(0)], 60, Some(50)),
    ] {
        let requested = termination_requested(&with(requests), stub::at(now));
        assert_eq!(requested, expected.map(stub::at), "{requests:?} at {now}");
    }
}

#[test]
fn registrations_with_a_connected_agent_count_and_all_if_there_is_none() {
    let arns = |all: &[ContainerInstance]| -> String {
        let those = current(all).map(|one| one.arn.to_string());
        those.collect::<Vec<String>>().join(" ")
    };
    let (on, off) = (
        |arn, status| registration(arn, status, true),
        |arn, status| registration(arn, status, false),
    );
    for (all, expected) in [
        (vec![], ""),
        (vec![off("a", Active)], "a"),
        (vec![off("a", Active), off("b", Draining)], "a b"),
        (vec![off("a", Active), on("b", Draining)], "b"),
        (vec![on("a", Active), on("b", Draining)], "a b"),
        // Out of the cluster, whatever it says of its agent.
        (vec![on("a", Inactive), off("b", Draining)], "a b"),
        (vec![on("a", Inactive), on("b", Draining)], "b"),
        (vec![on("a", Registering), off("b", Active)], "a"),
    ] {
        assert_eq!(arns(&all), expected, "{all:?}");
    }
}

#[test]
fn an_agent_is_gone_if_no_live_registration_has_it() {
    for (all, is_gone) in [
        (vec![], false),
        (vec![registration("a", Active, true)], false),
        (vec![registration("a", Active, false)], true),
        (vec![registration("a", Draining, false)], true),
        (vec![registration("a", Inactive, false)], false),
        (vec![registration("a", Registering, false)], false),
        (
            vec![
                registration("a", Active, false),
                registration("b", Draining, true),
            ],
            false,
        ),
        (
            vec![
                registration("a", Active, false),
                registration("b", Inactive, true),
            ],
            true,
        ),
    ] {
        assert_eq!(agent_is_gone(&all), is_gone, "{all:?}");
    }
}

fn task(group: &str, status: &str) -> Task {
    Task {
        arn: TaskArn::new("arn:aws:ecs:r:1:task/DevCluster/0f"),
        group: group.to_owned(),
        last_status: status.to_owned(),
        wanted: true,
        since: Some(stub::at(0)),
        stopped_reason: None,
    }
}

#[test]
fn only_stopped_and_deleted_tasks_have_stopped() {
    for (status, is_stopped) in [
        ("STOPPED", true),
        ("DELETED", true),
        ("DEPROVISIONING", false),
        ("STOPPING", false),
        ("DEACTIVATING", false),
        ("RUNNING", false),
        ("PROVISIONING", false),
        ("", false),
        ("stopped", false),
    ] {
        assert_eq!(task("g", status).is_stopped(), is_stopped, "{status}");
    }
}

#[test]
fn a_task_is_called_by_its_service_its_family_its_group_or_its_id() {
    for (group, service, name, described) in [
        ("service:web", Some("web"), "web", "web (RUNNING 1m00s)"),
        (
            "family:batch",
            None,
            "batch (standalone)",
            "batch (RUNNING 1m00s, standalone)",
        ),
        (
            "nightly",
            None,
            "nightly (standalone)",
            "nightly (RUNNING 1m00s, standalone)",
        ),
        (
            "family:",
            None,
            "0f (standalone)",
            "0f (RUNNING 1m00s, standalone)",
        ),
        (
            "",
            None,
            "0f (standalone)",
            "0f (RUNNING 1m00s, standalone)",
        ),
    ] {
        let task = task(group, "RUNNING");
        assert_eq!(task.service(), service, "{group}");
        assert_eq!(task.name(), name, "{group}");
        assert_eq!(task.describe(stub::at(60)), described, "{group}");
        assert_eq!(task.id(), "0f");
    }
    let mut unknown = task("service:web", "PENDING");
    unknown.since = None;
    assert_eq!(
        unknown.describe_as("daemon", stub::at(60)),
        "web (PENDING, daemon)"
    );
}

fn counts(deployments: i64, running: i64, pending: i64, desired: i64) -> ServiceCounts {
    ServiceCounts {
        service: ServiceName::new("web"),
        deployments,
        running,
        pending,
        desired,
    }
}

#[test]
fn a_service_is_stable_with_one_deployment_and_just_the_tasks_it_wants() {
    for (counts, is_stable, deficit) in [
        (counts(1, 2, 0, 2), true, 0),
        (counts(1, 0, 0, 0), true, 0),
        (counts(0, 2, 0, 2), false, 0),
        (counts(2, 2, 0, 2), false, 0),
        (counts(1, 1, 0, 2), false, 1),
        (counts(1, 3, 0, 2), false, 0),
        (counts(1, 2, 1, 2), false, 0),
        (counts(1, 0, 2, 5), false, 5),
    ] {
        assert_eq!(counts.is_stable(), is_stable, "{counts}");
        assert_eq!(counts.deficit(), deficit, "{counts}");
    }
}

#[test]
fn a_service_is_worse_in_any_one_count_and_no_better_in_another_makes_up_for_it() {
    for (now, before, is_worse) in [
        (counts(1, 2, 0, 2), None, false),
        (counts(1, 1, 0, 2), None, true),
        (counts(1, 2, 1, 2), None, true),
        (counts(2, 2, 0, 2), None, true),
        // Deployed by another controller: it has no deployment, then or now.
        (counts(0, 2, 0, 2), None, false),
        (counts(1, 2, 0, 2), Some(counts(0, 2, 0, 2)), false),
        (counts(2, 2, 0, 2), Some(counts(0, 2, 0, 2)), true),
        (counts(2, 2, 0, 2), Some(counts(2, 2, 0, 2)), false),
        (counts(3, 2, 0, 2), Some(counts(2, 2, 0, 2)), true),
        (counts(1, 1, 0, 2), Some(counts(1, 1, 0, 2)), false),
        (counts(1, 0, 0, 2), Some(counts(1, 1, 0, 2)), true),
        (counts(1, 2, 1, 2), Some(counts(1, 2, 1, 2)), false),
        (counts(1, 2, 2, 2), Some(counts(1, 2, 1, 2)), true),
        // Scaled meanwhile: what is missing counts, not how many run.
        (counts(1, 4, 0, 5), Some(counts(1, 1, 0, 2)), false),
        (counts(1, 3, 0, 5), Some(counts(1, 1, 0, 2)), true),
        (counts(1, 1, 0, 2), Some(counts(3, 2, 5, 2)), true),
    ] {
        assert_eq!(
            now.is_worse_than(before.as_ref()),
            is_worse,
            "{now}, {before:?}"
        );
    }
}

#[test]
fn counts_name_what_is_not_as_usual() {
    for (counts, words) in [
        (counts(1, 2, 0, 2), "web (2 of 2 tasks running)"),
        (counts(0, 2, 0, 3), "web (2 of 3 tasks running)"),
        (counts(1, 2, 1, 3), "web (2 of 3 tasks running, 1 pending)"),
        (
            counts(2, 2, 0, 3),
            "web (2 of 3 tasks running, 2 deployments)",
        ),
        (
            counts(3, 2, 2, 3),
            "web (2 of 3 tasks running, 2 pending, 3 deployments)",
        ),
    ] {
        assert_eq!(counts.to_string(), words);
    }
}

#[test]
fn only_what_a_service_said_since_it_was_steady_counts() {
    let event = |message: &str| ServiceEvent {
        at: None,
        message: message.to_owned(),
    };
    let steady = event("(service web) has reached a steady state.");
    let unplaced = event("(service web) was unable to place a task because of this");
    let other = event("(service web) has started 1 tasks");
    for (events, expected) in [
        (vec![], false),
        (vec![unplaced.clone()], true),
        (vec![other.clone(), unplaced.clone()], true),
        (vec![steady.clone(), unplaced.clone()], false),
        (vec![unplaced.clone(), steady.clone()], true),
        (vec![other.clone(), steady, unplaced], false),
        (vec![other], false),
    ] {
        let terms = ServiceTerms {
            events,
            ..ServiceTerms::default()
        };
        assert_eq!(terms.unplaced().is_some(), expected, "{terms:?}");
    }
}

#[test]
fn a_report_counts_active_services_without_daemons_and_those_that_lack_most_first() {
    let service = |name: &str, active: bool, is_daemon: bool, running: i64| Service {
        active,
        created: None,
        counts: ServiceCounts {
            service: ServiceName::new(name),
            deployments: 1,
            running,
            pending: 0,
            desired: 4,
        },
        terms: ServiceTerms {
            is_daemon,
            ..ServiceTerms::default()
        },
    };
    let counts = counted(&[
        service("web", true, false, 4),
        service("gone", false, false, 0),
        service("logs", true, true, 0),
        service("api", true, false, 1),
    ]);
    let names: Vec<&str> = counts.iter().map(|one| one.service.as_str()).collect();
    assert_eq!(names, ["api", "web"]);
}
