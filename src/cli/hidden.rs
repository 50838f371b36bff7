//! Questions for a secret, on the terminal that this process belongs to.

use std::io;

use zeroize::Zeroizing;

/// Asks a question, and reads lines until `is_all` says that this is all. What is typed is not shown from the moment that
/// the question is, and the terminal is left as it was, also by Ctrl-C, which ends this process as it does elsewhere.
///
/// (`rpassword` 7.5 asks before it stops the echo, and lets Ctrl-C end the process with the echo off: it edits the line
/// here, and no more.)
///
/// # Errors
///
/// Where there is no terminal, or its input ends.
#[cfg(unix)]
pub fn ask(question: &str, is_all: impl FnMut(&str) -> bool) -> io::Result<Zeroizing<String>> {
    use io::Write as _;
    let mut silent = unix::Silent::begin()?;
    silent.tty.write_all(question.as_bytes())?;
    let read = silent.read(is_all);
    // Enter was not shown either.
    silent.tty.write_all(b"\n")?;
    let was_interrupted = silent.was_interrupted();
    drop(silent);
    if was_interrupted {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::INT)?;
        return Err(io::Error::new(io::ErrorKind::Interrupted, "interrupted"));
    }
    read
}

/// The same, by the console's own means.
#[cfg(not(unix))]
pub fn ask(question: &str, mut is_all: impl FnMut(&str) -> bool) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(rpassword::prompt_password(question)?);
    while !is_all(&text) {
        text.push('\n');
        text.push_str(&Zeroizing::new(rpassword::prompt_password("")?));
    }
    Ok(text)
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io::{self, Read};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use rpassword::{ConfigBuilder, read_password_with_config};
    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
    use zeroize::Zeroizing;

    /// What Ctrl-C sends where the terminal makes no signal of it.
    const INTERRUPT: u8 = 3;

    /// A terminal that shows nothing of what is typed, until this is dropped.
    pub(super) struct Silent {
        pub(super) tty: File,
        before: Termios,
        interrupted: Arc<AtomicBool>,
    }

    impl Silent {
        pub(super) fn begin() -> io::Result<Self> {
            let tty = File::options().read(true).write(true).open("/dev/tty")?;
            let before = tcgetattr(&tty)?;
            let mut silent = before.clone();
            // A signal would end this process before the echo is back.
            silent.local_modes -= LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
            silent.special_codes[SpecialCodeIndex::VMIN] = 1;
            silent.special_codes[SpecialCodeIndex::VTIME] = 0;
            tcsetattr(&tty, OptionalActions::Now, &silent)?;
            Ok(Self { tty, before, interrupted: Arc::default() })
        }

        pub(super) fn read(&self, mut is_all: impl FnMut(&str) -> bool) -> io::Result<Zeroizing<String>> {
            let mut text = Zeroizing::new(self.line()?);
            while !is_all(&text) {
                text.push('\n');
                text.push_str(&Zeroizing::new(self.line()?));
            }
            Ok(text)
        }

        fn line(&self) -> io::Result<String> {
            let keys = Keys { tty: self.tty.try_clone()?, interrupted: self.interrupted.clone() };
            read_password_with_config(ConfigBuilder::new().input_reader(keys).output_discard().build())
        }

        pub(super) fn was_interrupted(&self) -> bool {
            self.interrupted.load(Ordering::Relaxed)
        }
    }

    impl Drop for Silent {
        fn drop(&mut self) {
            // A terminal that is gone shows nothing.
            let _ = tcsetattr(&self.tty, OptionalActions::Now, &self.before);
        }
    }

    /// What is typed, a byte at a time: what stands behind a line is the next question's.
    struct Keys {
        tty: File,
        interrupted: Arc<AtomicBool>,
    }

    impl Read for Keys {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(first) = buffer.first_mut() else { return Ok(0) };
            let read = loop {
                match self.tty.read(std::slice::from_mut(first)) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read?,
                }
            };
            if read == 1 && *first == INTERRUPT {
                self.interrupted.store(true, Ordering::Relaxed);
                // An `Interrupted` would be read again.
                return Err(io::Error::other("interrupted"));
            }
            Ok(read)
        }
    }
}
