//! Who looks at the account beside the scenario: in the middle of it, or when it is over.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;

use super::{Action, Outcome, Runner, Settings, in_virtual_time, setup};
use crate::account::Caller;
use crate::functions::Invoker;
use crate::host::SimulationHost;
use crate::scenario::{Silence, Unplayable};
use crate::sdk_client;

/// Somebody who asks the account by its API when the scenario is over, with SDKs that end in it.
/// Nobody listens any more.
pub type Inspect<'a> = Box<dyn FnOnce(SdkConfig) -> Pin<Box<dyn Future<Output = ()> + 'a>> + 'a>;

/// Lets them ask, if anybody is there.
pub async fn ask(world: &SimulationHost, afterwards: Option<Inspect<'_>>) {
    if let Some(afterwards) = afterwards {
        world.dismiss_observers();
        let wire = sdk_client::in_process_connector(world, Caller::Operator);
        afterwards(sdk_client::sdk_config(world, wire)).await;
    }
}

/// Plays `before`, lets somebody look at the account, and plays `after`. What he calls takes its
/// time, in which nothing else happens.
///
/// # Errors
/// A sentence: what was refused, and by whom.
pub fn play_and_look<T>(
    settings: &Settings,
    before: &[Action],
    after: &[Action],
    look: impl AsyncFnOnce(&SimulationHost) -> T,
) -> Result<(T, Outcome), Unplayable> {
    in_virtual_time(settings, async {
        let world = SimulationHost::new(setup::account(settings), Invoker::in_process());
        let silence = Arc::new(Mutex::new(Silence));
        let mut stage = Runner::new(settings, world.clone(), silence)?;
        for action in before {
            stage.act(action).await?;
        }
        let seen = look(&world).await;
        let played = stage.play(after).await;
        world.end();
        Ok((seen, played?))
    })
}
