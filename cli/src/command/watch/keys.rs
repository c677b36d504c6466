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
        KeyCode::Char('q' | 'Q') => return Some(Input::Leave),
        KeyCode::Up | KeyCode::Char('k') => Key::Up,
        KeyCode::Down | KeyCode::Char('j') => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown | KeyCode::Char(' ') => Key::PageDown,
        KeyCode::Home | KeyCode::Char('g') => Key::Home,
        KeyCode::End | KeyCode::Char('G') => Key::End,
        KeyCode::Tab => Key::Next,
        KeyCode::BackTab => Key::Previous,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Escape,
        KeyCode::Char('?' | 'h') => Key::Help,
        _ => return Some(Input::Other),
    };
    Some(Input::Key(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_key_means() {
        let of = |code: KeyCode, modifiers: KeyModifiers| {
            input(&Event::Key(KeyEvent::new(code, modifiers)))
        };
        let none = KeyModifiers::NONE;
        assert_eq!(of(KeyCode::Char('q'), none), Some(Input::Leave));
        assert_eq!(
            of(KeyCode::Char('c'), KeyModifiers::CONTROL),
            Some(Input::Leave)
        );
        assert_eq!(of(KeyCode::Char('c'), none), Some(Input::Other));
        assert_eq!(of(KeyCode::Char('j'), none), Some(Input::Key(Key::Down)));
        assert_eq!(of(KeyCode::BackTab, none), Some(Input::Key(Key::Previous)));
        assert_eq!(input(&Event::Resize(80, 24)), Some(Input::Resized));
        assert_eq!(input(&Event::FocusLost), None);
    }
}
