//! Every list is read to its last page, and every description is asked for in portions that the API
//! takes.

use serde_json::{Value, json};

use crate::clock::Clock;
use crate::ecs::Ecs;
use crate::model::{
    ClusterName, ContainerInstanceArn, GroupName, InstanceId, ServiceName, TaskArn,
};
use crate::stub;

/// How many items a page has. Of 70, two pages do not fit into one description.
pub const PAGE: usize = 70;

/// Which of `pages` is asked for, and the token of the next one.
pub fn page_of(token: Option<&str>, pages: usize) -> (usize, Option<String>) {
    let page = token.map_or(0, |token| token.parse().expect("a token of ours"));
    assert!(page < pages, "page {page} of {pages}");
    let next = page + 1;
    (page, (next < pages).then(|| next.to_string()))
}

/// The items of a page, as `name` makes them of their number.
pub fn items<T>(page: usize, name: impl Fn(usize) -> T) -> Vec<T> {
    (page * PAGE..(page + 1) * PAGE).map(name).collect()
}

/// Each thing that is asked for is there. No portion is greater than the API takes.
fn described(
    asked: &Value,
    member: &str,
    at_most: usize,
    one: impl Fn(&str) -> Value,
) -> Vec<Value> {
    let all = asked[member].as_array().expect("a list");
    assert!(
        !all.is_empty() && all.len() <= at_most,
        "{} {member}",
        all.len()
    );
    all.iter()
        .map(|it| one(it.as_str().expect("a text")))
        .collect()
}

/// ECS whose every list has so many pages. What it listed is there, its tasks RUNNING, its
/// instances `status`.
fn ecs_of(pages: usize, status: &'static str) -> Ecs {
    let aws = stub::aws(move |asked| {
        let body = asked.json();
        let (page, next) = if asked.action.starts_with("List") {
            page_of(body["nextToken"].as_str(), pages)
        } else {
            (0, None)
        };
        let which = body["desiredStatus"].as_str().unwrap_or_default();
        let answer = match asked.action.as_str() {
            "ListContainerInstances" => {
                json!({"containerInstanceArns": items(page, |n| format!("c{n:04}"))})
            }
            "ListTasks" => json!({"taskArns": items(page, |n| format!("{which}{n:04}"))}),
            "ListServices" => {
                json!({"serviceArns": items(page, |n| format!("arn:aws:ecs:r:1:service/c/s{n:04}"))})
            }
            "DescribeContainerInstances" => {
                let mark = json!([{"name": "ecs-rollout.terminate", "value": stub::at(1)}]);
                let one = |arn: &str| {
                    json!({"containerInstanceArn": arn, "status": status, "agentConnected": true,
                    "ec2InstanceId": arn.replace('c', "i-"), "attributes": mark})
                };
                json!({"containerInstances": described(&body, "containerInstances", 100, one)})
            }
            "UpdateContainerInstancesState" => {
                let one =
                    |arn: &str| json!({"containerInstanceArn": arn, "status": body["status"]});
                json!({"containerInstances": described(&body, "containerInstances", 10, one)})
            }
            "DescribeTasks" => {
                let one = |arn: &str| json!({"taskArn": arn, "lastStatus": "RUNNING"});
                json!({"tasks": described(&body, "tasks", 100, one)})
            }
            "GetTaskProtection" => {
                let one = |arn: &str| json!({"taskArn": arn, "protectionEnabled": true, "expirationDate": 1_795_395_600.0});
                json!({"protectedTasks": described(&body, "tasks", 100, one)})
            }
            "DescribeServices" => {
                let one = |name: &str| json!({"serviceName": name, "status": "ACTIVE"});
                json!({"services": described(&body, "services", 10, one)})
            }
            other => panic!("{other} was asked"),
        };
        let mut answer = answer;
        if let Some(next) = next {
            answer["nextToken"] = json!(next);
        }
        (200, answer.to_string())
    });
    Ecs::new(&aws, &Clock::default())
}

#[tokio::test]
async fn every_list_of_ecs_is_read_to_its_last_page() {
    let cluster = &ClusterName::new("DevCluster");
    let instance = &InstanceId::new("i-0123456789abcdef0");
    let arn = &ContainerInstanceArn::new("c");
    for pages in 1..=3 {
        let all = pages * PAGE;
        let ecs = ecs_of(pages, "DRAINING");
        let found = [
            (
                "registrations",
                ecs.registrations(cluster, instance)
                    .await
                    .map(|it| it.len()),
                all,
            ),
            // Those that are wanted, and those that are not.
            (
                "tasks_on",
                ecs.tasks_on(cluster, arn, &[]).await.map(|it| it.len()),
                2 * all,
            ),
            (
                "tasks_wanted_on",
                ecs.tasks_wanted_on(cluster, arn).await.map(|it| it.len()),
                all,
            ),
            (
                "daemons",
                ecs.daemons(cluster).await.map(|it| it.len()),
                all,
            ),
            ("kept", ecs.kept(cluster).await.map(|it| it.len()), all),
            (
                "to_be_ended",
                ecs.to_be_ended(cluster).await.map(|it| it.len()),
                all,
            ),
        ];
        for (name, found, expected) in found {
            assert_eq!(found.expect(name), expected, "{name} of {pages} pages");
        }
        // More than one filter takes, each of which lists all pages; the last is on the last page.
        let ids: Vec<InstanceId> = (0..all)
            .map(|n| InstanceId::new(format!("i-{n:04}")))
            .collect();
        let draining = ecs.draining_among(cluster, &ids).await.expect("an answer");
        assert_eq!(draining, ids, "{pages} pages");
    }
}

#[tokio::test]
async fn everything_is_described_in_portions_that_the_api_takes() {
    let cluster = &ClusterName::new("DevCluster");
    let ecs = ecs_of(1, "ACTIVE");
    for count in [1, 9, 10, 11, 99, 100, 101, 205] {
        let arns: Vec<_> = (0..count)
            .map(|n| ContainerInstanceArn::new(format!("c{n}")))
            .collect();
        let tasks: Vec<_> = (0..count).map(|n| TaskArn::new(format!("t{n}"))).collect();
        let names: Vec<_> = (0..count)
            .map(|n| ServiceName::new(format!("s{n}")))
            .collect();
        for (name, found) in [
            (
                "container_instances",
                ecs.container_instances(cluster, &arns)
                    .await
                    .map(|it| it.len()),
            ),
            (
                "set_draining",
                ecs.set_draining(cluster, &arns).await.map(|it| it.len()),
            ),
            (
                "set_active",
                ecs.set_active(cluster, &arns).await.map(|it| it.len()),
            ),
            ("tasks", ecs.tasks(cluster, &tasks).await.map(|it| it.len())),
            (
                "protected",
                ecs.protected(cluster, &tasks).await.map(|it| it.len()),
            ),
            (
                "services",
                ecs.services(cluster, &names).await.map(|it| it.len()),
            ),
        ] {
            assert_eq!(found.expect(name), count, "{name} of {count}");
        }
    }
}

fn form(body: &str, name: &str) -> Option<String> {
    let pair = body
        .split('&')
        .find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    pair.map(str::to_owned)
}

#[tokio::test]
async fn every_list_of_auto_scaling_is_read_to_its_last_page() {
    for pages in 1..=3 {
        let client = stub::autoscaling(move |asked| {
            let (page, next) = page_of(form(&asked.body, "NextToken").as_deref(), pages);
            let next =
                next.map_or_else(String::new, |next| format!("<NextToken>{next}</NextToken>"));
            let all = match asked.action.as_str() {
                "DescribeWarmPool" => {
                    let one = |n| {
                        format!(
                            "<member><InstanceId>i-{n:08x}</InstanceId><LifecycleState>Warmed:Stopped</LifecycleState></member>"
                        )
                    };
                    format!("<Instances>{}</Instances>", items(page, one).concat())
                }
                _ => {
                    let one = |n| {
                        format!(
                            "<member><ActivityId>{n}</ActivityId><AutoScalingGroupName>G</AutoScalingGroupName>\
                         <Description>Terminating EC2 instance: i-{n:08x}</Description><Cause>c</Cause>\
                         <StatusCode>InProgress</StatusCode><StartTime>2026-11-23T00:00:00Z</StartTime></member>"
                        )
                    };
                    format!("<Activities>{}</Activities>", items(page, one).concat())
                }
            };
            (200, stub::xml(&asked.action, &format!("{all}{next}")))
        });
        let group = GroupName::new("G");
        let pool = client.pool_instances(&group).await.expect("an answer");
        assert_eq!(pool.len(), pages * PAGE);
        // The first and the last; and one that is on no page.
        let last = InstanceId::new(format!("i-{:08x}", pages * PAGE - 1));
        let (first, nowhere) = (InstanceId::new("i-00000000"), InstanceId::new("i-0fffffff"));
        let open = client
            .open_activities(&group, &[&first, &last, &nowhere])
            .await;
        let found: Vec<InstanceId> = open
            .expect("an answer")
            .into_iter()
            .map(|one| one.instance)
            .collect();
        assert_eq!(found, [first, last]);
    }
}
