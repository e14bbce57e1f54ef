//! Who else could read the data folder and the database in it.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use super::{Area, Outcome};
use crate::config::Environment;

/// The data folder is its owner's alone. One that is not there yet has nothing to be seen.
pub(super) fn folder(data: &Path, environment: Environment) -> Vec<Outcome> {
    judge(data, 0o700, environment).into_iter().collect()
}

/// The database file, and the files that SQLite keeps beside it.
pub(super) fn database(file: &Path, environment: Environment) -> Vec<Outcome> {
    let beside = ["-wal", "-shm"].map(|ending| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    });
    std::iter::once(file.to_owned())
        .chain(beside)
        .filter_map(|path| judge(&path, 0o600, environment))
        .collect()
}

fn judge(path: &Path, wanted: u32, environment: Environment) -> Option<Outcome> {
    let facts = fs::metadata(path).ok()?;
    let subject = path.display().to_string();
    let mode = facts.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        let message = format!("others have access to it (mode {mode:04o})");
        let remedy = format!("`chmod {wanted:o} {subject}`");
        let open = Outcome::error(Area::Database, subject, message, remedy);
        return Some(open.strict(environment.is_deployed()));
    }
    let (owner, own) = (facts.uid(), rustix::process::geteuid().as_raw());
    if owner != own {
        let message = format!("it belongs to user {owner}, and this is user {own}");
        let remedy = format!(
            "run the doctor as the user that runs concierge; if that is you, `chown {own} {subject}`"
        );
        return Some(Outcome::warning(Area::Database, subject, message, remedy));
    }
    let message = format!("its owner's alone (mode {mode:04o})");
    Some(Outcome::ok(Area::Database, subject, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Level;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_that_others_enter_is_an_error_where_deployed_and_stays_as_it_is() {
        let parent = tempfile::tempdir().unwrap();
        let data = parent.path().join("data");
        assert!(folder(&data, Environment::Production).is_empty());
        fs::create_dir(&data).unwrap();
        set(&data, 0o755);
        for (environment, level) in [
            (Environment::Production, Level::Error),
            (Environment::Staging, Level::Error),
            (Environment::Development, Level::Warning),
        ] {
            let outcomes = folder(&data, environment);
            assert_eq!(outcomes[0].level, level, "{outcomes:?}");
            assert!(outcomes[0].remedy.clone().unwrap().contains("chmod 700"));
        }
        assert_eq!(fs::metadata(&data).unwrap().mode() & 0o777, 0o755);
        set(&data, 0o700);
        assert_eq!(folder(&data, Environment::Production)[0].level, Level::Ok);
    }

    #[test]
    fn the_files_beside_a_database_count_too() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("concierge.db");
        let log = parent.path().join("concierge.db-wal");
        for path in [&file, &log] {
            fs::write(path, "").unwrap();
        }
        set(&file, 0o600);
        set(&log, 0o644);
        let outcomes = database(&file, Environment::Production);
        let levels: Vec<Level> = outcomes.iter().map(|one| one.level).collect();
        assert_eq!(levels, [Level::Ok, Level::Error], "{outcomes:?}");
        assert!(outcomes[1].remedy.clone().unwrap().contains("chmod 600"));
    }
}
