//! Where the operation leads, in as many words as there is room for.

use super::super::lists::mood_of;
use super::super::paint::Mood;
use super::super::text::cut;
use super::{GAP, Part};
use crate::aws::{FailedOperation, Member};
use crate::watch::{Course, Snapshot};

/// Below this width the course alone says what the stack's status says too.
const STATUS_SHOWN_FROM: u16 = 76;

/// From this width on the AMI is named that a rollout leads away from.
const OLD_AMI_SHOWN_FROM: u16 = 120;

/// Where an operation leads: at length first, and shorter.
pub(super) struct Way {
    pub(super) forms: Vec<String>,
    mood: Mood,
}

/// The stack, where it is led, and its status: as much of it as there is room for.
pub(super) fn title_parts(
    sight: &Snapshot,
    course: Option<Way>,
    width: u16,
    room: usize,
) -> Vec<Part> {
    let status = (sight.status.clone(), mood_of(&sight.status));
    let Some(Way { forms, mood }) = course else {
        return with_stack(sight, status, room);
    };
    let stack_width = sight.stack.chars().count() + GAP.len();
    let fits = |text: &str, more: usize| stack_width + text.chars().count() + more <= room;
    let status_width = GAP.len() + status.0.chars().count();
    for form in &forms {
        if width >= STATUS_SHOWN_FROM && fits(form, status_width) {
            let mut parts = with_stack(sight, (form.clone(), mood), room);
            parts.extend([(GAP.to_owned(), Mood::Plain), status]);
            return parts;
        }
        if fits(form, 0) {
            return with_stack(sight, (form.clone(), mood), room);
        }
    }
    let shortest = forms.into_iter().next_back().unwrap_or_default();
    with_stack(sight, (shortest, mood), room)
}

/// The stack before this part: its name is cut where there is no room for both.
fn with_stack(sight: &Snapshot, part: Part, room: usize) -> Vec<Part> {
    let taken = part.0.chars().count() + GAP.len();
    let stack = cut(&sight.stack, room.saturating_sub(taken).max(1));
    let part = (cut(&part.0, room.saturating_sub(GAP.len() + 1)), part.1);
    vec![(stack, Mood::Strong), (GAP.to_owned(), Mood::Plain), part]
}

/// Where the operation leads while it is under way.
pub(super) fn course(sight: &Snapshot, width: u16) -> Option<Way> {
    if !is_busy(sight) && !has_moves(sight) {
        return None;
    }
    let to = |what: &str| sight.new_ami().map(|ami| format!("{what} to {ami}"));
    let is_rollout = sight.pace.left > 0 || sight.batches.is_some();
    let failed = FailedOperation::of(&sight.stack, &sight.status);
    let (forms, mood) = match sight.course() {
        _ if failed.is_some() => {
            let what = failed.map(|it| it.what.to_owned());
            (vec![what, Some("FAILED".to_owned())], Mood::Bad)
        }
        Course::Creation => (vec![Some("Creating".to_owned())], Mood::Coming),
        Course::Deletion => (vec![Some("Deleting".to_owned())], Mood::Waiting),
        Course::Back => {
            let forms = vec![to("ROLLING BACK"), Some("ROLLING BACK".to_owned())];
            (forms, Mood::Bad)
        }
        Course::Forward if !is_rollout => (vec![Some("Updating".to_owned())], Mood::Waiting),
        Course::Forward => {
            let from = sight.old_ami().filter(|_| width >= OLD_AMI_SHOWN_FROM);
            let both = from.zip(sight.new_ami());
            let both = both.map(|(from, to)| format!("Rolling from {from} to {to}"));
            let forms = vec![both, to("Rolling"), Some("Rolling".to_owned())];
            (forms, Mood::Waiting)
        }
    };
    let forms = forms.into_iter().flatten().collect();
    Some(Way { forms, mood })
}

pub(super) fn is_busy(sight: &Snapshot) -> bool {
    sight.status.ends_with("_IN_PROGRESS")
}

pub(super) fn has_moves(sight: &Snapshot) -> bool {
    sight.members.iter().any(Member::moves) || sight.running > 0
}
