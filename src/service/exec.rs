//! Fresh tokens for a program's environment.

use super::activity::About;
use super::copy::{unsigned, variable_name};
use super::error::quoted;
use super::fresh::{Fresh, Freshness};
use super::source::Source;
use super::{Error, Result, Service};
use crate::model::{ConnectionRef, Happening, Outcome, Secret, untrusted};
use crate::system::process;

/// A variable of a program's environment, and the connection whose token it gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name; unless given, that of config and connection: `GITHUB_JANE_TOKEN`.
    pub name: Option<String>,
    /// The connection.
    pub connection: ConnectionRef,
}

impl Service {
    /// Returns the environment of a program: for each connection a fresh token.
    pub async fn environment(&self, variables: &[Variable], program: &str) -> Result<Vec<(String, Secret)>> {
        self.environment_of(self, variables, program).await
    }

    /// The same, from wherever the credentials come.
    pub async fn environment_of(
        &self,
        source: &impl Source,
        variables: &[Variable],
        program: &str,
    ) -> Result<Vec<(String, Secret)>> {
        let (mut all, by): (Vec<(String, Secret)>, _) = (Vec::new(), self.parent());
        for variable in variables {
            // Before anything is refreshed.
            let name = name_of(variable);
            check_name(&name)?;
            let otherwise = || format!("name one otherwise: `--env NAME={}`", quoted(&variable.connection.to_string()));
            refuse_twice(&name, &all, otherwise)?;
            let fresh = source.fresh(&variable.connection, Freshness::default()).await?;
            let set = self.variables_of(variable, &fresh)?;
            for (name, value) in &set {
                refuse_twice(name, &all, || "one such login stands in an environment: run `exec` for each".to_owned())?;
                if value.expose().contains('\0') {
                    let message = format!("the token of `{}` cannot stand in an environment", variable.connection);
                    return Err(Error::usage(message));
                }
            }
            let names: Vec<&str> = set.iter().map(|(name, _)| name.as_str()).collect();
            let detail = format!("to `{}` as {}", untrusted::line(program), names.join(", "));
            let about =
                About { fingerprint: Some(fresh.credentials.fingerprint()), by: by.clone(), ..About::saying(detail) };
            self.record(&variable.connection, Happening::HandedOut, Outcome::Done, about);
            all.extend(set);
        }
        Ok(all)
    }

    /// What a connection puts into an environment: its token, or, where a login signs, what other programs take of it.
    fn variables_of(&self, variable: &Variable, fresh: &Fresh) -> Result<Vec<(String, Secret)>> {
        if let Some(variables) = self.signing_login(fresh) {
            if variables.is_empty() {
                return Err(unsigned(fresh));
            }
            if variable.name.is_some() {
                let names: Vec<&str> = variables.iter().map(|(name, _)| *name).collect();
                let message = format!("`{}` is a login that signs, and no token of one name", variable.connection);
                return Err(
                    Error::usage(message).hinted(format!("name it without `--env`: it sets {}", names.join(", ")))
                );
            }
            return Ok(variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect());
        }
        Ok(vec![(name_of(variable), fresh.credentials.token())])
    }

    /// Runs a program in this one's place, with an environment over the one that is there. Returns its
    /// exit code where it was waited for.
    pub fn replace_with(
        &self,
        program: &std::ffi::OsStr,
        arguments: &[std::ffi::OsString],
        environment: &[(String, Secret)],
    ) -> Result<i32> {
        process::replace(program, arguments, environment).map_err(|error| {
            let name = untrusted::line(&program.to_string_lossy());
            Error::usage(format!("`{name}` cannot be run: {error}")).hinted("check its name and the PATH")
        })
    }
}

fn name_of(variable: &Variable) -> String {
    variable.name.clone().unwrap_or_else(|| variable_name(&variable.connection))
}

fn refuse_twice(name: &str, all: &[(String, Secret)], hint: impl Fn() -> String) -> Result<()> {
    if all.iter().any(|(known, _)| known == name) {
        return Err(Error::usage(format!("`{name}` would be set twice")).hinted(hint()));
    }
    Ok(())
}

/// A name that a shell can use (POSIX, section 8.1).
fn check_name(name: &str) -> Result<()> {
    let fits = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let is_good = !name.is_empty() && name.chars().all(fits) && !name.starts_with(|first: char| first.is_ascii_digit());
    if is_good {
        return Ok(());
    }
    Err(Error::usage(format!("`{}` is not the name of a variable", untrusted::line(name)))
        .hinted("letters, digits and underscores, and no digit in front"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_has_a_name_that_a_shell_can_use() {
        assert!(check_name("GITHUB_TOKEN").is_ok() && check_name("_a1").is_ok());
        for bad in ["", "1A", "A-B", "A=B", "A B", "\u{e9}", "A\0"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
