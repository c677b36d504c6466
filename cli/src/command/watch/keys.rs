//! The user's keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::screen::Key;

/// So soon the reading of keys ends once nobody wants them.
const NOTICED_AFTER: Duration = Duration::from_millis(100);

/// What the user did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A key for the screen.
    Key(Key),
    /// A character: of the filter while that is typed, a key otherwise.
    Character(char),
    /// A key that means nothing to the screen.
    Other,
    /// The terminal has another size.
    Resized,
    /// He leaves.
    Leave,
}

/// What the user does, read on a thread of its own, until this is dropped.
#[derive(Debug)]
pub struct Keys {
    inputs: UnboundedReceiver<Input>,
    over: Arc<AtomicBool>,
}

impl Keys {
    /// Reads them.
    pub fn read() -> Self {
        let (sender, inputs) = unbounded_channel();
        let over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&over);
        std::thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                let input = match event::poll(NOTICED_AFTER) {
                    Ok(false) => continue,
                    Ok(true) => event::read().map(|event| input(&event)),
                    Err(error) => Err(error),
                };
                // A terminal that is gone has no keys any more.
                let input = input.unwrap_or(Some(Input::Leave));
                if let Some(input) = input
                    && sender.send(input).is_err()
                {
                    return;
                }
            }
        });
        Self { inputs, over }
    }

    /// The next.
    pub async fn next(&mut self) -> Option<Input> {
        self.inputs.recv().await
    }

    /// One that has come already.
    pub fn waiting(&mut self) -> Option<Input> {
        self.inputs.try_recv().ok()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

fn input(event: &Event) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => pressed(key),
        Event::Resize(..) => Some(Input::Resized),
        _ => None,
    }
}

fn pressed(key: &KeyEvent) -> Option<Input> {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let key = match key.code {
        KeyCode::Char('c' | 'd') if control => return Some(Input::Leave),
        KeyCode::Char(_) if control => return Some(Input::Other),
        KeyCode::Char(one) => return Some(Input::Character(one)),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Tab => Key::Next,
        KeyCode::BackTab => Key::Previous,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        _ => return Some(Input::Other),
    };
    Some(Input::Key(key))
}

impl Input {
    /// What a character means: itself while the filter is typed, a key otherwise.
    pub fn meant(self, takes_text: bool) -> Self {
        let Self::Character(one) = self else {
            return self;
        };
        if takes_text {
            return Self::Key(Key::Character(one));
        }
        Self::Key(match one {
            'q' | 'Q' => return Self::Leave,
            'k' => Key::Up,
            'j' => Key::Down,
            ' ' => Key::PageDown,
            'g' => Key::Home,
            'G' => Key::End,
            '?' | 'h' => Key::Help,
            '/' => Key::Filter,
            's' => Key::Sort,
            'c' => Key::Copy,
            'y' => Key::Yes,
            'p' => Key::Pause,
            'x' => Key::Cancel,
            'o' => Key::Link,
            _ => return Self::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_key_means() {
        let of = |code: KeyCode, modifiers: KeyModifiers| {
            let input = input(&Event::Key(KeyEvent::new(code, modifiers)));
            input.map(|input| input.meant(false))
        };
        let none = KeyModifiers::NONE;
        assert_eq!(of(KeyCode::Char('q'), none), Some(Input::Leave));
        assert_eq!(
            of(KeyCode::Char('c'), KeyModifiers::CONTROL),
            Some(Input::Leave)
        );
        assert_eq!(of(KeyCode::Char('c'), none), Some(Input::Key(Key::Copy)));
        assert_eq!(of(KeyCode::Char('z'), none), Some(Input::Other));
        let typed = Input::Character('q').meant(true);
        assert_eq!(typed, Input::Key(Key::Character('q')));
        assert_eq!(of(KeyCode::Char('j'), none), Some(Input::Key(Key::Down)));
        assert_eq!(of(KeyCode::BackTab, none), Some(Input::Key(Key::Previous)));
        assert_eq!(input(&Event::Resize(80, 24)), Some(Input::Resized));
        assert_eq!(input(&Event::FocusLost), None);
    }
}
