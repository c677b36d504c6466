//! What runs on a drawn cluster: as much as leaves room to move, in services of many kinds, daemons
//! and standalone tasks.

use fastrand::Rng;
use serde_json::json;

use super::{chance, one_of};
use crate::autoscaling::zone;
use crate::workload::{Service, Standalone, Workload};

/// CPU units and MiB of an m7g.large, of which six tenths are used at most, so that a drain finds
/// room.
const CPU: u64 = 2048 * 6 / 10;
const MEMORY: u64 = 7680 * 6 / 10;
/// Services and standalone tasks are called after letters.
const NAMES: [&str; 5] = ["web", "api", "queue", "mail", "cache"];

/// What is left of the cluster while services are drawn.
struct Room {
    size: u64,
    zones: u64,
    cpu: u64,
    memory: u64,
}

/// Draws what runs on `size` instances in so many zones.
pub(super) fn workload(rng: &mut Rng, size: u64, zones: u64) -> Workload {
    let mut room = Room {
        size,
        zones,
        cpu: CPU * size,
        memory: MEMORY * size,
    };
    let mut generated = Workload::default();
    if chance(rng, 50) {
        generated.services.push(Service::daemon("logs"));
        room.cpu -= 64 * size;
        room.memory -= 128 * size;
    }
    for name in &NAMES[..rng.usize(0..=4)] {
        generated.services.extend(service(rng, name, &mut room));
    }
    for family in ["report", "backup"] {
        if chance(rng, 25) && room.cpu >= 128 && room.memory >= 256 {
            generated.tasks.push(standalone(rng, family));
            room.cpu -= 128;
            room.memory -= 256;
        }
    }
    // A scenario without a line about it has the built-in workload, which is not what was drawn.
    if generated == Workload::default() {
        generated.services.push(Service::daemon("logs"));
    }
    generated
}

fn service(rng: &mut Rng, name: &str, room: &mut Room) -> Option<Service> {
    let mut generated = Service::replica(name, 1);
    generated.cpu = one_of(rng, &[(30, 64), (40, 128), (20, 256), (10, 512)]);
    generated.memory = one_of(rng, &[(40, 128), (40, 256), (20, 1024)]);
    let mut most = (room.cpu / generated.cpu).min(room.memory / generated.memory);
    most = most.min(2 * room.size);
    constrain(rng, &mut generated, &mut most, room);
    if most == 0 {
        return None;
    }
    let desired = rng.u64(1..=most);
    room.cpu -= generated.cpu * desired;
    room.memory -= generated.memory * desired;
    generated.desired = Some(desired);
    (generated.minimum_percent, generated.maximum_percent) = one_of(
        rng,
        &[
            (50, (100, 200)),
            (15, (50, 200)),
            (10, (50, 100)),
            (10, (0, 100)),
            (10, (75, 150)),
            (3, (100, 100)),
        ],
    );
    generated.deregistration_seconds = one_of(
        rng,
        &[
            (50, None),
            (20, Some(30)),
            (20, Some(120)),
            (8, Some(300)),
            (2, Some(1200)),
        ],
    );
    generated.stop_timeout_seconds = one_of(rng, &[(70, 30), (20, 120), (10, 600)]);
    generated.exit_seconds = one_of(rng, &[(70, 3), (15, 25), (10, 100), (5, 900)]);
    Some(generated)
}

/// At most one constraint, and no more tasks than it leaves places for.
fn constrain(rng: &mut Rng, generated: &mut Service, most: &mut u64, room: &Room) {
    match rng.u32(0..100) {
        0..10 => {
            generated.host_port = Some(8000 + rng.u64(0..1000));
            *most = (*most).min(room.size);
        }
        10..20 => {
            generated.placement_constraints = json!([{"type": "distinctInstance"}]);
            *most = (*most).min(room.size);
        }
        // Each zone has an instance.
        20..30 if room.size >= room.zones => {
            let place = rng.u64(0..room.zones);
            let name = zone(place as usize);
            let expression = format!("attribute:ecs.availability-zone == {name}");
            generated.placement_constraints =
                json!([{"type": "memberOf", "expression": expression}]);
            *most = (*most).min(2);
        }
        _ => {}
    }
}

fn standalone(rng: &mut Rng, family: &str) -> Standalone {
    let run_seconds = if chance(rng, 90) {
        Some(rng.u64(60..=1800))
    } else {
        None
    };
    Standalone {
        family: family.to_owned(),
        count: 1,
        run_seconds,
        on_instance: None,
    }
}
