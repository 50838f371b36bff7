//! What is changed, copied and looked at on the screens of settings and doctor.

use super::App;
use crate::service::doctor::{Finding, Wellness};
use crate::tui::effect::Effect;
use crate::tui::facts::{Change, Fact, of_look};
use crate::tui::keys::View;

impl App {
    /// Returns the rows of the settings screen.
    pub(in crate::tui) fn facts(&self) -> Vec<Fact> {
        of_look(&self.setup.look).into_iter().chain(self.setup.facts.iter().cloned()).collect()
    }

    pub(in crate::tui) fn selected_fact(&self) -> Option<Fact> {
        let row = self.rows[View::Settings.index()].selected_row()?;
        self.facts().into_iter().nth(row)
    }

    pub(in crate::tui) fn selected_finding(&self) -> Option<&Finding> {
        self.findings.get(self.rows[View::Doctor.index()].selected_row()?)
    }

    pub(super) fn change_setting(&mut self) -> Vec<Effect> {
        let Some(fact) = self.selected_fact() else { return Vec::new() };
        let look = &mut self.setup.look;
        let mut effects = Vec::new();
        match fact.change {
            None => {
                self.remark(format!("{} cannot be changed while the program runs", fact.name));
                return effects;
            }
            Some(Change::Theme) => look.next_theme(),
            Some(Change::Mouse) => {
                look.takes_mouse ^= true;
                effects.push(Effect::TakeMouse(look.takes_mouse));
            }
            Some(Change::Ascii) => look.is_ascii ^= true,
            Some(Change::Motion) => look.moves ^= true,
            Some(Change::Bell) => look.rings ^= true,
        }
        self.refilter(View::Settings);
        if let Some(now) = self.selected_fact() {
            self.tell(format!("{}: {}", now.name, now.value));
        }
        effects
    }

    /// Copies the line of the settings file, the value, or what mends something.
    pub(super) fn copy_line(&mut self) -> Vec<Effect> {
        let copied = match self.view {
            View::Doctor => self.selected_finding().map(|finding| {
                let mend = finding.mend.as_ref().map(|mend| format!("\n→ {mend}")).unwrap_or_default();
                ("the finding", format!("{}: {}{mend}", finding.what, finding.found))
            }),
            _ => self.selected_fact().map(|fact| match fact.line {
                Some(line) => ("the line for the settings file", line),
                None => ("the value", fact.value),
            }),
        };
        copied.map(|(what, text)| Effect::CopyText(what, text)).into_iter().collect()
    }

    /// Takes what the doctor found, what does not work first.
    pub(super) fn examined(&mut self, mut findings: Vec<Finding>) {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.wellness));
        let count = |wellness| findings.iter().filter(|finding| finding.wellness == wellness).count();
        let (ill, odd) = (count(Wellness::Ill), count(Wellness::Odd));
        self.findings = findings;
        self.refilter(View::Doctor);
        match (ill, odd) {
            (0, 0) => self.tell("everything works"),
            (0, odd) => self.remark(format!("{} to look at; the rest works", things(odd))),
            (ill, _) => self.remark(format!(
                "{} not work",
                if ill == 1 { "one thing does".to_owned() } else { format!("{ill} things do") }
            )),
        }
    }
}

fn things(count: usize) -> String {
    if count == 1 { "one thing".to_owned() } else { format!("{count} things") }
}
