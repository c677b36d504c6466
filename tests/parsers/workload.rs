//! What `aws ecs describe-services` prints, for `rehearse --workload`, and whether the account
//! takes what is read of it.

use serde_json::json;
use simulator::functions::Invoker;
use simulator::host::SimulationHost;
use simulator::workload::{Workload, start};

use super::{Verdict, scene, text};

pub fn run(input: &[u8]) -> Verdict {
    let input = match text(input) {
        Ok(input) => input,
        Err(refused) => return refused,
    };
    let workload = match Workload::read("w.json", input) {
        Ok(workload) => workload,
        Err(error) => {
            let message = error.to_string();
            assert!(message.starts_with("w.json: "), "{message}");
            return Verdict::Refused(message);
        }
    };
    assert!(!workload.services.is_empty(), "nothing runs");
    assert!(workload.tasks.is_empty(), "there are no tasks in the file");
    assert!(workload.services.iter().all(|it| !it.name.is_empty()));
    assert!(workload.assumed.len() >= workload.services.len());
    let world = SimulationHost::new(scene::empty(), Invoker::in_process());
    let cluster = json!({"clusterName": "c"});
    world
        .call("ecs", "CreateCluster", &cluster)
        .expect("a cluster is made");
    match start(&world, "c", &workload) {
        Ok(()) => {
            world.with(|account| scene::steps(account, 300, scene::HOUR));
            Verdict::Accepted
        }
        Err(refused) => {
            assert!(refused.what.starts_with("service "), "{refused:?}");
            scene::error(&refused.error);
            Verdict::Refused(refused.to_string())
        }
    }
}
