//! When to renew, when to warn, when to believe that a session is over: pure rules on spans.
//!
//! Times are milliseconds of any one clock; the spans come from the server, so the clock may be wrong.

/// At most one timer renewal in this span.
const MIN_GAP: f64 = 60_000.0;
/// How long before the idle end the warning appears.
const WARNING: f64 = 120_000.0;

/// What a moment asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Due {
    /// Nothing.
    Nothing,
    /// Renew the session.
    Renew,
    /// Warn: the session ends in so many seconds.
    Warn(u64),
    /// The session should be over: ask the server.
    Over,
}

/// The plan of a session between two renewals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plan {
    renew_at: f64,
    warn_at: f64,
    over_at: f64,
    /// The access token's span in seconds, as of the last answer.
    pub(crate) life: u64,
    gap: f64,
    tried_at: f64,
    touched: bool,
}

impl Plan {
    /// The plan after an answer that gave these spans (seconds). `chance` (0 to 1) spreads the
    /// renewals of many browsers over 70 to 80 % of the token's life.
    pub(crate) fn new(now: f64, expires_in: u64, idle_in: u64, chance: f64) -> Self {
        let life = expires_in as f64 * 1000.0;
        let idle = idle_in as f64 * 1000.0;
        Self {
            renew_at: now + life * (8.0 - chance) / 10.0,
            // A span that is hardly longer than the warning is warned of at half.
            warn_at: now + idle - if idle > WARNING { WARNING } else { idle / 2.0 },
            over_at: now + idle,
            life: expires_in,
            gap: MIN_GAP.min(life / 2.0),
            tried_at: now,
            touched: false,
        }
    }

    /// The person did something. Without this no timer renews: a forgotten tab must not keep a session.
    pub(crate) fn touch(&mut self) {
        self.touched = true;
    }

    /// A renewal or a question was sent.
    pub(crate) fn tried(&mut self, now: f64) {
        self.tried_at = now;
    }

    /// Whether the last try is long enough ago.
    pub(crate) fn may_try(&self, now: f64) -> bool {
        now - self.tried_at >= self.gap
    }

    /// Whether the session has run out by now.
    pub(crate) fn is_over(&self, now: f64) -> bool {
        now >= self.over_at
    }

    /// What this moment asks for.
    pub(crate) fn due(&self, now: f64) -> Due {
        let renewable = self.touched && self.may_try(now);
        if self.is_over(now) {
            // The first question comes at once; unanswered ones keep their distance.
            if self.tried_at <= self.over_at || self.may_try(now) {
                Due::Over
            } else {
                Due::Nothing
            }
        } else if renewable && (now >= self.renew_at || now >= self.warn_at) {
            Due::Renew
        } else if now >= self.warn_at && !self.touched {
            Due::Warn(((self.over_at - now) / 1000.0).ceil() as u64)
        } else {
            Due::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan::new(0.0, 600, 3600, 0.0)
    }

    #[test]
    fn a_renewal_needs_input_and_eighty_percent() {
        let mut plan = plan();
        assert_eq!(plan.due(480_000.0), Due::Nothing, "nobody touched it");
        plan.touch();
        assert_eq!(plan.due(479_999.0), Due::Nothing);
        assert_eq!(plan.due(480_000.0), Due::Renew);
        let early = Plan {
            touched: true,
            ..Plan::new(0.0, 600, 3600, 1.0)
        };
        assert_eq!(early.due(420_000.0), Due::Renew);
    }

    #[test]
    fn a_failed_renewal_waits_a_minute() {
        let mut plan = plan();
        plan.touch();
        plan.tried(480_000.0);
        assert_eq!(plan.due(539_999.0), Due::Nothing);
        assert_eq!(plan.due(540_000.0), Due::Renew);
    }

    #[test]
    fn a_short_access_token_shortens_the_gap() {
        let mut plan = Plan::new(0.0, 5, 3600, 0.0);
        plan.touch();
        assert_eq!(plan.due(3_999.0), Due::Nothing);
        assert_eq!(plan.due(4_000.0), Due::Renew);
    }

    #[test]
    fn the_warning_comes_two_minutes_before_the_end() {
        let plan = plan();
        assert_eq!(plan.due(3_479_999.0), Due::Nothing);
        assert_eq!(plan.due(3_480_000.0), Due::Warn(120));
        assert_eq!(plan.due(3_599_001.0), Due::Warn(1));
        assert_eq!(plan.due(3_600_000.0), Due::Over);
        let idle_before_access = Plan::new(0.0, 600, 120, 0.0);
        assert_eq!(idle_before_access.due(120_000.0), Due::Over);
    }

    #[test]
    fn a_short_idle_span_warns_at_half() {
        let plan = Plan::new(0.0, 600, 20, 0.0);
        assert_eq!(plan.due(9_999.0), Due::Nothing);
        assert_eq!(plan.due(10_000.0), Due::Warn(10));
    }

    #[test]
    fn input_in_the_warning_span_renews_instead() {
        let mut plan = plan();
        plan.touch();
        assert_eq!(plan.due(3_500_000.0), Due::Renew);
    }
}
