//! The one file that awaits, spawns and draws.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::app::{App, Setup};
use super::draw::draw;
use super::effect::Effect;
use super::look::Look;
use super::message::Message;
use super::place::{Place, Places};
use super::server::ServerSwitch;
use super::signals::{Asked, Signals};
use super::terminal::{self, Fall, Terminal};
use crate::backend::{Backend, OpenSandbox, StartServer};
use crate::model::Secret;
use crate::service::connect::Paster;

/// What the terminal UI can start, and knows nothing more of.
#[derive(Clone, Default)]
pub struct Starters {
    /// The local server, where one can be.
    pub server: Option<StartServer>,
    /// A sandbox, where this is none already.
    pub sandbox: Option<OpenSandbox>,
}

/// Opens the terminal UI over a backend, and returns when the user leaves. `sequences` come from
/// the clipboard and are written between frames.
pub async fn run(
    backend: Backend,
    sequences: UnboundedReceiver<Zeroizing<String>>,
    starters: Starters,
    look: Look,
) -> io::Result<()> {
    let fall = Arc::new(Fall::default());
    let terminal = Terminal::take(fall.clone())?;
    let (sender, messages) = mpsc::unbounded_channel();
    let server = Arc::new(ServerSwitch::new(starters.server));
    let places = Arc::new(Places::new(backend.clone(), starters.sandbox));
    let runtime = Runtime {
        place: places.now(),
        places: places.clone(),
        sender,
        waiting: Arc::default(),
        server: server.clone(),
    };
    let outcome = Loop { terminal, runtime, messages, sequences, fall }.run(look).await;
    server.stop().await;
    // What a provider answers right now must still be kept.
    places.now().backend.settle().await;
    backend.settle().await;
    places.now().backend.clear_clipboard();
    // What is still ours on the clipboard leaves with us.
    backend.clear_clipboard();
    outcome
}

struct Loop {
    terminal: Terminal,
    runtime: Runtime,
    messages: UnboundedReceiver<Message>,
    sequences: UnboundedReceiver<Zeroizing<String>>,
    fall: Arc<Fall>,
}

/// What the loop woke up for.
enum Woken {
    Event(Option<io::Result<Event>>),
    Message(Message),
    Sequence(Zeroizing<String>),
    Tick,
    Signal(Asked),
    Fell,
    Gone,
}

impl Loop {
    async fn run(mut self, look: Look) -> io::Result<()> {
        let backend = self.runtime.backend().clone();
        self.terminal.take_mouse(look.takes_mouse)?;
        let look_now = look.clone();
        let (mut app, effects) = App::new(Setup {
            now: backend.now(),
            capabilities: backend.capabilities(),
            host: backend.host(),
            look,
            prefers_device: !backend.has_browser(),
            facts: super::facts::of(&backend),
            has_sandbox: self.runtime.places.has_sandbox(),
        });
        let (width, height) = self.terminal.size()?;
        app.update(Message::Resized(width, height));
        let gone = Arc::new(Notify::new());
        self.runtime.watch(look_now, effects, gone.clone());
        self.runtime.mend();
        let mut events = EventStream::new();
        let mut signals = Signals::new()?;
        let mut ticked_at = Instant::now();
        loop {
            self.terminal.draw(|frame| draw(&mut app, frame))?;
            // Counted from the last one: what wakes the loop in between does not put it off.
            let tick = app.next_tick().map(|tick| ticked_at + tick);
            let woken = tokio::select! {
                () = self.fall.told() => Woken::Fell,
                event = next_event(&mut events) => Woken::Event(event),
                Some(message) = self.messages.recv() => Woken::Message(message),
                Some(sequence) = self.sequences.recv() => Woken::Sequence(sequence),
                () = tokio::time::sleep_until(tick.unwrap_or(ticked_at)), if tick.is_some() => Woken::Tick,
                () = gone.notified() => Woken::Gone,
                asked = signals.next() => Woken::Signal(asked),
            };
            let messages = match woken {
                // The stream of events stays: a stopped process reads nothing, and crossterm 0.29 may leave
                // the thread of a stream that is dropped behind, holding the lock that the next one needs.
                #[cfg(unix)]
                Woken::Event(Some(Ok(Event::Key(key)))) if is_suspend(key) => {
                    self.terminal.suspend().await?;
                    continue;
                }
                Woken::Event(Some(Ok(event))) => message_of(event).into_iter().collect(),
                // The terminal is gone, or cannot be read any more.
                Woken::Event(Some(Err(_)) | None) | Woken::Gone | Woken::Signal(Asked::End) => return Ok(()),
                Woken::Message(message) => vec![message],
                Woken::Fell => return Err(Fall::error()),
                Woken::Sequence(sequence) => {
                    self.terminal.write(&sequence)?;
                    continue;
                }
                Woken::Tick => Vec::new(),
                #[cfg(unix)]
                Woken::Signal(Asked::Suspend) => {
                    self.terminal.suspend().await?;
                    continue;
                }
            };
            let ended = app.update(Message::Ticked(backend.now()));
            self.runtime.start_all(ended);
            ticked_at = Instant::now();
            // Whatever else is ready is taken before the next frame.
            let more = std::iter::from_fn(|| self.messages.try_recv().ok());
            for message in messages.into_iter().chain(more.collect::<Vec<_>>()) {
                let effects = app.update(message);
                for effect in effects {
                    match effect {
                        Effect::Quit => return Ok(()),
                        Effect::TakeMouse(takes) => self.terminal.take_mouse(takes)?,
                        Effect::Ring => self.terminal.write("\x07")?,
                        effect => self.runtime.start(effect),
                    }
                }
            }
        }
    }
}

/// Returns what comes next from the terminal, and `None` once that is gone: crossterm would read on for
/// ever from one that was closed (crossterm#793), on the thread that is to end the program.
async fn next_event(events: &mut EventStream) -> Option<io::Result<Event>> {
    std::future::poll_fn(|context| {
        if terminal::is_there() { events.poll_next_unpin(context) } else { std::task::Poll::Ready(None) }
    })
    .await
}

#[cfg(unix)]
fn is_suspend(key: crossterm::event::KeyEvent) -> bool {
    use crossterm::event::{KeyCode, KeyModifiers};
    key.code == KeyCode::Char('z') && key.modifiers.contains(KeyModifiers::CONTROL)
}

fn message_of(event: Event) -> Option<Message> {
    match event {
        // Windows reports releases too.
        Event::Key(key) if key.is_press() || key.is_repeat() => Some(Message::Key(key)),
        Event::Paste(text) => Some(Message::Pasted(Secret::new(text))),
        Event::Resize(width, height) => Some(Message::Resized(width, height)),
        Event::Mouse(event) => Some(Message::Mouse(event)),
        Event::FocusGained => Some(Message::Focused(true)),
        Event::FocusLost => Some(Message::Focused(false)),
        Event::Key(_) => None,
    }
}

/// An authorization that waits.
pub(super) struct Waiting {
    pub(super) paster: Option<Paster>,
    /// Whether its answer came already: then it ends by itself, and is not thrown away.
    pub(super) is_exchanging: Option<Arc<AtomicBool>>,
    task: AbortHandle,
}

impl Waiting {
    fn is_exchanging(&self) -> bool {
        self.is_exchanging.as_ref().is_some_and(|is_exchanging| is_exchanging.load(Ordering::SeqCst))
    }
}

/// Does what effects ask for.
#[derive(Clone)]
pub(super) struct Runtime {
    pub(super) server: Arc<ServerSwitch>,
    /// Where the screens are, and the way to elsewhere.
    pub(super) places: Arc<Places>,
    /// Where this works.
    pub(super) place: Place,
    sender: UnboundedSender<Message>,
    waiting: Arc<Mutex<Option<Waiting>>>,
}

impl Runtime {
    /// Returns where the screens are now.
    pub(super) fn now(&self) -> Place {
        self.places.now()
    }

    /// Tells whether the screens were left.
    pub(super) fn is_over(&self) -> bool {
        self.sender.is_closed()
    }

    /// Returns what is worked with here.
    pub(super) fn backend(&self) -> &Backend {
        &self.place.backend
    }

    pub(super) fn start_all(&self, effects: Vec<Effect>) {
        for effect in effects {
            self.start(effect);
        }
    }

    pub(super) fn start(&self, effect: Effect) {
        // What is asked for now is asked for where the screens are now.
        let runtime = Self { place: self.places.now(), ..self.clone() };
        match effect {
            // The loop itself sees to them.
            Effect::Quit | Effect::TakeMouse(_) | Effect::Ring => {}
            // One that reads already reads once more: a slow host must not be asked ten times at once, nor an old
            // answer come after a new one.
            Effect::Load if runtime.place.loads.fetch_add(1, Ordering::SeqCst) > 0 => {}
            Effect::Load | Effect::LoadProviders => {
                // A store is read without awaiting: on a thread that may block.
                tokio::task::spawn_blocking(move || Handle::current().block_on(runtime.read(effect)));
            }
            Effect::Cancel => {
                if let Some(waiting) = self.lock().take_if(|waiting| !waiting.is_exchanging()) {
                    waiting.task.abort();
                }
            }
            Effect::Authorize(_) => {
                // Held until it stands there: the task looks for itself as soon as it has begun.
                let mut waiting = self.lock();
                let task = tokio::spawn(async move { runtime.perform(effect).await }).abort_handle();
                let earlier = waiting.replace(Waiting { paster: None, is_exchanging: None, task });
                if let Some(earlier) = earlier.filter(|earlier| !earlier.is_exchanging()) {
                    earlier.task.abort();
                }
            }
            effect => {
                tokio::spawn(async move { runtime.perform(effect).await });
            }
        }
    }

    /// Finishes what an interrupted process left, beside everything else.
    fn mend(&self) {
        let runtime = self.clone();
        tokio::spawn(async move {
            if let Err(error) = runtime.backend().mend().await {
                tracing::warn!(%error, "a write that was interrupted waits to be finished");
            }
            runtime.start(Effect::Load);
        });
    }

    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, Option<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn send(&self, message: Message) {
        // What was asked for elsewhere is no news here; but the server is one for all places.
        let is_everywhere = matches!(message, Message::Moved(_) | Message::Serving(_));
        if self.place.stay != self.places.now().stay && !is_everywhere {
            return;
        }
        // The screen may be gone; then nobody wants to know.
        let _ = self.sender.send(message);
    }
}
