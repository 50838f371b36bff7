//! Building what a command needs, and no more: most need neither keychain nor network, and
//! `--help` needs nothing at all.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use hallpass::backend::{Backend, OpenSandbox, StartServer};
use hallpass::catalog::Catalog;
use hallpass::cli::args::{Arguments, Color, Command, Global, ServeArgs, VaultCommand};
use hallpass::cli::{self, DemoEnd, Outcome, Output, prompt};
use hallpass::http;
use hallpass::remote::{Host, Remote};
use hallpass::service::demo::Demo;
use hallpass::service::request::named_origin;
use hallpass::service::vaults::AskPassphrase;
use hallpass::service::{Error, Kind, Machine, Service};
use hallpass::settings::{Environment, Overrides, Paths, Settings, SettingsError, private};
use hallpass::system::browser::DesktopBrowser;
use hallpass::system::clipboard::{self, DesktopClipboard, HeldByChild, Sink, TerminalClipboard};
use hallpass::system::clock::SystemClock;
use hallpass::system::{Browser, Clipboard, process};
use hallpass::tui::{self, Starters};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

/// The hidden command that holds a secret on the clipboard.
const HOLD: &str = "clipboard-hold";

/// Runs what was asked for.
pub fn run(arguments: Arguments, environment: &Environment, output: Output) -> Outcome {
    let Arguments { global, plain, command } = arguments;
    if global.host.is_some() && command.as_ref().is_some_and(Command::is_about_this_machine) {
        return Err(Error::usage("that command is about this machine: no other host does it")
            .hinted("leave out `--host`; NANGO_HOSTPORT may stay set")
            .into());
    }
    match command {
        Some(Command::Completions { shell }) => cli::completions(shell, output),
        Some(Command::Man { folder }) => cli::man(folder.as_deref(), output),
        Some(Command::Complete { shell, words }) => {
            complete(&cli::Line::read(shell, words, environment.get("HALLPASS_WORDS")), environment, output)
        }
        // A file with a mistake in it is no reason not to tell which.
        Some(Command::Settings(command)) => {
            let paths = Paths::find(environment, &overrides(&global)).map_err(|error| unusable(&error))?;
            cli::settings(command, &paths.settings, tui::mistakes, output)
        }
        Some(Command::ClipboardHold { seconds }) => {
            Ok(clipboard::hold_for(Duration::from_secs(seconds), std::io::stdin(), std::io::stdout())?)
        }
        command => {
            let looks = command.as_ref().is_some_and(Command::looks_at_this_machine);
            let mut settings = settings(environment, &global, looks)?;
            if looks && settings.file_mistake.is_none() {
                let text = std::fs::read_to_string(&settings.paths.settings).unwrap_or_default();
                settings.file_mistake = tui::mistakes(&text, &[]).first().map(ToString::to_string);
            }
            settings.plain |= plain;
            log(&global, command.is_none().then_some(&settings));
            match command {
                None if settings.plain => by_lines(settings, output),
                None => screen(settings, output),
                Some(Command::Demo(arguments)) => demo(arguments.auto, settings, output),
                Some(Command::Sandbox(arguments)) => {
                    let runtime = runtime(Builder::new_current_thread())?;
                    runtime.block_on(async {
                        let clock = Arc::new(SystemClock);
                        let sandbox = hallpass::service::sandbox::start(
                            arguments.port,
                            &arguments.weather,
                            arguments.lifetime,
                            clock,
                        )
                        .await?;
                        cli::sandbox(&arguments, &sandbox, output).await
                    })
                }
                Some(Command::Serve(arguments)) => serve(arguments, settings, output),
                Some(command) => command_line(command, settings, output),
            }
        }
    }
}

/// Offers what may stand at the cursor. Whatever is wrong is told when the command runs.
fn complete(line: &cli::Line, environment: &Environment, output: Output) -> Outcome {
    let settings = line.global().and_then(|global| settings(&environment.without_secrets(), &global, false).ok());
    let service = settings.and_then(|settings| {
        let machine = writing_to_the_terminal(&settings);
        Service::open(settings, machine, None).ok()
    });
    cli::complete(line, service, output)
}

/// Returns the machine of a program that may end before what it copied is to be cleared.
fn machine(settings: &Settings) -> Machine {
    let clipboard: Box<dyn Clipboard> = if clipboard::is_local(&settings.surroundings) {
        let program = std::env::current_exe().unwrap_or_else(|_| "hallpass".into());
        Box::new(HeldByChild::new(program, HOLD))
    } else {
        let is_dumb = settings.surroundings.terminal.as_deref() == Some("dumb");
        Box::new(TerminalClipboard::new(
            if is_dumb { Sink::Nowhere } else { Sink::Terminal },
            settings.surroundings.multiplexer,
        ))
    };
    Machine { clock: Arc::new(SystemClock), browser: browser(settings), clipboard }
}

/// Returns the machine of a program that copies nothing by itself.
fn writing_to_the_terminal(settings: &Settings) -> Machine {
    let clipboard = Box::new(TerminalClipboard::new(Sink::Terminal, settings.surroundings.multiplexer));
    Machine { clock: Arc::new(SystemClock), browser: browser(settings), clipboard }
}

fn ask() -> Option<AskPassphrase> {
    prompt::is_interactive().then(|| Arc::new(prompt::passphrase) as AskPassphrase)
}

/// Talks by lines, at this machine or at another host.
fn by_lines(settings: Settings, output: Output) -> Outcome {
    let runtime = runtime(Builder::new_current_thread())?;
    let machine = machine(&settings);
    let backend = if settings.host.is_some() {
        elsewhere(settings, machine, output)?
    } else {
        Backend::Local(Arc::new(Service::open(settings, machine, ask())?))
    };
    let outcome = runtime.block_on(async {
        if let Backend::Local(service) = &backend {
            mend(service, output).await;
        }
        cli::plain(&backend, output).await
    });
    runtime.shutdown_background();
    outcome
}

/// Runs one command, on this machine's service or at another host.
fn command_line(command: Command, settings: Settings, output: Output) -> Outcome {
    let runtime = runtime(Builder::new_current_thread())?;
    let machine = machine(&settings);
    if settings.host.is_some() && !command.is_about_this_machine() {
        let backend = elsewhere(settings, machine, output)?;
        let outcome = runtime.block_on(cli::run(command, &backend, output));
        runtime.shutdown_background();
        return outcome;
    }
    let service = Arc::new(Service::open(settings, machine, ask())?);
    let outcome = runtime.block_on(async {
        // A move that was stopped goes on; anything else begins by undoing it.
        if !matches!(command, Command::Vault(VaultCommand::Migrate { .. })) {
            mend(&service, output).await;
        }
        cli::run(command, &Backend::Local(service), output).await
    });
    // A keychain call that hangs must not hold up the end.
    runtime.shutdown_background();
    outcome
}

/// Runs the local server.
fn serve(arguments: ServeArgs, mut settings: Settings, output: Output) -> Outcome {
    let named = arguments.api_origins.iter().map(|origin| named_origin(origin));
    settings.api_origins = named.collect::<Result<_, _>>()?;
    let flags = http::Flags {
        port: arguments.port,
        https: arguments.https,
        listen: arguments.listen,
        hosts: arguments.hosts,
        origins: arguments.origins,
    };
    let options = http::Options::of(&settings.server, &flags)?;
    process::allow_many_files();
    let runtime = runtime(Builder::new_multi_thread())?;
    let machine = writing_to_the_terminal(&settings);
    let service = Arc::new(Service::open(settings, machine, ask())?);
    let outcome = runtime.block_on(async {
        mend(&service, output).await;
        let server = http::start(service.clone(), options).await?;
        cli::serve(server, &service, output).await
    });
    runtime.shutdown_background();
    outcome
}

/// Returns what starts the local server for the terminal UI, which knows nothing of it.
fn start_server(service: &Arc<Service>) -> StartServer {
    let service = service.clone();
    Arc::new(move || {
        let service = service.clone();
        Box::pin(async move {
            process::allow_many_files();
            let options = http::Options::of(&service.settings().server, &http::Flags::default())?;
            http::start(service, options).await
        })
    })
}

/// Returns what opens a sandbox for the terminal UI: in memory, beside whatever this home holds.
fn open_sandbox(settings: &Settings, sender: &mpsc::UnboundedSender<Zeroizing<String>>) -> OpenSandbox {
    let settings = Settings { read_only: false, host: None, ..settings.clone() };
    let sender = sender.clone();
    Arc::new(move || {
        let (settings, clipboard) = (settings.clone(), clipboard_of(&settings, &sender));
        let desktop = DesktopBrowser::new(settings.surroundings.clone());
        let browser: Option<Box<dyn Browser>> = if desktop.check().is_ok() { Some(Box::new(desktop)) } else { None };
        Box::pin(Demo::start(settings, Arc::new(SystemClock), browser, clipboard))
    })
}

/// Returns the host that the settings name, as a backend. What this machine does for it keeps nothing.
fn elsewhere(settings: Settings, machine: Machine, output: Output) -> Result<Backend, Error> {
    let host = Host::new(settings.host.as_deref().unwrap_or_default(), settings.server.key.clone())?;
    if host.is_overheard() {
        output.warn(&format!("`{}` is not https: the key and the tokens can be read on the way", host.address()));
    }
    let catalog = Catalog::new(Some(settings.paths.providers.clone()));
    Ok(Backend::Remote(Arc::new(Remote::new(Service::in_memory(catalog, settings, machine)?, host))))
}

/// Opens the terminal UI on this machine's service, or on another host.
fn screen(settings: Settings, output: Output) -> Outcome {
    check_terminal(&settings)?;
    let look = tui::Look::of(&settings, || tui::ground(&settings.surroundings))?;
    let runtime = runtime(Builder::new_multi_thread())?;
    let (sender, sequences) = mpsc::unbounded_channel();
    let clipboard = clipboard_of(&settings, &sender);
    let sandbox = Some(open_sandbox(&settings, &sender));
    let machine = Machine { clock: Arc::new(SystemClock), browser: browser(&settings), clipboard };
    let (backend, server) = if settings.host.is_some() {
        (elsewhere(settings, machine, output)?, None)
    } else {
        let service = Arc::new(Service::open(settings, machine, None)?);
        (Backend::Local(service.clone()), Some(start_server(&service)))
    };
    let starters = Starters { server, sandbox };
    let outcome = runtime.block_on(tui::run(backend, sequences, starters, look));
    runtime.shutdown_background();
    Ok(outcome?)
}

/// Runs the demo; on a terminal it ends in the terminal UI.
fn demo(auto: bool, settings: Settings, output: Output) -> Outcome {
    // It changes nothing of the user's, whatever it changes.
    let settings = Settings { read_only: false, ..settings };
    let look = tui::Look::of(&settings, || tui::ground(&settings.surroundings))?;
    let runtime = runtime(Builder::new_multi_thread())?;
    let end = if !output.json && !settings.plain && check_terminal(&settings).is_ok() {
        DemoEnd::Screen
    } else {
        DemoEnd::Report
    };
    let desktop = DesktopBrowser::new(settings.surroundings.clone());
    let browser: Option<Box<dyn Browser>> =
        if auto || desktop.check().is_err() { None } else { Some(Box::new(desktop)) };
    let (sender, sequences) = mpsc::unbounded_channel();
    let clipboard = clipboard_of(&settings, &sender);
    let outcome = runtime.block_on(async {
        let demo = Demo::start(settings, Arc::new(SystemClock), browser, clipboard).await?;
        cli::demo(&demo, end, output).await?;
        if end == DemoEnd::Screen {
            let starters = Starters { server: Some(start_server(&demo.service)), sandbox: None };
            tui::run(Backend::Local(demo.service.clone()), sequences, starters, look).await?;
        }
        Ok(())
    });
    runtime.shutdown_background();
    outcome
}

/// Finishes what an interrupted process left; a vault that cannot be reached now is no reason not
/// to run a command that needs none.
async fn mend(service: &Service, output: Output) {
    if let Err(error) = service.mend().await {
        output.warn(&format!("a write that was interrupted waits to be finished: {error}"));
    }
}

fn overrides(global: &Global) -> Overrides {
    Overrides {
        home: global.home.clone(),
        vault: global.vault.clone(),
        read_only: global.read_only,
        host: global.host.clone(),
        ascii: global.ascii,
    }
}

fn unusable(error: &SettingsError) -> Error {
    let hint = match error {
        SettingsError::Malformed { .. } => {
            "mend that, or take it away: every setting has a default; `hallpass settings check` tells every mistake"
        }
        _ => "mend that, or take it away: every setting has a default",
    };
    let shown = Error::usage(error.to_string()).hinted(hint);
    match std::error::Error::source(error) {
        Some(cause) => Error { causes: vec![cause.to_string()], ..shown },
        None => shown,
    }
}

/// Reads the settings; `forgives` a file with a mistake in it, for commands that look at what is wrong.
fn settings(environment: &Environment, global: &Global, forgives: bool) -> Result<Settings, Error> {
    let load = if forgives { Settings::load_without_mistakes } else { Settings::load };
    let mut settings = load(environment, &overrides(global)).map_err(|error| unusable(&error))?;
    match global.color {
        Color::Always => settings.surroundings.no_color = false,
        Color::Never => settings.surroundings.no_color = true,
        Color::Auto => {}
    }
    Ok(settings)
}

fn runtime(mut builder: Builder) -> Result<Runtime, Error> {
    builder
        .enable_all()
        .build()
        .map_err(|error| Error::new(Kind::Internal, format!("the runtime cannot be set up: {error}")))
}

fn browser(settings: &Settings) -> Box<dyn Browser> {
    Box::new(DesktopBrowser::new(settings.surroundings.clone()))
}

/// Over SSH and without a display, copies go through the screen, between its frames.
fn clipboard_of(settings: &Settings, sender: &mpsc::UnboundedSender<Zeroizing<String>>) -> Box<dyn Clipboard> {
    if clipboard::is_local(&settings.surroundings) {
        Box::new(DesktopClipboard::default())
    } else {
        Box::new(TerminalClipboard::new(Sink::Screen(sender.clone()), settings.surroundings.multiplexer))
    }
}

/// The terminal UI needs a terminal that can draw.
fn check_terminal(settings: &Settings) -> Result<(), Error> {
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let can_draw = settings.surroundings.terminal.as_deref() != Some("dumb");
    if is_terminal && can_draw {
        return Ok(());
    }
    let why = if is_terminal {
        "this terminal (TERM=dumb) cannot draw"
    } else {
        "standard input and output are not a terminal"
    };
    Err(Error::usage(format!("the terminal UI needs a terminal, and {why}"))
        .hinted("`hallpass --plain` talks by lines; `hallpass connection list`, `hallpass token get CONFIG CONNECTION` and `hallpass --help` do without too"))
}

/// Logs as far as `-v` asks for it, our own records only: to standard error, or, while the terminal
/// UI has the screen, to a file.
fn log(global: &Global, screen: Option<&Settings>) {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::fmt::writer::BoxMakeWriter;
    use tracing_subscriber::prelude::*;
    let level = match global.verbose {
        0 => return,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let writer = match screen {
        None => BoxMakeWriter::new(std::io::stderr),
        Some(settings) => {
            let path = settings.paths.log.clone();
            let file = private::file(&path).ok().and_then(|()| private::options().append(true).open(&path).ok());
            // Without a file there is nowhere to log to, and the screen must stay clean.
            let Some(file) = file else { return };
            BoxMakeWriter::new(std::sync::Mutex::new(file))
        }
    };
    let layer = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    let layer = layer.with_filter(Targets::new().with_target("hallpass", level));
    // A second subscriber is impossible here, and would do no harm.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}
