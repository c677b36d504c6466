//! By chance: what must hold whatever happens, and that all comes to rest when nothing happens any
//! more.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::{agent_disconnected, agent_reconnected, instance};
use super::World;
use crate::ecs::ECS;

/// The books agree: each task stands in its instance's and its service's, and resources add up and
/// suffice.
fn invariant_books_agree(world: &World) {
    let cluster = world.account[ECS].cluster("c");
    let mut used: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for task in cluster.tasks.values() {
        let instance = cluster.instances.get(&task.instance);
        let live = instance.is_some_and(|instance| instance.live.contains_key(&task.id));
        assert_eq!(live, !task.stopped(), "task {} of {}", task.id, task.group);
        if let Some(service) = &task.service {
            let service = cluster.services.get(service).expect("its service");
            assert_eq!(service.live.contains_key(&task.id), !task.stopped());
            assert_eq!(service.gone.contains(&task.id), task.stopped());
        }
        if !task.stopped() {
            let (cpu, memory) = used.entry(&task.instance).or_default();
            *cpu += task.definition.cpu;
            *memory += task.definition.memory;
        }
    }
    for instance in cluster.instances.values() {
        let used = used.get(instance.id.as_str()).copied().unwrap_or_default();
        assert_eq!(used, (instance.used_cpu, instance.used_memory));
        assert!(
            used.0 <= instance.cpu && used.1 <= instance.memory,
            "{}",
            instance.ec2
        );
        assert!(
            instance.registered() || instance.live.is_empty(),
            "{}",
            instance.ec2
        );
    }
}

/// One thing happens to the cluster.
fn something_happens(world: &mut World, next: &mut usize) {
    let registered: Vec<String> = {
        let cluster = world.account[ECS].cluster("c");
        let registered = cluster
            .instances
            .values()
            .filter(|instance| instance.registered());
        registered.map(|instance| instance.ec2.clone()).collect()
    };
    let pick = world.account.random.usize(0..registered.len().max(1));
    let ec2 = registered.get(pick).cloned();
    match (world.account.random.u8(0..8), ec2) {
        (0 | 1, _) | (_, None) => {
            world.boots(*next, "c");
            *next += 1;
        }
        (2 | 3, Some(ec2)) => world.drains(&ec2),
        (4, Some(ec2)) => agent_disconnected(&mut world.account, &ec2),
        (5, Some(ec2)) => agent_reconnected(&mut world.account, &ec2),
        (6, Some(ec2)) if registered.len() > 2 => instance::terminated(&mut world.account, &ec2),
        (6, Some(_)) => {}
        (_, Some(_)) => {
            let desired = world.account.random.u64(0..6);
            world.does(
                "UpdateService",
                json!({"service": "web", "desiredCount": desired}),
            );
        }
    }
}

#[test]
fn whatever_happens_the_books_agree_and_it_comes_to_rest() {
    for seed in 0..12 {
        let mut world = World::seeded(3, seed);
        world.serves("web", 4, 50, 150);
        world.serves("api", 3, 100, 200);
        world.does(
            "CreateService",
            json!({"serviceName": "log", "taskDefinition": "web", "schedulingStrategy": "DAEMON"}),
        );
        let mut next = 3;
        for _ in 0..60 {
            something_happens(&mut world, &mut next);
            let seconds = world.account.random.u64(0..40);
            world.pass(seconds);
            invariant_books_agree(&world);
        }
        let all: Vec<String> = world.account[ECS].homes.keys().cloned().collect();
        for ec2 in &all {
            agent_reconnected(&mut world.account, ec2);
        }
        world.boots(next, "c");
        world.boots(next + 1, "c");
        world.pass(900);
        assert_eq!(world.account[ECS].pending(), None, "seed {seed}");
        for task in world.account[ECS].tasks() {
            let cluster = world.account[ECS].cluster("c");
            let instance = &cluster.instances[&cluster.by_ec2[&task.instance]];
            assert_eq!(instance.status.name(), "ACTIVE", "seed {seed}: {task:?}");
        }
    }
}

#[test]
fn a_drain_never_takes_a_service_below_its_minimum() {
    for seed in 0..12 {
        let mut world = World::seeded(4, seed);
        for (name, desired, minimum, maximum) in [
            ("a", 7, 50, 150),
            ("b", 4, 100, 200),
            ("c", 5, 34, 100),
            ("d", 1, 100, 200),
        ] {
            world.serves(name, desired, minimum, maximum);
        }
        for number in 0..4 {
            world.boots(4 + number, "c");
            let seconds = world.account.random.u64(0..90);
            world.pass(seconds);
            world.drains(&format!("i-{number}"));
            for _ in 0..world.account.random.u64(1..200) {
                world.pass(1);
                for service in world.account[ECS].services() {
                    assert!(
                        service.healthy >= service.minimum_healthy,
                        "seed {seed}: {service:?}"
                    );
                }
            }
        }
        world.pass(1200);
        assert_eq!(world.account[ECS].pending(), None, "seed {seed}");
    }
}
