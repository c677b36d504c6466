//! The rounds of `watch`: each looks at the stack, the group and the executions, and at some of the
//! rest. Nothing is kept elsewhere: started again, the first round reads everything back.

mod amis;
mod cluster;
mod ending;
mod estimate;
mod failures;
mod group;
mod histories;
mod once;
mod pace;
mod resource_ids;
mod updates;

use jiff::SignedDuration;
use tokio::sync::mpsc::UnboundedSender;

use super::Update;
use super::explainer::Explainer;
use super::paced_client::PacedClient;
use crate::aws::{Access, Stack, only_drafted};
use crate::failure::Failure;
use crate::watch::{
    Activities, Change, Ending, Entry, Events, Expected, Pauses, Snapshot, Standing,
};
use amis::Amis;
use cluster::Cluster;
use estimate::Estimate;
use failures::Failures;
use histories::Histories;
pub use once::look_once;
use resource_ids::{Failed, Places, gone_is};

/// So many pages of events are read at most in a round.
const PAGES_OF_EVENTS: usize = 10;

/// An operation has instances of two launch template versions: the AMIs of so many are looked at
/// first.
const VERSIONS_AT_FIRST: usize = 2;

/// Looks, round after round.
#[derive(Debug)]
pub struct Poller {
    look: PacedClient,
    /// The stack's name as the user gave it, then its ARN.
    stack: String,
    news: UnboundedSender<Update>,
    places: Places,
    events: Events,
    activities: Activities,
    histories: Histories,
    failures: Failures,
    cluster: Cluster,
    amis: Amis,
    estimate: Estimate,
    pauses: Pauses,
    round: u64,
    sight: Snapshot,
    before: Option<Standing>,
}

impl Poller {
    /// Rounds about `stack` that tell `news`; its rollout was `planned` to take so long, if it was.
    ///
    /// # Errors
    /// As [`Access::connect`].
    pub async fn new(
        access: Access,
        stack: String,
        planned: Option<SignedDuration>,
        news: UnboundedSender<Update>,
    ) -> Result<Self, Failure> {
        let look = PacedClient::new(access, news.clone()).await?;
        Ok(Self::with_client(look, stack, Estimate::of(planned), news))
    }

    /// Who may look beside the rounds.
    pub fn explainer(&self) -> Explainer {
        self.look.explainer()
    }

    fn with_client(
        look: PacedClient,
        stack: String,
        estimate: Estimate,
        news: UnboundedSender<Update>,
    ) -> Self {
        Self {
            look,
            stack,
            news,
            places: Places::default(),
            events: Events::default(),
            activities: Activities::default(),
            histories: Histories::default(),
            failures: Failures::default(),
            cluster: Cluster::default(),
            amis: Amis::default(),
            estimate,
            pauses: Pauses::default(),
            round: 0,
            sight: Snapshot::default(),
            before: None,
        }
    }

    /// Looks until all is at rest; whether it ended well.
    ///
    /// # Errors
    /// A sentence for the user.
    pub async fn run(mut self) -> Result<bool, Failure> {
        loop {
            let round = self.round().await?;
            if let Some(ending) = round {
                let well = ending.well;
                self.change(self.look.now(), Change::End(ending));
                return Ok(well);
            }
        }
    }

    /// One round; how it ended, if it has ended.
    async fn round(&mut self) -> Result<Option<Ending>, Failed> {
        let stack = self.look.stack(&self.stack).await?;
        // A name is found no more once its stack is deleted.
        self.stack.clone_from(&stack.id);
        has_resources(&stack)?;
        self.places.learn(&stack, self.before.is_some())?;
        self.sight.stack.clone_from(&stack.name);
        self.sight.status.clone_from(&stack.status);
        self.sight.region = self.look.region().to_owned();
        if self.round == 0 {
            self.send_newer_interface(&stack);
        }
        self.happenings(&stack).await?;
        self.sight.began = self.events.began.or(stack.since);
        if self.round == 0 {
            // Later the status of this round and the group of the last one would contradict.
            self.publish();
        }
        let group = self.group(&stack).await?;
        self.take(&stack, group.as_ref());
        self.publish();
        self.target(&stack).await?;
        if let Some(machine) = self.places.machine.clone() {
            let asked = &mut self.sight.asked;
            let looked = self.histories.look(&mut self.look, &machine, asked).await;
            self.sight.running = gone_is(looked, &stack, 0)?;
        }
        self.send_changes();
        self.publish();
        let rests = self.sight.running == 0
            && group
                .as_ref()
                .is_none_or(|group| group.moving().next().is_none());
        if !stack.is_busy() && (rests || stack.is_deleted()) {
            return self.ending(&stack, group.as_ref()).await.map(Some);
        }
        self.rest(&stack, group.is_some()).await?;
        self.estimated(&stack).await;
        self.round += 1;
        self.sight.is_whole = true;
        self.publish();
        Ok(None)
    }

    /// Learns where the operation leads, if that is not known: before all else, since the first
    /// line of the screen names it.
    async fn target(&mut self, stack: &Stack) -> Result<(), Failed> {
        let Some(cluster) = self.places.cluster.clone() else {
            return Ok(());
        };
        for _ in 0..VERSIONS_AT_FIRST {
            if !stack.is_busy() || self.sight.new_ami().is_some() {
                break;
            }
            let (members, amis) = (&self.sight.members, &mut self.sight.amis);
            let looked = self
                .amis
                .look(&mut self.look, &cluster, members, amis)
                .await;
            if !gone_is(looked, stack, false)? {
                break;
            }
            self.publish();
        }
        Ok(())
    }

    /// Asks for the plan's estimate, once, of a rollout whose first batch has not ended.
    async fn estimated(&mut self, stack: &Stack) {
        let is_unknown = self.sight.pace.expected(self.look.now()) == Expected::Unknown;
        if !(stack.goes_forward() && is_unknown && self.estimate.is_open()) {
            return;
        }
        // Settings that were read once can be read again; if not, there is no estimate.
        if let Ok(aws) = self.look.beside().await {
            self.estimate.seek(aws, stack.id.clone());
        }
    }

    /// What else there is to see, in turns.
    async fn rest(&mut self, stack: &Stack, has_group: bool) -> Result<(), Failed> {
        if let Some(group) = self.places.group.clone().filter(|_| has_group)
            && self.round.is_multiple_of(2)
        {
            let page = self.look.activities(&group).await;
            let page = gone_is(page.map(|page| page.items), stack, Vec::new())?;
            self.send_activities(page);
        } else if let Some(machine) = self.places.machine.clone() {
            let since = self.sight.began;
            let ended = self.failures.look(&mut self.look, &machine, since).await;
            for one in gone_is(ended, stack, Vec::new())? {
                self.send_ended(&one);
                self.sight.ended.insert(0, one);
            }
        }
        if let Some(cluster) = self.places.cluster.clone() {
            let (members, amis) = (&self.sight.members, &mut self.sight.amis);
            let looked = self
                .amis
                .look(&mut self.look, &cluster, members, amis)
                .await;
            // A round has few calls: what was spent on an AMI is saved at the services.
            if !gone_is(looked, stack, false)? || self.sight.services_listed.is_none() {
                let services = &mut self.sight.services;
                let looked = self.cluster.look(&mut self.look, &cluster, services).await;
                self.sight.services_listed = gone_is(looked, stack, None)?;
            }
        }
        Ok(())
    }

    /// The events that are new.
    async fn happenings(&mut self, stack: &Stack) -> Result<(), Failed> {
        let (mut listed, mut next) = (Vec::new(), None);
        for _ in 0..PAGES_OF_EVENTS {
            let page = self.look.events(&self.stack, next).await?;
            let enough = self.events.reach(&page.items, &stack.name);
            listed.extend(page.items);
            next = page.next;
            if enough || next.is_none() {
                break;
            }
        }
        let news = self.events.news(listed, &stack.name);
        self.sight.happened(news.iter().map(Entry::from));
        self.send_events(news);
        Ok(())
    }
}

/// A stack that was only drafted by a change set has nothing to watch.
fn has_resources(stack: &Stack) -> Result<(), Failure> {
    match only_drafted(&stack.name, &stack.status) {
        Some(why) => Err(why.into()),
        None => Ok(()),
    }
}
