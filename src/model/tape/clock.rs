//! What an answer says of the clock of whoever gave it.

use chrono::{DateTime, TimeDelta};

use super::{Answer, Step};
use crate::model::freshness::spoken;

/// How far clocks may be apart before it is called out.
const APART: TimeDelta = TimeDelta::seconds(60);

impl Step {
    /// Says how far the clock of whoever answered is from this machine's, where that is more than a minute: tokens
    /// seem to end early then, or late. The clock is that of `Date` (RFC 9110 section 6.6.1).
    pub fn clock(&self) -> Option<String> {
        let Some(Answer::Came { headers, .. }) = &self.answer else { return None };
        let named = |wanted: &str| headers.iter().find(|(name, _)| name == wanted);
        // What a cache kept tells the time at which it was made (RFC 9111 section 5.1).
        let (_, date) = named("date").filter(|_| named("age").is_none())?;
        let there = DateTime::parse_from_rfc2822(date).ok()?.to_utc();
        let here = self.at + self.took.unwrap_or_default();
        // `Date` knows whole seconds.
        let apart = TimeDelta::try_seconds(there.timestamp() - here.timestamp())?;
        let words = if apart < TimeDelta::zero() { "behind" } else { "ahead of" };
        let far = apart.abs().to_std().ok().filter(|_| apart.abs() > APART)?;
        Some(format!("the server's clock is {} {words} this machine's", spoken(far)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tape::What;

    fn clock(date: &str) -> Option<String> {
        clock_of(&[("date", date)])
    }

    fn clock_of(headers: &[(&str, &str)]) -> Option<String> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let step = Step {
            at: "2026-03-14T09:26:53Z".parse().unwrap(),
            took: Some(std::time::Duration::from_secs(2)),
            what: What::Refresh,
            times: 1,
            request: None,
            answer: Some(Answer::Came { status: 200, headers, body: String::new(), size: None }),
        };
        step.clock()
    }

    #[test]
    fn a_clock_that_is_more_than_a_minute_away_is_called_out() {
        assert_eq!(clock("Sat, 14 Mar 2026 09:27:55 GMT"), None);
        let ahead = "the server's clock is 1m 1s ahead of this machine's";
        assert_eq!(clock("Sat, 14 Mar 2026 09:27:56 GMT").as_deref(), Some(ahead));
        let behind = "the server's clock is 2h behind this machine's";
        assert_eq!(clock("Sat, 14 Mar 2026 07:26:55 GMT").as_deref(), Some(behind));
        assert_eq!(clock("yesterday"), None);
        let kept = [("date", "Sat, 14 Mar 2026 07:26:55 GMT"), ("age", "7200")];
        assert_eq!(clock_of(&kept), None, "a cache gave it");
    }
}
