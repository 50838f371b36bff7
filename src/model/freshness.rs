//! How long is fresh: `design.md` section 6.

use std::time::Duration;

use super::Time;

/// The margin of the command line and the terminal UI.
pub const INTERACTIVE_MARGIN: Duration = Duration::from_mins(1);

/// The margin of programs that ask the local server: Nango's, whose programs keep a token for a while.
pub const PROGRAM_MARGIN: Duration = Duration::from_mins(15);

/// How fresh a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Freshness {
    /// For how long it must still be valid, if not for the usual margin.
    pub min_ttl: Option<Duration>,
    /// Whether it is refreshed whatever its age.
    pub forced: bool,
    /// Who asks, which decides about the usual margin.
    pub asker: Asker,
}

/// Who asks for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Asker {
    /// A person, who uses it now.
    #[default]
    Person,
    /// A program, which may keep it for a while: Nango's margin.
    Program,
}

impl Asker {
    /// Returns the usual margin.
    pub fn margin(self) -> Duration {
        match self {
            Self::Person => INTERACTIVE_MARGIN,
            Self::Program => PROGRAM_MARGIN,
        }
    }
}

/// Returns for how long a token must still be valid to be handed out as it is.
///
/// That is what was `asked` for, else what the `provider` file says, else `usual`; never more
/// than half of the token's `lifetime`, so that a short-lived token is not refreshed at each call.
pub fn margin(
    asked: Option<Duration>,
    provider: Option<Duration>,
    usual: Duration,
    lifetime: Option<Duration>,
) -> Duration {
    let margin = asked.or(provider).unwrap_or(usual);
    lifetime.map_or(margin, |lifetime| margin.min(lifetime / 2))
}

/// Returns how long a token that ends at `expires_at` is still valid; zero once it has ended.
pub fn remaining(expires_at: Time, now: Time) -> Duration {
    (expires_at - now).to_std().unwrap_or_default()
}

/// Writes a length of time as a person says it: `58m`, `3h 5m`, `12s`, `4d 2h`.
pub fn spoken(length: Duration) -> String {
    let seconds = length.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) if minutes < 5 && !seconds.is_multiple_of(60) => format!("{minutes}m {}s", seconds % 60),
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, 0) => format!("{hours}h"),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, 0, _) => format!("{days}d"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    #[test]
    fn what_was_asked_for_goes_before_the_provider_and_the_usual() {
        assert_eq!(margin(Some(seconds(5)), Some(seconds(7)), seconds(60), None), seconds(5));
        assert_eq!(margin(None, Some(seconds(7)), seconds(60), None), seconds(7));
        assert_eq!(margin(None, None, seconds(60), None), seconds(60));
    }

    #[test]
    fn a_short_lived_token_is_fresh_for_half_its_life() {
        assert_eq!(margin(None, None, seconds(60), Some(seconds(8))), seconds(4));
        assert_eq!(margin(Some(seconds(900)), None, seconds(60), Some(seconds(600))), seconds(300));
    }

    #[test]
    fn lengths_are_spoken_in_two_units_at_most() {
        let cases = [
            (0, "0s"),
            (59, "59s"),
            (61, "1m 1s"),
            (3_480, "58m"),
            (3_600, "1h"),
            (11_100, "3h 5m"),
            (360_000, "4d 4h"),
        ];
        for (length, text) in cases {
            assert_eq!(spoken(seconds(length)), text);
        }
    }
}
