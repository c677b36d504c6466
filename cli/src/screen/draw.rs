//! All of the screen together.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::lists::{Column, Item, List, Text};
use super::paint::{Canvas, Mood};
use super::plan::Plan;
use super::text::{cut, wrap};
use super::{Overlay, Pane, Screen, head, overlay};
use crate::aws::console;
use crate::format::between;

/// Between two columns.
const GAP: u16 = 2;

/// The last column needs so much room, or others make it.
const LAST_AT_LEAST: u16 = 24;

/// With less than that it is not shown.
const LAST_SHOWN_FROM: u16 = 6;

/// A text on the screen that leads somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Column and line of its first cell.
    pub place: (u16, u16),
    /// What is written there.
    pub text: String,
    /// Where it leads.
    pub to: String,
}

impl Screen {
    /// Draws it; what leads somewhere.
    pub fn draw(&self, buffer: &mut Buffer) -> Vec<Link> {
        let area = buffer.area;
        if area.width < 2 || area.height < 2 {
            return Vec::new();
        }
        let canvas = &mut Canvas {
            buffer,
            colours: self.colours,
        };
        let plan = Plan::of(area, self);
        head::draw(self, canvas, plan.head, plan.is_small);
        for (pane, area) in &plan.panes {
            self.pane(canvas, *pane, *area, plan.is_small);
        }
        let mut links = self.why(canvas, plan.why);
        self.keys(canvas, plan.keys);
        match self.overlay {
            Some(Overlay::Help) => {
                // It covers what leads somewhere.
                links.clear();
                overlay::help(canvas, area);
            }
            Some(Overlay::Question(action)) => {
                overlay::question(canvas, area, &self.sight.stack, action);
            }
            Some(Overlay::Whole) => links = self.whole(canvas, area),
            None => {}
        }
        links
    }

    fn pane(&self, canvas: &mut Canvas<'_>, pane: Pane, area: Rect, is_small: bool) {
        let list = &self.lists[pane.place()];
        if area.height == 0 {
            return;
        }
        canvas.rule(area, &self.title(pane, list, is_small));
        let mut rows = Rect {
            y: area.y + 1,
            height: area.height - 1,
            ..area
        };
        let columns = shown(&list.columns, area.width);
        if pane == Pane::Instances && rows.height > 0 {
            for (place, x, width) in &columns {
                let title = list.columns[*place].title;
                canvas.put(area.x + x, rows.y, title, *width, Mood::Quiet);
            }
            rows.y += 1;
            rows.height -= 1;
        }
        let chosen = self.chosen_place(pane);
        let height = usize::from(rows.height);
        // The chosen one stands in the middle, but at the ends of the list.
        let first = chosen.saturating_sub(height / 2);
        let first = first.min(list.items.len().saturating_sub(height));
        for (line, item) in (0..rows.height).zip(&list.items[first..]) {
            let row = Rect {
                y: rows.y + line,
                height: 1,
                ..rows
            };
            self.row(canvas, item, row, &columns);
            if pane == self.pane && first + usize::from(line) == chosen {
                let style = Style::new().add_modifier(Modifier::REVERSED);
                canvas.buffer.set_style(row, style);
            }
        }
    }

    /// The pane's name and what there is to say of it; alone on the screen it names the others too.
    fn title(&self, pane: Pane, list: &List, is_small: bool) -> Vec<(String, Mood)> {
        let name = |pane: Pane| {
            let severity = if pane == self.pane {
                Mood::Strong
            } else {
                Mood::Quiet
            };
            let name = pane.name();
            if pane == self.pane {
                (format!("▸{name} "), severity)
            } else {
                (format!(" {name} "), severity)
            }
        };
        if is_small {
            return Pane::ALL.map(name).to_vec();
        }
        vec![name(pane), (format!("{} ", list.summary), list.severity)]
    }

    fn row(&self, canvas: &mut Canvas<'_>, item: &Item, area: Rect, columns: &[(usize, u16, u16)]) {
        for (place, x, width) in columns {
            let Some((text, severity)) = item.cells.get(*place) else {
                continue;
            };
            let (x, y) = (area.x + x, area.y);
            match text {
                Text::Fixed(text) => canvas.put(x, y, text, *width, *severity),
                Text::Unless(column, text) => {
                    if columns.iter().any(|(it, ..)| it == column) {
                        x
                    } else {
                        canvas.put(x, y, text, *width, *severity)
                    }
                }
                Text::Since(None) => x,
                Text::Since(Some(since)) => {
                    canvas.put(x, y, &between(*since, self.now), *width, *severity)
                }
            };
        }
    }

    /// The reason of the chosen instance, as far as there is room, and its execution.
    fn why(&self, canvas: &mut Canvas<'_>, area: Rect) -> Vec<Link> {
        let items = &self.lists[Pane::Instances.place()].items;
        let Some(item) = items.get(self.chosen_place(Pane::Instances)) else {
            return Vec::new();
        };
        if area.height == 0 || item.whole.is_empty() {
            return Vec::new();
        }
        let mut lines = wrap(&format!("{}: {}", item.key, item.whole), area.width.into());
        let mut room = usize::from(area.height);
        let mut links = Vec::new();
        if let Some(execution) = &item.execution
            && room > lines.len().min(2)
        {
            room -= 1;
            let text = "its execution in the Step Functions console";
            let text = cut(text, area.width.into());
            let (x, y) = (area.x, area.bottom() - 1);
            canvas.put(x, y, &text, area.width, Mood::Coming);
            links.push(Link {
                place: (x, y),
                text,
                to: console(&self.sight.region, execution),
            });
        }
        if lines.len() > room
            && let Some(last) = lines.get_mut(room.saturating_sub(1))
        {
            last.push('…');
        }
        for (line, text) in lines.iter().take(room).enumerate() {
            let y = area.y + u16::try_from(line).unwrap_or_default();
            canvas.put(area.x, y, text, area.width, Mood::Plain);
        }
        links
    }

    /// The chosen entry in full.
    fn whole(&self, canvas: &mut Canvas<'_>, area: Rect) -> Vec<Link> {
        let Some(item) = self.entry() else {
            return Vec::new();
        };
        let list = &self.lists[self.pane.place()];
        let facts = list.columns.iter().zip(&item.cells);
        // The last column is what is told in full.
        let facts = facts.take(list.columns.len() - 1);
        let facts: Vec<(String, String)> = facts
            .filter(|(column, _)| !column.title.is_empty())
            .map(|(column, (text, _))| {
                let text = match text {
                    Text::Fixed(text) => text.clone(),
                    Text::Unless(..) => String::new(),
                    Text::Since(since) => {
                        since.map_or_else(String::new, |since| between(since, self.now))
                    }
                };
                (column.title.to_owned(), text)
            })
            .filter(|(_, text)| !text.is_empty())
            .collect();
        let link = item.execution.as_ref();
        let link = link.map(|execution| console(&self.sight.region, execution));
        let entry = overlay::Entry {
            facts: &facts,
            whole: &item.whole,
            link: link.as_deref(),
            more: &self.explanation(&item.key),
        };
        overlay::entry(canvas, area, &entry)
    }

    /// The explanation of the instance that is shown in full, once there is one.
    fn explanation(&self, key: &str) -> String {
        if self.pane != Pane::Instances {
            return String::new();
        }
        let known = self.explained.as_ref().filter(|it| it.instance == key);
        known.map_or_else(|| "Explaining it …".to_owned(), |known| known.text.clone())
    }
}

/// Which columns there is room for: place, where it begins, and its width.
fn shown(columns: &[Column], width: u16) -> Vec<(usize, u16, u16)> {
    let widths = |place: usize| u16::try_from(columns[place].width).unwrap_or(u16::MAX);
    let last = columns.len().saturating_sub(1);
    let mut places: Vec<usize> = (0..last).collect();
    let taken = |places: &[usize]| {
        let each = places
            .iter()
            .map(|place| widths(*place).saturating_add(GAP));
        each.fold(0, u16::saturating_add)
    };
    let wanted = LAST_AT_LEAST.min(widths(last));
    while taken(&places).saturating_add(wanted) > width {
        let least = places.iter().copied().filter(|at| columns[*at].rank > 0);
        let Some(least) = least.max_by_key(|at| columns[*at].rank) else {
            break;
        };
        places.retain(|place| *place != least);
    }
    let mut x = 0;
    let mut shown = Vec::new();
    for place in places {
        let wide = widths(place).min(width.saturating_sub(x));
        shown.push((place, x, wide));
        x = x
            .saturating_add(widths(place))
            .saturating_add(GAP)
            .min(width);
    }
    let rest = width.saturating_sub(x);
    if rest >= LAST_SHOWN_FROM {
        shown.push((last, x, rest));
    }
    shown
}
