//! Events as the lines of a file, for other programs and for spreadsheets.

use std::fmt::Write as _;

use concierge_core::{
    account::AccountId,
    audit::{
        EventName, Severity,
        api::{EventView, ExportFormat},
    },
    time::Timestamp,
};
use serde_json::json;

use super::{Event, Origin, Wanted, record};
use crate::{
    platform::rng::Rng,
    store::{Db, StoreError},
};

const COLUMNS: &str =
    "id,at,event,severity,account,actor,address,user_agent,request_id,details\r\n";

/// Notes that somebody takes a copy, and of what; whoever sits at the command line has no account.
pub async fn record_copy(
    db: &Db,
    (reader, origin): (Option<AccountId>, &Origin),
    wanted: &Wanted,
    format: ExportFormat,
    (now, rng): (Timestamp, &dyn Rng),
) -> Result<(), StoreError> {
    let details = json!({
        "format": format,
        "account": wanted.account,
        "event": wanted.name,
        "severity": wanted.severity.map(Severity::as_str),
        "since": wanted.since,
    });
    let event = Event {
        account: reader,
        ..Event::anonymous(EventName::AuditExported, origin).with(details)
    };
    let mut tx = db.begin().await?;
    record(&mut tx, &event, now, rng).await?;
    tx.commit().await
}

/// What a file of this format begins with.
pub fn head(format: ExportFormat) -> String {
    match format {
        ExportFormat::Jsonl => String::new(),
        ExportFormat::Csv => COLUMNS.to_owned(),
    }
}

/// The lines of some events.
pub fn lines(events: &[EventView], format: ExportFormat) -> String {
    let mut text = String::new();
    for event in events {
        match format {
            ExportFormat::Jsonl => {
                text.push_str(&json!(event).to_string());
                text.push('\n');
            }
            ExportFormat::Csv => csv_line(&mut text, event),
        }
    }
    text
}

fn csv_line(text: &mut String, event: &EventView) {
    let (at, details) = (event.at.to_rfc3339(), event.details.to_string());
    let cells = [
        &event.id,
        &at,
        &event.event,
        event.severity.as_str(),
        event.account.as_deref().unwrap_or_default(),
        event.actor.as_deref().unwrap_or_default(),
        &event.address,
        &event.user_agent,
        &event.request_id,
        &details,
    ];
    for (index, cell) in cells.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Spreadsheets take a cell that begins so for a formula, whatever the quotes say. Most of what stands here was
        // sent by somebody: a browser calls itself what it likes.
        let guard = match cell.trim_start().starts_with(['=', '+', '-', '@'])
            || cell.starts_with(['\t', '\r', '\n'])
        {
            true => "'",
            false => "",
        };
        let cell = cell.replace('"', "\"\"");
        // Writing to a text can't fail.
        let _ = write!(text, "{comma}\"{guard}{cell}\"");
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(user_agent: &str) -> EventView {
        EventView {
            id: "evt_1".to_owned(),
            at: Timestamp::from_millis(0),
            event: "authn_login_fail".to_owned(),
            title: String::new(),
            severity: Severity::Notice,
            account: None,
            actor: None,
            address: "::1".to_owned(),
            user_agent: user_agent.to_owned(),
            browser: String::new(),
            system: String::new(),
            request_id: String::new(),
            details: json!({ "count": 2 }),
        }
    }

    #[test]
    fn no_cell_of_a_csv_file_is_a_formula_and_quotes_are_doubled() {
        for (sent, kept) in [
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("  =1", "\"'  =1\""),
            ("\t=1", "\"'\t=1\""),
            ("Mozilla, \"x\"", "\"Mozilla, \"\"x\"\"\""),
        ] {
            let line = lines(&[event(sent)], ExportFormat::Csv);
            assert!(line.contains(&format!(",{kept},")), "{line}");
            assert!(line.ends_with(",\"{\"\"count\"\":2}\"\r\n"), "{line}");
        }
    }

    #[test]
    fn a_line_of_json_is_one_event() {
        let text = lines(&[event("a\nb"), event("c")], ExportFormat::Jsonl);
        let read = text.lines().map(serde_json::from_str::<EventView>);
        let read: Vec<_> = read.collect::<Result<_, _>>().expect("events");
        assert_eq!(read, [event("a\nb"), event("c")]);
    }
}
