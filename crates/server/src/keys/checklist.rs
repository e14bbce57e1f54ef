//! The eight things that must be right about the keys, each ticked or with what to do.
//!
//! The same code for `key check`, `doctor` and the page of the keys. What is not known is not ticked, and a finding
//! that speaks against no line in particular speaks against the place of the keys: none is lost.

use std::time::Duration;

use concierge_core::{
    keys::api::{CheckLine, Checked},
    time::Timestamp,
};

use super::fact_store;
use crate::{
    config::{Config, Environment, Finding},
    store::{Db, StoreError},
};

/// A backup that nobody tried for longer than this is a hope.
const BACKUP_TRUSTED: Duration = Duration::from_secs(90 * 24 * 3600);
/// The target under which every audit event is logged.
const SECURITY: &str = "security";

/// What the database knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// When a backup of the keys was last opened and found whole.
    pub backup_verified_at: Option<Timestamp>,
}

impl Facts {
    /// Reads them.
    pub async fn find(db: &Db) -> Result<Self, StoreError> {
        Ok(Self {
            backup_verified_at: fact_store::find_fact(db, "backup_verified").await?,
        })
    }
}

/// Who hears of it when something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watching {
    /// Whether the log shows the events.
    pub logs: bool,
    /// Whether mails leave.
    pub mails: bool,
}

impl Watching {
    /// As it is configured.
    pub fn of(config: &Config) -> Self {
        Self {
            logs: crate::platform::telemetry::shows(&config.log.filter, SECURITY),
            mails: config.mail.smtp_url.is_some(),
        }
    }
}

/// What the eight lines are judged by.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// Where it runs.
    pub environment: Environment,
    /// What [`super::check`] found.
    pub findings: &'a [Finding],
    /// What speaks against the plan to rotate ([`super::due::unplanned`]).
    pub due: &'a [Finding],
    /// Who hears of it; none when the rest of the configuration is broken.
    pub watching: Option<Watching>,
    /// What the database knows; none when it can't be asked.
    pub facts: Option<Facts>,
    /// The time.
    pub now: Timestamp,
}

/// All eight, in their order.
pub fn checklist(known: &Known<'_>) -> Vec<Checked> {
    let lines = CheckLine::ALL.into_iter();
    lines
        .map(|line| {
            let remedies = match line {
                CheckLine::RotationPlanned => known.due.iter().map(remedy).collect(),
                CheckLine::WatchedOver => known.watched_over(),
                CheckLine::RecoveryReady => known.recovery(),
                _ => known.against(line),
            };
            Checked {
                line,
                is_ticked: remedies.is_empty(),
                is_waived: known.waives(line),
                remedies,
            }
        })
        .collect()
}

impl Known<'_> {
    /// Keys that are made anew at will neither age nor need a backup.
    fn waives(&self, line: CheckLine) -> bool {
        let is_asked_where_it_serves =
            matches!(line, CheckLine::RotationPlanned | CheckLine::RecoveryReady);
        is_asked_where_it_serves && !self.environment.is_deployed()
    }

    fn against(&self, line: CheckLine) -> Vec<String> {
        let speaks = |finding: &&Finding| match finding.against.as_ref() {
            [] => line == CheckLine::RightPlace,
            lines => lines.contains(&line),
        };
        self.findings.iter().filter(speaks).map(remedy).collect()
    }

    fn watched_over(&self) -> Vec<String> {
        let Some(watching) = self.watching else {
            return vec![
                "the configuration is broken, so it is not known who is told: `concierge config check`"
                    .to_owned(),
            ];
        };
        let mut remedies = Vec::new();
        if !watching.logs {
            remedies.push(format!(
                "the log leaves the security events out: add {SECURITY}=info to CONCIERGE_LOG"
            ));
        }
        if !watching.mails && self.environment.is_production() {
            remedies.push("nobody can be told by mail: set CONCIERGE_SMTP_URL".to_owned());
        }
        remedies
    }

    fn recovery(&self) -> Vec<String> {
        const HOW: &str =
            "`concierge key backup --out k.age`, then `concierge key backup --verify k.age`";
        if self.waives(CheckLine::RecoveryReady) {
            return Vec::new();
        }
        let verified = match self.facts {
            Some(facts) => facts.backup_verified_at,
            None => {
                return vec![
                    "the database can't be asked when a backup was last verified: `concierge doctor` says why"
                        .to_owned(),
                ];
            }
        };
        match verified {
            Some(at) if self.now.since(at) <= BACKUP_TRUSTED => Vec::new(),
            Some(at) => vec![format!(
                "the backup was last verified on {}, more than 90 days ago: {HOW}",
                at.to_rfc3339().chars().take(10).collect::<String>()
            )],
            None => vec![format!("no backup of the keys was ever verified: {HOW}")],
        }
    }
}

fn remedy(finding: &Finding) -> String {
    format!("{}: {}; {}", finding.key, finding.message, finding.remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_219_200_000);

    fn known(findings: &[Finding]) -> Known<'_> {
        Known {
            environment: Environment::Production,
            findings,
            due: &[],
            watching: Some(Watching {
                logs: true,
                mails: true,
            }),
            facts: Some(Facts {
                backup_verified_at: Some(NOW.minus(BACKUP_TRUSTED)),
            }),
            now: NOW,
        }
    }

    fn open(known: &Known<'_>) -> Vec<CheckLine> {
        let lines = checklist(known);
        assert_eq!(lines.len(), 8);
        for one in &lines {
            assert_eq!(one.is_ticked, one.remedies.is_empty());
        }
        let open = lines.into_iter().filter(|one| !one.is_ticked);
        open.map(|one| one.line).collect()
    }

    #[test]
    fn where_all_is_well_all_eight_are_ticked() {
        assert_eq!(open(&known(&[])), []);
    }

    #[test]
    fn a_finding_opens_the_lines_it_speaks_against_and_no_finding_is_lost() {
        let finding = Finding::error("JWT_SECRET", "x", "too short", "make a new one");
        let short = [finding.clone().against([CheckLine::LongEnough]).warning()];
        assert_eq!(open(&known(&short)), [CheckLine::LongEnough]);
        let shown = &checklist(&known(&short))[1].remedies;
        assert_eq!(*shown, ["JWT_SECRET: too short; make a new one"]);
        assert_eq!(open(&known(&[finding])), [CheckLine::RightPlace]);
    }

    #[test]
    fn what_is_not_known_is_not_ticked_where_it_is_deployed() {
        let nothing = Known {
            watching: None,
            facts: None,
            ..known(&[])
        };
        let last = [CheckLine::WatchedOver, CheckLine::RecoveryReady];
        assert_eq!(open(&nothing), last);
        let environment = Environment::Development;
        let there = Known {
            environment,
            ..nothing
        };
        assert_eq!(open(&there), [CheckLine::WatchedOver]);
    }

    #[test]
    fn what_is_not_asked_for_is_told_from_what_is_right() {
        let waived = |environment| {
            let known = Known {
                environment,
                facts: None,
                ..known(&[])
            };
            let lines = checklist(&known).into_iter();
            let waived = lines.filter(|one| one.is_waived);
            waived
                .map(|one| (one.line, one.is_ticked))
                .collect::<Vec<_>>()
        };
        for environment in [Environment::Staging, Environment::Production] {
            assert_eq!(waived(environment), []);
        }
        let both = [
            (CheckLine::RotationPlanned, true),
            (CheckLine::RecoveryReady, true),
        ];
        for environment in [Environment::Development, Environment::Test] {
            assert_eq!(waived(environment), both);
        }
    }

    #[test]
    fn an_old_backup_and_none_and_an_overdue_key_are_open() {
        let old = NOW.minus(BACKUP_TRUSTED + Duration::from_millis(1));
        for at in [None, Some(old)] {
            let facts = Some(Facts {
                backup_verified_at: at,
            });
            let known = Known {
                facts,
                ..known(&[])
            };
            assert_eq!(open(&known), [CheckLine::RecoveryReady]);
        }
        let due = [Finding::error("JWT_SECRET", "x", "overdue", "rotate")];
        let overdue = Known {
            due: &due,
            ..known(&[])
        };
        assert_eq!(open(&overdue), [CheckLine::RotationPlanned]);
    }

    #[test]
    fn somebody_must_see_the_log_and_in_production_get_mail() {
        let with = |environment, logs, mails| Known {
            environment,
            watching: Some(Watching { logs, mails }),
            ..known(&[])
        };
        for (known, is_open) in [
            (with(Environment::Production, true, false), true),
            (with(Environment::Staging, true, false), false),
            (with(Environment::Staging, false, true), true),
        ] {
            assert_eq!(!open(&known).is_empty(), is_open);
        }
    }
}
