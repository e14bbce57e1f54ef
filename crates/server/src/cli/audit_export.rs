//! `concierge audit export`: a copy of the events, into a file or to standard output.
//!
//! A file has its name only once it is whole; nothing is overwritten. That somebody took a copy is an event itself,
//! committed before the first line is written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    pin::pin,
    process::ExitCode,
};

use clap::Args;
use concierge_core::{
    account::AccountId,
    audit::{EventName, Severity, api::ExportFormat},
    time::Timestamp,
};
use futures_util::TryStreamExt as _;

use super::{key_open::Refused, pipe, print_json};
use crate::{
    audit::{self, Origin, Wanted, copy},
    boot,
    config::LoadArgs,
    platform::{
        clock::{Clock as _, SystemClock},
        rng::{OsRng, Rng},
    },
    store::Db,
};

/// What to copy, and where to.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// What is written
    #[arg(long, value_parser = format, value_name = "jsonl|csv", default_value = "jsonl")]
    format: ExportFormat,
    /// A file that is not there yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// None before this time, such as 2026-01-31T00:00:00Z
    #[arg(long, value_parser = time, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Only events of this name, such as authn_login_fail
    #[arg(long, value_parser = event, value_name = "NAME")]
    event: Option<EventName>,
    /// Only events of this severity
    #[arg(long, value_parser = severity, value_name = "info|notice|warning|critical")]
    severity: Option<Severity>,
    /// Only what happened to this account
    #[arg(long, value_parser = account, value_name = "ID")]
    account: Option<AccountId>,
}

fn format(text: &str) -> Result<ExportFormat, &'static str> {
    match text {
        "jsonl" => Ok(ExportFormat::Jsonl),
        "csv" => Ok(ExportFormat::Csv),
        _ => Err("it is jsonl or csv"),
    }
}

fn time(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse_rfc3339(text).ok_or("it is a time as in RFC 3339: 2026-01-31T00:00:00Z")
}

fn event(text: &str) -> Result<EventName, &'static str> {
    EventName::from_text(text).ok_or("no event is called so; the names are in docs/events.md")
}

fn severity(text: &str) -> Result<Severity, &'static str> {
    Severity::from_text(text).ok_or("it is info, notice, warning or critical")
}

fn account(text: &str) -> Result<AccountId, &'static str> {
    text.parse()
        .map_err(|_| "it is the id of an account, as `concierge account list` shows it")
}

pub(super) fn run(export: &Export, args: &LoadArgs, json: bool) -> ExitCode {
    match copy_events(export, args) {
        Ok(events) => {
            if let Some(path) = &export.out {
                let file = path.display().to_string();
                match json {
                    true => print_json(&serde_json::json!({ "events": events, "file": file })),
                    false => println!("{file} holds {events} events."),
                }
            }
            ExitCode::SUCCESS
        }
        Err(Refused { code, message }) => {
            pipe::warn(&format!("error: {message}"));
            ExitCode::from(code)
        }
    }
}

fn copy_events(export: &Export, args: &LoadArgs) -> Result<usize, Refused> {
    if let Some(path) = export.out.as_ref().filter(|path| is_taken(path)) {
        return Err(taken(path));
    }
    let config = super::audit::config(args)?;
    boot::run(async {
        let db = boot::open_database(&config, false).await?;
        let copied = write(export, &db).await;
        db.close().await;
        Ok(copied)
    })?
}

async fn write(export: &Export, db: &Db) -> Result<usize, Refused> {
    let mut copy = match &export.out {
        None => Copy::Shown,
        Some(path) => Copy::Kept(Part::begin(path)?),
    };
    let wanted = Wanted {
        account: export.account,
        name: export.event,
        severity: export.severity,
        since: export.since,
        own: false,
    };
    let (origin, format) = (Origin::default(), export.format);
    let made = (SystemClock.now(), &OsRng as _);
    audit::record_copy(db, (None, &origin), &wanted, format, made).await?;
    copy.add(&copy::head(format))?;
    let (mut pages, mut events) = (pin!(audit::pages(db.clone(), wanted)), 0);
    while let Some(page) = pages.try_next().await? {
        events += page.len();
        copy.add(&copy::lines(&page, format))?;
    }
    copy.end()?;
    Ok(events)
}

/// Where the lines go.
enum Copy {
    /// To standard output. Whoever reads no further ends the command; see [`pipe`].
    Shown,
    Kept(Part),
}

impl Copy {
    fn add(&mut self, text: &str) -> Result<(), Refused> {
        match self {
            Self::Shown => {
                pipe::show(text).map_err(|error| unwritten(Path::new("standard output"), &error))
            }
            Self::Kept(part) => part
                .file
                .write_all(text.as_bytes())
                .map_err(|error| unwritten(&part.path, &error)),
        }
    }

    fn end(self) -> Result<(), Refused> {
        match self {
            Self::Shown => Ok(()),
            Self::Kept(part) => part.end(),
        }
    }
}

/// A file on its way, beside the place that it will have; gone when it does not get there.
struct Part {
    file: BufWriter<File>,
    path: PathBuf,
    beside: PathBuf,
}

impl Part {
    fn begin(path: &Path) -> Result<Self, Refused> {
        // What a killed copy left behind is in the way of no other.
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(
            ".{}.part",
            hex::encode((&OsRng as &dyn Rng).bytes::<4>())
        ));
        let beside = PathBuf::from(beside);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside);
        let file = file.map_err(|error| unwritten(&beside, &error))?;
        Ok(Self {
            file: BufWriter::new(file),
            path: path.to_owned(),
            beside,
        })
    }

    fn end(mut self) -> Result<(), Refused> {
        let flushed = self.file.flush();
        let closed = flushed.and_then(|()| self.file.get_ref().sync_all());
        // A link fails when the name is taken; a rename would overwrite.
        let named = closed.and_then(|()| match fs::hard_link(&self.beside, &self.path) {
            // A medium without links, such as most sticks: what takes the name in this very moment is overwritten.
            Err(error) if is_without_links(&error) && !is_taken(&self.path) => {
                fs::rename(&self.beside, &self.path)
            }
            linked => linked,
        });
        named.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => taken(&self.path),
            _ => unwritten(&self.path, &error),
        })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // What can't be removed says by its name what it is.
        let _ = fs::remove_file(&self.beside);
    }
}

fn is_taken(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

fn is_without_links(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
    )
}

fn taken(path: &Path) -> Refused {
    let message = format!(
        "{} is there already, and is not overwritten",
        path.display()
    );
    Refused::new(2, message)
}

fn unwritten(path: &Path, error: &io::Error) -> Refused {
    Refused::new(1, format!("{} cannot be written: {error}", path.display()))
}
