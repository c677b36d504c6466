//! Where each part of the screen goes, by its size.

use ratatui::layout::Rect;

use super::{Pane, Screen, head};

/// Below this height there is room for one pane alone.
const HEIGHT_OF_TWO: u16 = 18;

/// From this height on an entry's reason gets more lines.
const HEIGHT_OF_MORE: u16 = 30;

/// From this width on two panes stand side by side below the instances.
const WIDTH_OF_THREE: u16 = 100;

/// Where each part goes.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// The first lines.
    pub head: Rect,
    /// The panes that are shown, with their titles.
    pub panes: Vec<(Pane, Rect)>,
    /// The reason of the chosen instance.
    pub why: Rect,
    /// The keys.
    pub keys: Rect,
    /// Whether there is room for one pane alone.
    pub is_small: bool,
}

impl Plan {
    /// The plan of a screen of this size.
    pub fn of(area: Rect, screen: &Screen) -> Self {
        let is_small = area.height < HEIGHT_OF_TWO;
        let mut rest = area;
        let head = top(&mut rest, head::height(screen, area.width, is_small));
        let keys = bottom(&mut rest, 1);
        if is_small {
            return Self {
                head,
                panes: vec![(screen.pane, rest)],
                why: Rect::default(),
                keys,
                is_small,
            };
        }
        let more = if area.height >= HEIGHT_OF_MORE { 4 } else { 2 };
        // The instances get what they need, and two thirds at most.
        let instances = screen.lists[Pane::Instances.place()].items.len();
        let needed = u16::try_from(instances).unwrap_or(u16::MAX);
        let needed = needed.saturating_add(more + 3);
        let third = (rest.height / 3).max(4);
        let height = third.max(rest.height.saturating_sub(needed));
        let height = height.min(rest.height / 2);
        let below = bottom(&mut rest, height);
        let why = bottom(&mut rest, more);
        let mut panes = vec![(Pane::Instances, rest)];
        let beside = match screen.pane {
            Pane::Instances | Pane::Services => Pane::Events,
            chosen => chosen,
        };
        if area.width >= WIDTH_OF_THREE {
            let (left, right) = split(below);
            panes.extend([(Pane::Services, left), (beside, right)]);
        } else {
            let one = match screen.pane {
                Pane::Services => Pane::Services,
                _ => beside,
            };
            panes.push((one, below));
        }
        Self {
            head,
            panes,
            why,
            keys,
            is_small,
        }
    }

    /// How many entries of a pane are seen at once.
    pub fn rows(&self, pane: Pane) -> usize {
        let found = self.panes.iter().find(|(one, _)| *one == pane);
        found.map_or(1, |(_, area)| {
            let heading = if pane == Pane::Instances { 2 } else { 1 };
            usize::from(area.height.saturating_sub(heading))
        })
    }
}

/// Takes so many lines from above.
fn top(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    let taken = Rect { height, ..*rest };
    rest.y += height;
    rest.height -= height;
    taken
}

/// Takes so many lines from below.
fn bottom(rest: &mut Rect, height: u16) -> Rect {
    let height = height.min(rest.height);
    rest.height -= height;
    Rect {
        y: rest.y + rest.height,
        height,
        ..*rest
    }
}

/// A third, a gap, and the rest.
fn split(area: Rect) -> (Rect, Rect) {
    let width = area.width / 3;
    let left = Rect { width, ..area };
    let right = Rect {
        x: area.x + width + 1,
        width: area.width - width - 1,
        ..area
    };
    (left, right)
}
