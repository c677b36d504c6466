//! Attributes that users put on container instances.

use serde_json::{Value, json};

use super::world::World;
use crate::ecs::ECS;

fn mark(name: &str, target: &Value) -> Value {
    json!({"attributes": [{"name": name, "value": "standalone-tasks", "targetType": "container-instance", "targetId": target}]})
}

#[test]
fn an_attribute_that_was_put_is_found_by_a_filter_and_described() {
    let mut world = World::with(2);
    let arn = world.instance("i-1")["containerInstanceArn"].clone();
    let filter = json!({"filter": "attribute:ecs-rollout.kept-for exists"});
    let none = world.does("ListContainerInstances", filter.clone());
    assert_eq!(none["containerInstanceArns"], json!([]));
    for _again in 0..2 {
        world.does("PutAttributes", mark("ecs-rollout.kept-for", &arn));
        let found = world.does("ListContainerInstances", filter.clone());
        assert_eq!(found["containerInstanceArns"], json!([arn]));
    }
    let described = world.instance("i-1");
    let attributes = described["attributes"].as_array().expect("a list");
    let put = json!({"name": "ecs-rollout.kept-for", "value": "standalone-tasks"});
    assert_eq!(attributes.iter().filter(|one| **one == put).count(), 1);
    assert_eq!(world.account[ECS].kept(), ["i-1"]);
}

#[test]
fn what_cannot_be_marked_is_refused() {
    let mut world = World::with(1);
    let arn = world.instance("i-0")["containerInstanceArn"].clone();
    let nowhere = world.refuses("PutAttributes", mark("mark", &json!("nowhere")));
    assert!(nowhere.contains("TargetNotFoundException"), "{nowhere}");
    let named = world.refuses("PutAttributes", mark("a mark", &arn));
    assert!(named.contains("Invalid attribute"), "{named}");
    let none = world.refuses("PutAttributes", json!({"attributes": []}));
    assert!(none.contains("one to 10"), "{none}");
    for number in 0..10 {
        world.does("PutAttributes", mark(&format!("mark-{number}"), &arn));
    }
    let many = world.refuses("PutAttributes", mark("mark-10", &arn));
    assert!(many.contains("AttributeLimitExceededException"), "{many}");
}
