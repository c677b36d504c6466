//! Who looks at the account beside the scenario: in the middle of it, or when it is over.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;

use super::{Action, LIMIT, Outcome, Runner, Settings, in_virtual_time, setup};
use crate::account::Caller;
use crate::functions::Invoker;
use crate::host::SimulationHost;
use crate::scenario::{Silence, Unplayable};
use crate::sdk_client;
use crate::stepfunctions::STEPFUNCTIONS;

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

/// Plays `before`, then `actions` while somebody watches the account by its API in the same virtual
/// time: what the watcher sees depends on the settings alone. The account runs until the watcher
/// has seen enough.
///
/// # Errors
/// What was refused, and by whom.
pub fn run_watched<T>(
    settings: &Settings,
    before: &[Action],
    actions: &[Action],
    watch: impl AsyncFnOnce(SdkConfig) -> T,
) -> Result<(T, Outcome), Unplayable> {
    in_virtual_time(settings, async {
        let mut account = setup::account(settings);
        account[STEPFUNCTIONS].forget_histories = false;
        let host = SimulationHost::new(account, Invoker::in_process());
        let silence = Arc::new(Mutex::new(Silence));
        let mut runner = Runner::new(settings, host.clone(), silence)?;
        for action in before {
            runner.act(action).await?;
        }
        let has_seen = Cell::new(false);
        let wire = sdk_client::in_process_connector(&host, Caller::Operator);
        let watching = async {
            let seen = watch(sdk_client::sdk_config(&host, wire)).await;
            has_seen.set(true);
            // The host asks whether it is done after each event.
            host.with(|_| ());
            seen
        };
        let playing = async {
            let played = runner.play(actions).await;
            let limit = host.now() + LIMIT;
            host.run_until(|_| has_seen.get(), limit).await;
            played
        };
        let (seen, played) = tokio::join!(watching, playing);
        host.end();
        Ok((seen, played?))
    })
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
