//! What a key does.

use ratatui::layout::Rect;

use super::plan::Plan;
use super::{Action, Explained, Key, Overlay, Pane, Request, Screen};
use crate::aws::console;

impl Screen {
    /// A key was pressed, on a screen of this size.
    pub fn press(&mut self, key: Key, area: Rect) {
        self.note = None;
        if self.arrangement.is_typed {
            return self.type_filter(key);
        }
        if let Some(Overlay::Question(action)) = self.overlay {
            self.overlay = None;
            if key == Key::Yes {
                self.note = Some("Asked AWS for it …".to_owned());
                self.request = Some(Request::Act(action));
            }
            return;
        }
        if let Some(overlay) = self.overlay {
            let ends = match key {
                Key::Escape => true,
                Key::Enter => overlay == Overlay::Whole,
                Key::Help => overlay == Overlay::Help,
                _ => false,
            };
            // The arrows go on to the next entry, which is then shown in full.
            if ends || overlay == Overlay::Help {
                self.overlay = None;
                return;
            }
        }
        let place = Pane::ALL.iter().position(|pane| *pane == self.pane);
        let place = place.unwrap_or_default();
        let panes = Pane::ALL.len();
        match key {
            Key::Next => self.pane = Pane::ALL[(place + 1) % panes],
            Key::Previous => self.pane = Pane::ALL[(place + panes - 1) % panes],
            Key::Enter => self.overlay = self.entry().map(|_| Overlay::Whole),
            Key::Help => self.overlay = Some(Overlay::Help),
            Key::Filter => self.arrangement.is_typed = true,
            Key::Sort => {
                let pane = self.pane;
                self.arrangement.next_order(pane, &self.lists[pane.place()]);
                self.arrange();
            }
            Key::Copy | Key::Yes => self.copy(),
            Key::Link => self.copy_link(),
            Key::Pause => self.overlay = Some(Overlay::Question(self.pause_or_resume())),
            Key::Cancel => self.overlay = Some(Overlay::Question(Action::Cancel)),
            Key::Escape => self.set_filter(String::new()),
            Key::Character(_) | Key::Backspace => {}
            other => self.choose(other, Plan::of(area, self).rows(self.pane)),
        }
        self.explain();
    }

    /// What is to be done outside of the screen, once.
    pub fn take_request(&mut self) -> Option<Request> {
        self.request.take()
    }

    /// Whether characters are the filter's.
    pub fn takes_text(&self) -> bool {
        self.arrangement.is_typed
    }

    /// An instance was explained, or could not be.
    pub fn is_explained(&mut self, instance: String, text: String) {
        // Its first line is the instance, which is shown already.
        let rest = text.strip_prefix(&format!("{instance}\n"));
        let text = rest.unwrap_or(&text).to_owned();
        self.explained = Some(Explained { instance, text });
    }

    /// An action was done, or refused.
    pub fn has_acted(&mut self, result: String) {
        self.note = Some(result);
    }

    fn pause_or_resume(&self) -> Action {
        if self.sight.pause.is_some() {
            Action::Resume
        } else {
            Action::Pause
        }
    }

    fn type_filter(&mut self, key: Key) {
        let mut filter = self.arrangement.filter.clone();
        match key {
            Key::Character(one) => filter.push(one),
            Key::Backspace => {
                filter.pop();
            }
            Key::Escape => {
                filter.clear();
                self.arrangement.is_typed = false;
            }
            Key::Enter => self.arrangement.is_typed = false,
            _ => {}
        }
        self.set_filter(filter);
    }

    fn set_filter(&mut self, filter: String) {
        self.arrangement.filter = filter;
        self.arrange();
    }

    fn choose(&mut self, key: Key, page: usize) {
        let items = &self.lists[self.pane.place()].items;
        let last = items.len().saturating_sub(1);
        let place = self.chosen_place(self.pane);
        let page = page.max(1);
        let to = match key {
            Key::Up => place.saturating_sub(1),
            Key::Down => place + 1,
            Key::PageUp => place.saturating_sub(page),
            Key::PageDown => place + page,
            Key::End => last,
            _ => 0,
        };
        let chosen = items.get(to.min(last)).filter(|_| to > 0);
        self.chosen[self.pane.place()] = chosen.map(|item| item.key.clone());
    }

    /// Copies what the chosen entry is called; of an event, what it says.
    fn copy(&mut self) {
        let Some(item) = self.entry() else {
            return;
        };
        let text = if self.pane == Pane::Events {
            item.whole.clone()
        } else {
            item.key.clone()
        };
        self.note = Some(format!("Copied, if your terminal allows it: {text}"));
        self.request = Some(Request::Copy(text));
    }

    /// Copies the console link of the chosen entry, and shows the entry with it.
    fn copy_link(&mut self) {
        let Some(item) = self.entry() else {
            return;
        };
        let Some(execution) = &item.execution else {
            self.note = Some("No console link: no execution runs for this entry.".to_owned());
            return;
        };
        let link = console(&self.sight.region, execution);
        self.note = Some("The console link is copied, if your terminal allows it.".to_owned());
        self.request = Some(Request::Copy(link));
        self.overlay = Some(Overlay::Whole);
    }

    /// Asks for the explanation of the instance that is shown in full, unless there is one.
    fn explain(&mut self) {
        if self.overlay != Some(Overlay::Whole) || self.pane != Pane::Instances {
            return;
        }
        let Some(instance) = self.entry().map(|item| item.key.clone()) else {
            return;
        };
        let known = self.explained.as_ref();
        if self.request.is_none() && known.is_none_or(|known| known.instance != instance) {
            self.explained = None;
            self.request = Some(Request::Explain(instance));
        }
    }
}
