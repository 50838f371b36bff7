//! Words that a server drew by chance, which may begin with a hyphen.

use std::ffi::OsStr;

use clap::builder::{StringValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command, Error};

use crate::model::search;

/// No option is as long, and hardly an id that was drawn is shorter.
const SHORTEST: usize = 20;

/// Takes a client id as it is, though it begin with a hyphen, as one in 64 does that a server draws in base64url.
///
/// For arguments with `allow_hyphen_values`, which would take a mistyped option as well: what begins with two hyphens
/// is refused as clap refuses it, with the option that is most like it, unless it is like none and as long as an id is.
#[derive(Clone)]
pub(super) struct Hyphenated;

impl TypedValueParser for Hyphenated {
    type Value = String;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        let value = StringValueParser::new().parse_ref(command, argument, value)?;
        let Some(typed) = value.strip_prefix("--") else { return Ok(value) };
        let name = typed.split('=').next().unwrap_or_default();
        let alike = search::nearest(name, command.get_arguments().filter_map(Arg::get_long));
        if alike.is_empty() && value.len() >= SHORTEST {
            return Ok(value);
        }
        let mut error = Error::new(ErrorKind::UnknownArgument).with_cmd(command);
        if let Some(option) = alike.iter().find(|option| *option != name) {
            error.insert(ContextKind::SuggestedArg, ContextValue::String(format!("--{option}")));
        }
        error.insert(ContextKind::InvalidArg, ContextValue::String(format!("--{name}")));
        error.insert(ContextKind::Usage, ContextValue::StyledStr(command.clone().render_usage()));
        Err(error)
    }
}
