//! Authorizing: one question at a time, and then the waiting, of which every step is said.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use super::Plain;
use super::connections::state;
use super::talk::{Said, Stop, spelled, words};
use crate::cli::interrupt::uninterrupted;
use crate::model::freshness::remaining;
use crate::model::template::{check_value, expected};
use crate::model::{Config, ConfigKey, ConnectionId, ConnectionRef, Provider, Secret, WayIn};
use crate::service::connect::{Authorization, ConnectRequest, Connected, Waiting, Way};
use crate::service::enter::EnterRequest;

impl Plain<'_> {
    pub(super) async fn authorize_again(&mut self, given: Vec<String>) -> Said<()> {
        let (reference, _) = self.which(given).await?;
        let config = self.backend.config(&reference.config).await?;
        self.authorize(config, reference).await
    }

    /// Authorizes a new connection, under a config that is named or chosen.
    pub(super) async fn authorize_new(&mut self, config: Option<String>) -> Said<()> {
        let config = if let Some(key) = config {
            self.backend.config(&ConfigKey::new(key)?).await?
        } else {
            let configs = self.backend.configs().await?;
            if configs.is_empty() {
                return self.talk.say("There is no config yet. The command config makes one.");
            }
            let shown: Vec<String> =
                configs.iter().map(|config| format!("{}, {}", config.key, config.provider)).collect();
            let chosen = self.talk.choose("Under which config", &shown).await?;
            configs.into_iter().nth(chosen).ok_or(Stop::Cancelled)?
        };
        let id = loop {
            let help = "Type what you will call this account, such as jane.";
            match ConnectionId::new(self.talk.ask("An id for the connection", Some("default"), help).await?) {
                Ok(id) => break id,
                Err(error) => self.talk.say(&format!("{error}."))?,
            }
        };
        let reference = ConnectionRef::new(config.key.clone(), id);
        if self.backend.connection(&reference).await.is_ok()
            && !self.talk.agree(&format!("{reference} is there already. Authorize it again?"), false).await?
        {
            return Ok(());
        }
        self.authorize(config, reference).await
    }

    async fn authorize(&mut self, config: Config, reference: ConnectionRef) -> Said<()> {
        let known = self.backend.connection(&reference).await.ok();
        let (usual, provider) = self.backend.way_in(&config, &reference, known.as_ref().map(|one| one.way)).await?;
        let ways = provider.usable_ways(!config.client_id.is_empty());
        let way_in = if known.is_none() && ways.len() > 1 {
            let shown: Vec<String> = ways.iter().map(|way| format!("{way}: {}", provider.needs(*way))).collect();
            ways[self.talk.choose("There are several ways in. Which one", &shown).await?]
        } else {
            usual
        };
        let is_known = known.as_ref().is_some_and(|one| one.way == way_in && !way_in.is_entered());
        let variables = self.variables(&provider, &known.map(|one| one.variables).unwrap_or_default()).await?;
        let fields = self.fields(&provider, way_in, is_known).await?;
        let connected = if way_in.has_flow() {
            let mut request = ConnectRequest::new(reference).reading_files();
            (request.way_in, request.variables, request.fields) = (Some(way_in), variables, fields);
            request.way = self.place(&config, &provider, way_in).await?;
            let authorization = Box::pin(self.backend.begin(request)).await?;
            Box::pin(self.wait(authorization)).await?
        } else {
            let mut request = EnterRequest::new(reference).reading_files();
            (request.way_in, request.variables, request.fields) = (Some(way_in), variables, fields);
            if way_in.is_entered() && provider.api.verify.is_some() {
                request.unverified =
                    !self.talk.agree("Prove it by a call to the provider before it is kept?", true).await?;
            }
            Box::pin(uninterrupted(self.backend.enter(request), self.backend, self.talk.output())).await?
        };
        let connection = &connected.connection;
        self.talk.say(&format!(
            "{} is authorized: {}.",
            connection.reference,
            state(connection, self.backend.now())
        ))?;
        connected.warnings.iter().try_for_each(|warning| self.talk.say(&format!("Warning: {warning}.")))
    }

    async fn variables(
        &mut self,
        provider: &Provider,
        known: &BTreeMap<String, String>,
    ) -> Said<BTreeMap<String, String>> {
        let mut given = BTreeMap::new();
        for (name, variable) in provider.asked_variables() {
            let label = variable.label.as_deref().unwrap_or(name);
            let default =
                known.get(name).or(variable.default.as_ref()).map(String::as_str).or(variable.optional.then_some(""));
            if !variable.choices.is_empty() && default.is_none() {
                let chosen = self.talk.choose(label, &variable.choices).await?;
                given.insert(name.to_owned(), variable.choices[chosen].clone());
                continue;
            }
            let help = format!("Type {}.", expected(variable));
            let value = loop {
                let typed = self.talk.ask(label, default, &help).await?;
                if typed.is_empty() || check_value(name, variable, &typed, provider.is_own).is_ok() {
                    break typed;
                }
                self.talk.say(&format!("That is not it. {help}"))?;
            };
            if !value.is_empty() {
                given.insert(name.to_owned(), value);
            }
        }
        Ok(given)
    }

    /// Asks for what is to be entered; a connection that is known has what goes with its tokens already.
    async fn fields(&mut self, provider: &Provider, way: WayIn, is_known: bool) -> Said<BTreeMap<String, Secret>> {
        let mut given = BTreeMap::new();
        for (name, field) in provider.credential_fields(way).iter().filter(|(_, field)| field.default.is_none()) {
            let label = field.label.as_deref().unwrap_or(name);
            let file = if field.pem { ", @FILE reads it from a file" } else { "" };
            let empty = match (is_known, field.optional) {
                (true, _) => ", empty keeps what is there",
                (false, true) => ", empty leaves it out",
                (false, false) => "",
            };
            let shown = format!("{label}{file}{empty}");
            let value = if field.secret {
                self.talk.secret(&shown).await?
            } else {
                let default = (field.optional || is_known).then_some("");
                Secret::new(self.talk.ask(&shown, default, &format!("Type the {label}.")).await?)
            };
            if !value.is_empty() {
                given.insert(name.clone(), value);
            }
        }
        Ok(given)
    }

    /// Asks where the provider's page is opened.
    async fn place(&mut self, config: &Config, provider: &Provider, way: WayIn) -> Said<Way> {
        let mut places = vec![
            (Way::Browser, "in the browser of this machine"),
            (Way::Paste, "elsewhere, and I paste the address that the browser ends on"),
        ];
        if way == WayIn::OAuth2 && provider.offers_device() {
            // What is preferred stands first, where enter takes it.
            let first = usize::from(!self.backend.prefers_device(config, way)?);
            places.insert(first, (Way::Device, "on another device, with a code"));
        }
        let shown: Vec<String> = places.iter().map(|(_, text)| (*text).to_owned()).collect();
        Ok(places[self.talk.choose("Where is the page of the provider opened", &shown).await?].0)
    }

    fn tell_waiting(&self, waiting: &Waiting) -> Said<()> {
        let left = words(remaining(waiting.deadline, self.backend.now()));
        if let Some(device) = &waiting.device {
            self.talk.say("On any device, open this address:")?;
            self.talk.say(device.verification_uri.as_str())?;
            self.talk.say(&format!("And enter this code: {}", device.user_code))?;
            self.talk.say(&format!("Letter by letter: {}.", spelled(&device.user_code)))?;
            return self.talk.say(&format!("Waiting for {left}. ? tells it again; cancel gives up."));
        }
        match &waiting.browser {
            Ok(()) => self.talk.say("The browser was opened. If it shows nothing, open this address:")?,
            Err(_) if !waiting.listens => self
                .talk
                .say("Open this address, and paste the one that the browser ends on; it may show an error there:")?,
            Err(why) => self.talk.say(&format!("No browser was opened: {why}. Open this address:"))?,
        }
        self.talk.say(waiting.url.as_str())?;
        if let Some(fingerprint) = &waiting.certificate {
            self.talk.say("The browser will warn: the certificate is this machine's own. Go on if its SHA-256 is:")?;
            self.talk.say(fingerprint)?;
        }
        self.talk.say(&format!(
            "Waiting for {left}. You may paste the address that the browser ends on; ? tells it again; cancel gives up."
        ))
    }

    /// Waits for the answer; what is typed meanwhile is an address, a question, or the end of it.
    async fn wait(&mut self, authorization: Authorization) -> Said<Connected> {
        let waiting = authorization.waiting().clone();
        self.tell_waiting(&waiting)?;
        let (paster, is_exchanging) = (authorization.paster(), authorization.progress());
        let mut finishing = std::pin::pin!(authorization.finish());
        let mut may_type = true;
        loop {
            let line = tokio::select! {
                outcome = &mut finishing => return Ok(outcome?),
                line = self.talk.line(), if may_type => line,
                _ = tokio::signal::ctrl_c(), if !may_type => Err(Stop::Interrupted),
            };
            match line {
                Ok(line) if line.is_empty() => {}
                Ok(line) if line == "?" => self.tell_waiting(&waiting)?,
                Ok(_) if waiting.device.is_some() => {
                    self.talk.say("Nothing is pasted here. ? tells the code again.")?;
                }
                // The answer to a good address comes from the authorization itself, which has to go on meanwhile.
                Ok(line) => tokio::select! {
                    outcome = &mut finishing => return Ok(outcome?),
                    judged = paster.paste(&line) => if let Err(error) = judged { self.talk.tell(&error)? },
                },
                // An answer that came already is kept. Where nothing has to be typed, it is waited for.
                Err(Stop::Cancelled | Stop::Interrupted) if is_exchanging.load(Ordering::SeqCst) => {}
                Err(Stop::Cancelled | Stop::Interrupted) => return Err(Stop::Cancelled),
                Err(Stop::Left) if waiting.listens || waiting.device.is_some() => may_type = false,
                Err(stop) => return Err(stop),
            }
        }
    }
}
