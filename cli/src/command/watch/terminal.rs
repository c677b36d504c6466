//! The terminal: taken for the screen, and given back as it was, whatever ends the program.

use std::io::{self, BufWriter, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, MoveTo, Show};
use ratatui::crossterm::style::{Color, Print, ResetColor, SetForegroundColor};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};
use ratatui::layout::Rect;

use crate::screen::{Link, Screen};

/// A screen is written at once: it is some kilobytes.
const WRITTEN_AT_ONCE: usize = 64 * 1024;

static IS_TAKEN: AtomicBool = AtomicBool::new(false);
static GIVES_BACK_ON_PANIC: Once = Once::new();

/// The terminal while it shows the screen. Dropped, it is as it was.
#[derive(Debug)]
pub struct Terminal {
    inner: ratatui::Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    colours: bool,
}

impl Terminal {
    /// Takes the terminal.
    ///
    /// # Errors
    /// If it is none.
    pub fn take(colours: bool) -> io::Result<Self> {
        GIVES_BACK_ON_PANIC.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |panic| {
                give_back();
                before(panic);
            }));
        });
        enable_raw_mode()?;
        IS_TAKEN.store(true, Ordering::SeqCst);
        let mut out = BufWriter::with_capacity(WRITTEN_AT_ONCE, io::stdout());
        let taken = execute!(out, EnterAlternateScreen, Hide)
            .and_then(|()| ratatui::Terminal::new(CrosstermBackend::new(out)));
        match taken {
            Ok(inner) => Ok(Self { inner, colours }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// How large it is.
    pub fn area(&self) -> Rect {
        let size = self.inner.size().unwrap_or_default();
        Rect::new(0, 0, size.width, size.height)
    }

    /// Shows the screen.
    ///
    /// # Errors
    /// If nobody is there any more.
    pub fn show(&mut self, screen: &Screen) -> io::Result<()> {
        queue!(self.inner.backend_mut(), BeginSynchronizedUpdate)?;
        let mut links = Vec::new();
        self.inner
            .draw(|frame| links = screen.draw(frame.buffer_mut()))?;
        let colours = self.colours;
        let out = self.inner.backend_mut();
        for link in &links {
            lead(out, link, colours)?;
        }
        queue!(out, EndSynchronizedUpdate)?;
        Write::flush(out)
    }

    /// Puts a text onto the user's clipboard.
    ///
    /// # Errors
    /// If nobody is there any more.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let out = self.inner.backend_mut();
        queue!(out, Print(clipboard(text)))?;
        Write::flush(out)
    }
}

/// The sequence that puts a text onto the user's clipboard: OSC 52
/// (<https://invisible-island.net/xterm/ctlseqs/ctlseqs.html>). It reaches the terminal through SSH
/// as well; terminals that do not know it ignore it.
fn clipboard(text: &str) -> String {
    format!("\x1b]52;c;{}\x1b\\", BASE64_STANDARD.encode(text))
}

/// Writes a link over its text, by OSC 8. Terminals that do not know it show the text.
fn lead(out: &mut impl Write, link: &Link, colours: bool) -> io::Result<()> {
    let (x, y) = link.place;
    queue!(out, MoveTo(x, y))?;
    if colours {
        queue!(out, SetForegroundColor(Color::DarkCyan))?;
    }
    let (to, text) = (&link.to, &link.text);
    queue!(
        out,
        Print(format!("\x1b]8;;{to}\x1b\\{text}\x1b]8;;\x1b\\")),
        ResetColor
    )
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Once, whoever comes first. Nothing can be done about an error: the terminal is gone.
fn give_back() {
    if IS_TAKEN.swap(false, Ordering::SeqCst) {
        disable_raw_mode().ok();
        execute!(io::stdout(), LeaveAlternateScreen, Show).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_for_the_clipboard_is_encoded() {
        assert_eq!(clipboard("i-1"), "\x1b]52;c;aS0x\x1b\\");
    }
}
