//! The screen of `watch`: what was seen, what the user has chosen, and how that looks. Nothing here
//! asks AWS, reads keys or writes to a terminal: [`Screen::draw`] is a function of what it knows.
//!
//! - `lists`: what stands in the four panes. `plan`: where each part goes. `head`: the first lines.
//!   `text`: cutting and wrapping.
//! - `press`: what a key does; `arrange`: filter and order.
//! - `draw`: all of it together, `paint`: colours and lines, `overlay`: help, and one entry in
//!   full.

mod arrange;
mod draw;
mod head;
mod last_line;
mod lists;
mod overlay;
mod paint;
mod plan;
mod press;
#[cfg(test)]
mod tests;
mod text;

use jiff::Timestamp;

use crate::watch::{Ending, Snapshot};
use arrange::Arrangement;
use lists::{Item, List};

pub use draw::Link;

/// The panes, in the order in which Tab visits them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pane {
    /// The group's instances: what is stuck or under way comes first.
    #[default]
    Instances,
    /// The cluster's services: those below their desired counts come first.
    Services,
    /// What happened to the stack and the group, newest first.
    Events,
    /// Executions that ended badly, and those that run.
    Executions,
}

/// What the user asks of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// One up.
    Up,
    /// One down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first entry, which then stays chosen whatever it is.
    Home,
    /// To the last entry.
    End,
    /// The next pane.
    Next,
    /// The pane before.
    Previous,
    /// The chosen entry in full, of an instance with its explanation; or back.
    Enter,
    /// Back.
    Escape,
    /// The keys and words, or back.
    Help,
    /// Begins the filter.
    Filter,
    /// A character of the filter.
    Character(char),
    /// Takes the last character of the filter away.
    Backspace,
    /// The next order of the pane.
    Sort,
    /// Copies what the chosen entry is called.
    Copy,
    /// Shows and copies the console link of the chosen entry.
    Link,
    /// Pauses the rollout, or resumes it, after a question.
    Pause,
    /// Cancels the update, after a question.
    Cancel,
    /// Yes to a question; without one it copies.
    Yes,
}

/// What the user may do to the rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// No further drain begins, and no new instance is admitted.
    Pause,
    /// It proceeds.
    Resume,
    /// CloudFormation rolls the update back.
    Cancel,
}

/// What is to be done outside of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Put this text onto the user's clipboard.
    Copy(String),
    /// Explain this instance.
    Explain(String),
    /// Do this, which the user has confirmed.
    Act(Action),
}

/// The explanation of an instance.
#[derive(Debug)]
struct Explained {
    instance: String,
    text: String,
}

/// What lies over the panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overlay {
    Help,
    Whole,
    Question(Action),
}

/// The screen.
#[derive(Debug)]
pub struct Screen {
    sight: Snapshot,
    now: Timestamp,
    /// What could not be asked, and since when.
    trouble: Option<(Timestamp, String)>,
    lists: [List; Pane::ALL.len()],
    pane: Pane,
    /// The chosen entry of each pane, by its key; without one it is the first.
    chosen: [Option<String>; Pane::ALL.len()],
    overlay: Option<Overlay>,
    /// What is filtered and sorted.
    arrangement: Arrangement,
    /// What is to be done outside.
    request: Option<Request>,
    /// What the last key did, if that is not seen.
    note: Option<String>,
    explained: Option<Explained>,
    /// How it ended, if it has.
    ending: Option<Ending>,
    /// Whether colours are shown.
    colours: bool,
}

impl Pane {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Instances,
        Self::Services,
        Self::Events,
        Self::Executions,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Instances => "Instances",
            Self::Services => "Services",
            Self::Events => "Events",
            Self::Executions => "Executions",
        }
    }

    fn place(self) -> usize {
        self as usize
    }
}

impl Screen {
    /// A screen on which nothing was seen yet.
    pub fn new(now: Timestamp, colours: bool) -> Self {
        Self {
            sight: Snapshot::default(),
            now,
            trouble: None,
            lists: Pane::ALL.map(|pane| List::of(pane, &Snapshot::default())),
            pane: Pane::default(),
            chosen: Default::default(),
            overlay: None,
            arrangement: Arrangement::default(),
            request: None,
            note: None,
            explained: None,
            ending: None,
            colours,
        }
    }

    /// Something was seen.
    pub fn see(&mut self, sight: Snapshot) {
        self.sight = sight;
        self.arrange();
    }

    /// What was seen last.
    pub fn sight(&self) -> &Snapshot {
        &self.sight
    }

    /// AWS's time.
    pub fn is_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// AWS could not be asked.
    pub fn has_trouble(&mut self, at: Timestamp, reason: String) {
        let since = self.trouble.take().map_or(at, |(since, _)| since);
        self.trouble = Some((since, reason));
    }

    /// It is over. What lies over the panes goes, so that the summary is seen.
    pub fn has_ended(&mut self, ending: Ending) {
        (self.overlay, self.trouble) = (None, None);
        self.ending = Some(ending);
    }

    /// AWS answers again.
    pub fn is_answered(&mut self) {
        self.trouble = None;
    }

    /// Where the chosen entry of a pane stands. One that has gone leaves the choice to the first.
    fn chosen_place(&self, pane: Pane) -> usize {
        let chosen = self.chosen[pane.place()].as_ref();
        let items = &self.lists[pane.place()].items;
        chosen
            .and_then(|key| items.iter().position(|item| item.key == *key))
            .unwrap_or_default()
    }

    /// The chosen entry of the pane that has the keys.
    fn entry(&self) -> Option<&Item> {
        let items = &self.lists[self.pane.place()].items;
        items.get(self.chosen_place(self.pane))
    }
}
