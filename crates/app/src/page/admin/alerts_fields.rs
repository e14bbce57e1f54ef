//! What the fields of the form show of a rule, and the rule that they say.
//!
//! Guarantees: what nobody touched stays as it was, also where a field shows less than there is.

use concierge_core::{
    alert::{ChannelId, Comparator, Quiet, Rule},
    audit::Severity,
};

/// The severities that a rule can have.
pub(super) const SEVERITIES: [Severity; 4] = [
    Severity::Info,
    Severity::Notice,
    Severity::Warning,
    Severity::Critical,
];

/// What a new rule begins with.
pub(super) fn fresh() -> Rule {
    Rule {
        name: String::new(),
        watch: String::new(),
        detail: None,
        comparator: Comparator::AtLeast,
        threshold: 1,
        window_seconds: 15 * 60,
        for_seconds: 0,
        severity: Severity::Warning,
        channels: Vec::new(),
        repeat_seconds: 4 * 3600,
        tells_end: true,
        quiet: None,
        enabled: true,
    }
}

/// What a field of text shows of a rule.
pub(super) fn shown(rule: &Rule, name: &str) -> String {
    let time = |minute: Option<u16>| {
        let text = minute.map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60));
        text.unwrap_or_default()
    };
    match name {
        "name" => rule.name.clone(),
        "watch" => rule.watch.clone(),
        "detail" => rule.detail.clone().unwrap_or_default(),
        "threshold" => rule.threshold.to_string(),
        "window_seconds" => (rule.window_seconds / 60).to_string(),
        "for_seconds" => (rule.for_seconds / 60).to_string(),
        "repeat_seconds" => (rule.repeat_seconds / 60).to_string(),
        "quiet" => time(rule.quiet.map(|quiet| quiet.from)),
        "quiet_to" => time(rule.quiet.map(|quiet| quiet.to)),
        _ => String::new(),
    }
}

fn severity_of(text: &str) -> Option<Severity> {
    SEVERITIES.into_iter().find(|one| one.as_str() == text)
}

/// The rule that the fields say. What is no number becomes one that the server refuses by name.
pub(super) fn rule_of(
    text: &impl Fn(&str) -> String,
    flag: &impl Fn(&str) -> bool,
    before: &Rule,
    offered: &[ChannelId],
) -> Rule {
    let is_untouched = |name: &str| text(name) == shown(before, name);
    let seconds = |name: &str, kept: u32| {
        if is_untouched(name) {
            return kept;
        }
        let minutes = text(name).trim().parse::<u32>().unwrap_or(u32::MAX);
        minutes.saturating_mul(60)
    };
    let detail = if is_untouched("detail") {
        before.detail.clone()
    } else {
        Some(text("detail").trim().to_owned()).filter(|detail| !detail.is_empty())
    };
    let quiet = if is_untouched("quiet") && is_untouched("quiet_to") {
        before.quiet
    } else {
        quiet_of(&text("quiet"), &text("quiet_to"))
    };
    Rule {
        name: text("name"),
        // Nothing is chosen where the rule watches what this page does not know.
        watch: Some(text("watch"))
            .filter(|chosen| !chosen.is_empty())
            .unwrap_or_else(|| before.watch.clone()),
        detail,
        comparator: Comparator::from_text(&text("comparator")).unwrap_or(before.comparator),
        threshold: text("threshold").trim().parse().unwrap_or(-1),
        window_seconds: seconds("window_seconds", before.window_seconds),
        for_seconds: seconds("for_seconds", before.for_seconds),
        severity: severity_of(&text("severity")).unwrap_or(before.severity),
        channels: channels_of(flag, before, offered),
        repeat_seconds: seconds("repeat_seconds", before.repeat_seconds),
        tells_end: flag("tells_end"),
        quiet,
        enabled: before.enabled,
    }
}

/// Those that are ticked; what was there before, where the ticks are.
fn channels_of(
    flag: &impl Fn(&str) -> bool,
    before: &Rule,
    offered: &[ChannelId],
) -> Vec<ChannelId> {
    let ticked = |id: &ChannelId| flag(&id.to_string());
    if offered
        .iter()
        .all(|id| ticked(id) == before.channels.contains(id))
    {
        return before.channels.clone();
    }
    offered.iter().copied().filter(ticked).collect()
}

/// Both empty: none. What is no time becomes one that the server refuses.
fn quiet_of(from: &str, to: &str) -> Option<Quiet> {
    let (from, to) = (from.trim(), to.trim());
    if from.is_empty() && to.is_empty() {
        return None;
    }
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (hour < 24 && minute < 60).then_some(hour * 60 + minute)
    };
    Some(Quiet {
        from: minute(from).unwrap_or(u16::MAX),
        to: minute(to).unwrap_or(u16::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(n: u8) -> ChannelId {
        ChannelId::from_parts(1, &[n; 10])
    }

    /// A rule of which the fields show less than there is.
    fn odd() -> Rule {
        Rule {
            name: "Odd".to_owned(),
            watch: "key_abuse".to_owned(),
            detail: Some("pattern=wrong_env, count=3 ".to_owned()),
            comparator: Comparator::Below,
            window_seconds: 90,
            for_seconds: 45,
            repeat_seconds: 100,
            severity: Severity::Critical,
            channels: vec![channel(3), channel(1), channel(9)],
            quiet: Some(Quiet {
                from: 1320,
                to: 425,
            }),
            enabled: false,
            ..fresh()
        }
    }

    /// The rule after these fields were changed and these channels ticked.
    fn changed(before: &Rule, fields: &[(&str, &str)], ticked: &[ChannelId]) -> Rule {
        let text = |name: &str| match fields.iter().find(|field| field.0 == name) {
            Some((_, text)) => (*text).to_owned(),
            None => match name {
                "comparator" => before.comparator.as_str().to_owned(),
                "severity" => before.severity.as_str().to_owned(),
                _ => shown(before, name),
            },
        };
        let flag = |name: &str| match name {
            "tells_end" => before.tells_end,
            id => ticked.iter().any(|channel| channel.to_string() == id),
        };
        rule_of(&text, &flag, before, &[channel(1), channel(2), channel(3)])
    }

    #[test]
    fn what_nobody_touched_stays_as_it_was() {
        let before = odd();
        let ticked = [channel(1), channel(3)];
        assert_eq!(changed(&before, &[], &ticked), before);
        let renamed = Rule {
            name: "Odder".to_owned(),
            ..odd()
        };
        assert_eq!(changed(&before, &[("name", "Odder")], &ticked), renamed);
        assert_eq!(changed(&fresh(), &[], &[]), fresh());
        assert_eq!(changed(&before, &[("watch", "")], &ticked), before);
    }

    #[test]
    fn what_somebody_changed_is_taken() {
        let fields = [
            ("detail", " "),
            ("window_seconds", " 2"),
            ("for_seconds", "x"),
            ("quiet", ""),
            ("quiet_to", ""),
        ];
        let after = changed(&odd(), &fields, &[channel(2), channel(3)]);
        let expected = Rule {
            detail: None,
            window_seconds: 120,
            for_seconds: u32::MAX,
            quiet: None,
            channels: vec![channel(2), channel(3)],
            ..odd()
        };
        assert_eq!(after, expected);
        assert_eq!(changed(&odd(), &[], &[]).channels, []);
    }

    #[test]
    fn quiet_hours_are_two_times_or_nothing() {
        assert_eq!(quiet_of("", " "), None);
        assert_eq!(
            quiet_of("22:00", "7:05"),
            Some(Quiet {
                from: 1320,
                to: 425
            })
        );
        for (from, to) in [
            ("22", "7:00"),
            ("24:00", "7:00"),
            ("22:60", "7:00"),
            ("22:00", ""),
            ("x", "y"),
        ] {
            assert!(
                quiet_of(from, to).is_some_and(|quiet| !quiet.is_valid()),
                "{from} {to}"
            );
        }
    }
}
