//! What effects ask for, done.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use futures_util::StreamExt;

use super::effect::Effect;
use super::message::{Lists, Message};
use super::modal::{Renamed, Target};
use super::runtime::Runtime;
use crate::model::ConnectionRef;
use crate::model::tape::Step;
use crate::service::Error;
use crate::service::copy::Form;
use crate::service::fresh::Freshness;
use crate::service::undo::Removed;

/// How many rows of activity are shown.
const ACTIVITY: u32 = 500;
/// How many connections are refreshed at once.
const AT_ONCE: usize = 4;

impl Runtime {
    /// Reads for the lists. Runs on a thread that may block.
    pub(super) async fn read(&self, effect: Effect) {
        if effect == Effect::LoadProviders {
            let providers =
                self.backend().providers().into_iter().filter_map(|(id, provider)| Some((id, provider.ok()?)));
            return self.send(Message::ProvidersLoaded(providers.collect()));
        }
        let read = async || -> Result<Lists, Error> {
            Ok(Lists {
                connections: self.backend().connections().await?,
                configs: self.backend().configs().await?,
                activity: self.backend().activity(None, ACTIVITY)?,
            })
        };
        loop {
            let asked = self.place.loads.load(Ordering::SeqCst);
            self.send(match read().await {
                Ok(lists) => Message::Loaded(Box::new(lists)),
                Err(error) => Message::Failed(error, Box::new(effect.clone())),
            });
            if self.place.loads.fetch_sub(asked, Ordering::SeqCst) == asked {
                return;
            }
        }
    }

    pub(super) async fn perform(&self, effect: Effect) {
        let done = self.result_of(&effect).await;
        self.send(done.unwrap_or_else(|error| match effect {
            Effect::Paste(_) => Message::PasteRefused(error),
            effect => Message::Failed(error, Box::new(effect)),
        }));
    }

    async fn result_of(&self, effect: &Effect) -> Result<Message, Error> {
        let backend = self.backend();
        Ok(match effect {
            Effect::Copy(connection, form) => {
                Message::Copied(connection.clone(), backend.copy(connection, Freshness::default(), *form).await?)
            }
            Effect::Reveal(connection) => {
                let handed_out = backend.hand_out(connection, Freshness::default(), Form::Raw).await?;
                Message::Revealed(connection.clone(), handed_out.text)
            }
            Effect::CopyText(what, text) => Message::TextCopied(what, backend.copy_text(text)?),
            Effect::Refresh(connections) => Message::Refreshed(self.refresh(connections).await?),
            Effect::Authorize(request) => {
                let authorization = backend.begin(request.clone()).await?;
                if let Some(waiting) = self.lock().as_mut() {
                    waiting.paster = Some(authorization.paster());
                    waiting.is_exchanging = Some(authorization.progress());
                }
                self.send(Message::Waits(Box::new(authorization.waiting().clone())));
                Message::Connected(Box::new(authorization.finish().await?))
            }
            Effect::Enter(request) => Message::Connected(Box::new(backend.enter(request.clone()).await?)),
            Effect::Paste(address) => {
                let paster = self.lock().as_ref().and_then(|waiting| waiting.paster.clone());
                paster.ok_or_else(|| Error::usage("no authorization waits"))?.paste(address.expose()).await?;
                // What comes of it, the authorization tells.
                Message::Ticked(backend.now())
            }
            Effect::FindMcp(address) => {
                let (id, provider) = backend.provider(backend.provider_of_mcp(address).await?.as_str())?;
                Message::McpFound(id, Box::new(provider))
            }
            Effect::MakeConfig(new) => Message::ConfigMade(Box::new(backend.create_config(new.clone()).await?)),
            Effect::MakeConfigLike(key, new) => {
                Message::ConfigMade(Box::new(backend.create_config_like(key, new.clone()).await?))
            }
            Effect::EditConfig(key, changes) => {
                Message::ConfigEdited(Box::new(backend.edit_config(key, changes.clone()).await?))
            }
            Effect::RenameConfig(key, new) => {
                backend.rename_config(key, new).await?;
                Message::Renamed(Renamed::Config(key.clone()), Target::Config(new.clone()))
            }
            Effect::RenameConnection(reference, new) => {
                let after = backend.rename_connection(reference, new).await?;
                Message::Renamed(Renamed::Connection(reference.clone()), Target::Connection(after))
            }
            Effect::CheckRedirect(key) => Message::RedirectChecked(backend.local()?.check_redirect(key).await?),
            Effect::WhoAmI(connection) => Message::Identified(Box::new(backend.who_am_i(connection).await?)),
            Effect::DeleteConnections(connections, revoke) => self.delete(connections, *revoke).await?,
            Effect::DeleteConfig(key) => {
                let removed = match backend.local() {
                    Ok(service) => service.before_deleting_config(key).await,
                    Err(_) => Removed::default(),
                };
                let connections = backend.delete_config(key).await?;
                Message::ConfigDeleted(key.to_string(), connections, self.keep(removed))
            }
            Effect::BringBack => {
                let removed = self.removed().take().ok_or_else(|| Error::usage("there is nothing to bring back"))?;
                Message::BroughtBack(backend.local()?.bring_back(&removed).await?)
            }
            Effect::ForgetRemoved => {
                self.removed().take();
                Message::Ticked(backend.now())
            }
            Effect::Examine => Message::Examined(backend.local()?.doctor().await),
            Effect::ReadFlow(number) => Message::FlowRead(*number, backend.flow(*number)?),
            Effect::CopyCurl(number) => {
                let commands: Vec<String> = backend.flow(*number)?.iter().filter_map(Step::curl).collect();
                if commands.is_empty() {
                    return Err(Error::usage("nothing was sent for this: there is no request to copy"));
                }
                Message::TextCopied("its requests as curl commands", backend.copy_text(&commands.join("\n"))?)
            }
            Effect::Inspect(connection) => Message::Inspected(Box::new(backend.inspect(connection).await?)),
            Effect::OpenPage(url) => {
                backend.open_page(url)?;
                Message::Ticked(backend.now())
            }
            Effect::Unlock(passphrase) => {
                backend.unlock_vault(Some(passphrase.clone())).await?;
                Message::Unlocked
            }
            Effect::EnterSandbox => self.places.enter_sandbox().await?,
            Effect::LeaveSandbox => self.places.leave_sandbox().await,
            Effect::Allow(page) => {
                self.places.allow(page).await?;
                Message::Ticked(backend.now())
            }
            Effect::StartServer => self.server.start().await?,
            Effect::StopServer => self.server.stop().await,
            Effect::Quit
            | Effect::Load
            | Effect::LoadProviders
            | Effect::Cancel
            | Effect::TakeMouse(_)
            | Effect::Ring => Message::Ticked(backend.now()),
        })
    }

    /// Refreshes a few at a time: each is its own provider's answer to wait for.
    async fn refresh(&self, connections: &[ConnectionRef]) -> Result<Vec<(ConnectionRef, Option<Error>)>, Error> {
        if let [connection] = connections {
            self.backend().refresh(connection).await?;
            return Ok(vec![(connection.clone(), None)]);
        }
        let one =
            async |connection: &ConnectionRef| (connection.clone(), self.backend().refresh(connection).await.err());
        let outcomes: Vec<_> =
            futures_util::stream::iter(connections.iter().map(one)).buffered(AT_ONCE).collect().await;
        locked(outcomes.iter().filter_map(|(_, error)| error.as_ref()))?;
        Ok(outcomes)
    }

    async fn delete(&self, connections: &[ConnectionRef], revoke: bool) -> Result<Message, Error> {
        let removed = match self.backend().local() {
            Ok(service) if !revoke => service.before_deleting(connections).await,
            _ => Removed::default(),
        };
        let mut outcomes = Vec::new();
        for connection in connections {
            outcomes.push((connection.clone(), self.backend().delete_connection(connection, revoke).await));
        }
        locked(outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().err()))?;
        Ok(Message::ConnectionsDeleted(outcomes, self.keep(removed)))
    }

    /// Keeps what was deleted, to bring it back; tells whether there is anything.
    fn keep(&self, removed: Removed) -> bool {
        let is_there = !removed.is_empty();
        *self.removed() = Some(removed).filter(|_| is_there);
        is_there
    }

    fn removed(&self) -> std::sync::MutexGuard<'_, Option<Removed>> {
        self.place.removed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A locked vault is asked about once, and then everything is tried again.
fn locked<'a>(mut errors: impl Iterator<Item = &'a Error>) -> Result<(), Error> {
    errors.find(|error| error.needs_passphrase.is_some()).cloned().map_or(Ok(()), Err)
}
