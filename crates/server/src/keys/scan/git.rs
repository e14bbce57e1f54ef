//! The `git` program, asked through pipes.
//!
//! No key ever is an argument of it or stands in its environment: both can be read by others on the machine. It is
//! given paths and names of objects only, and what it prints is searched in this process.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{self, BufRead, BufReader, BufWriter, Read, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    thread,
};

use serde::Serialize;

use crate::config;

/// Why a repository can't be searched. The text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// There is no such program.
    #[error("the program git is not there; install it (`apt-get install git`)")]
    NoGit,
    /// Not a repository, or not one that git opens for this user.
    #[error("{0} is not in a git repository: {1}")]
    NoRepository(PathBuf, String),
    /// git gave up half way, so silence would prove nothing.
    #[error("git {0} failed ({1}): not everything was searched; `git fsck` says what is broken")]
    Failed(&'static str, ExitStatus),
    /// The machine said no.
    #[error("the repository can't be read: {0}")]
    Io(#[from] io::Error),
}

/// What an object in the repository is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    /// Its name, in hex.
    pub(super) id: String,
    /// `blob`, `commit` or `tag`.
    pub(super) kind: String,
}

/// Where an object stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The path in the repository; none for the message of a commit or tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The oldest commit that has it there; none when it is in the index only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// A repository.
#[derive(Debug)]
pub(super) struct Git {
    /// Where git is run.
    folder: PathBuf,
    /// The checked-out files; none in a bare repository.
    pub(super) work_tree: Option<PathBuf>,
}

impl Git {
    /// The repository that a path lies in.
    pub(super) fn open(path: &Path) -> Result<Self, ScanError> {
        let mut git = Self {
            folder: path.to_owned(),
            work_tree: None,
        };
        let refuse = |why: String| ScanError::NoRepository(path.to_owned(), why);
        if !path.is_dir() {
            return Err(refuse("there is no such folder".to_owned()));
        }
        let inside = git.output(&["rev-parse", "--is-inside-work-tree"])?;
        if !inside.status.success() {
            let said = String::from_utf8_lossy(&inside.stderr);
            return Err(refuse(said.lines().next().unwrap_or_default().to_owned()));
        }
        if inside.stdout.starts_with(b"true") {
            git.folder = git.path(&["rev-parse", "--show-toplevel"])?;
            git.work_tree = Some(git.folder.clone());
        }
        Ok(git)
    }

    /// Where hooks lie.
    pub(super) fn hooks(&self) -> Result<PathBuf, ScanError> {
        let path = self.path(&["rev-parse", "--git-path", "hooks"])?;
        Ok(self.folder.join(path))
    }

    /// Whether the index has the file.
    pub(super) fn tracks(&self, file: &Path) -> Result<bool, ScanError> {
        let file = file.to_string_lossy();
        // A name with a star in it is a name, not a pattern.
        let words = ["--literal-pathspecs", "ls-files", "-z", "--", &file];
        let listed = self.checked("ls-files", &words)?;
        Ok(!listed.is_empty())
    }

    /// Whether a rule of `.gitignore` or the like covers the file.
    pub(super) fn ignores(&self, file: &Path) -> Result<bool, ScanError> {
        let file = file.to_string_lossy();
        let output = self.output(&["check-ignore", "--quiet", "--", &file])?;
        match output.status.code() {
            Some(0) => Ok(true),
            Some(1) => Ok(false),
            _ => Err(ScanError::Failed("check-ignore", output.status)),
        }
    }

    /// What is staged: the objects of the index that `HEAD` has not at that path.
    pub(super) fn staged(&self) -> Result<BTreeMap<String, BTreeSet<Place>>, ScanError> {
        let words = [
            "diff",
            "--cached",
            "--raw",
            "-z",
            "--no-abbrev",
            "--no-renames",
            "--no-ext-diff",
            "--ignore-submodules=all",
            "--diff-filter=d",
        ];
        let output = self.checked("diff", &words)?;
        let mut staged: BTreeMap<String, BTreeSet<Place>> = BTreeMap::new();
        let mut fields = output.split(|byte| *byte == 0).map(String::from_utf8_lossy);
        while let (Some(facts), Some(path)) = (fields.next(), fields.next()) {
            if let Some(id) = facts.split(' ').nth(3) {
                let place = Place {
                    path: Some(path.into_owned()),
                    commit: None,
                };
                staged.entry(id.to_owned()).or_default().insert(place);
            }
        }
        Ok(staged)
    }

    /// Reads the objects with these names.
    pub(super) fn read(&self, ids: &[&str], visit: &mut Visit<'_>) -> Result<(), ScanError> {
        self.read_fed(visit, |to| {
            ids.iter().try_for_each(|id| writeln!(to, "{id}"))
        })
    }

    /// Reads every object there is but folders, in the order in which they are packed: what branches, tags and
    /// stashes reach, and what nothing reaches any more.
    pub(super) fn read_all(&self, visit: &mut Visit<'_>) -> Result<(), ScanError> {
        const LISTING: [&str; 5] = [
            "cat-file",
            "--batch-check",
            "--batch-all-objects",
            "--unordered",
            "--buffer",
        ];
        let mut listing = self.start(&LISTING, Stdio::null())?;
        let listed = BufReader::new(listing.stdout.take().ok_or_else(no_pipe)?);
        let read = self.read_fed(visit, |to| {
            for line in listed.lines() {
                let line = line?;
                match line.split_once(' ') {
                    Some((id, rest)) if !rest.starts_with("tree") => writeln!(to, "{id}")?,
                    _ => {}
                }
            }
            Ok(())
        });
        // When reading ended early the listing has nobody to write to any more, and ends.
        let status = listing.wait()?;
        read?;
        status
            .success()
            .then_some(())
            .ok_or(ScanError::Failed("cat-file --batch-check", status))
    }

    /// Two pipes that must not wait for each other: names are written by a thread of their own.
    fn read_fed(
        &self,
        visit: &mut Visit<'_>,
        feed: impl FnOnce(&mut BufWriter<ChildStdin>) -> io::Result<()> + Send,
    ) -> Result<(), ScanError> {
        let mut contents = self.start(&["cat-file", "--batch", "--buffer"], Stdio::piped())?;
        let names = contents.stdin.take().ok_or_else(no_pipe)?;
        let output = contents.stdout.take().ok_or_else(no_pipe)?;
        let (read, fed) = thread::scope(|scope| {
            let feeder = scope.spawn(move || {
                let mut names = BufWriter::new(names);
                feed(&mut names)?;
                names.flush()
            });
            let read = read_batch(BufReader::with_capacity(1 << 16, output), visit);
            let fed = feeder.join().unwrap_or_else(|_| Err(no_pipe()));
            (read, fed)
        });
        let status = contents.wait()?;
        read?;
        if !status.success() {
            return Err(ScanError::Failed("cat-file --batch", status));
        }
        Ok(fed?)
    }

    /// Where objects stand: at which paths, since which commit. One walk through all commits, however many objects
    /// are wanted; what no commit has is not in the answer.
    pub(super) fn places(
        &self,
        wanted: &BTreeSet<String>,
    ) -> Result<HashMap<String, BTreeSet<Place>>, ScanError> {
        const WALK: [&str; 9] = [
            "log",
            "--all",
            "--reflog",
            "-m",
            "--raw",
            "--no-abbrev",
            "--no-renames",
            "--no-show-signature",
            "--format=%H",
        ];
        let mut walk = self.start(&WALK, Stdio::null())?;
        let output = BufReader::new(walk.stdout.take().ok_or_else(no_pipe)?);
        // The walk goes back in time, so the last commit to be seen is the oldest.
        let mut oldest: BTreeMap<(String, String), String> = BTreeMap::new();
        let mut commit = String::new();
        for line in output.split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            if let Some((facts, path)) = line.split_once('\t') {
                if let Some(id) = facts.split(' ').nth(3).filter(|id| wanted.contains(*id)) {
                    oldest.insert((id.to_owned(), path.to_owned()), commit.clone());
                }
            } else if !line.is_empty() {
                commit = line.into_owned();
            }
        }
        let status = walk.wait()?;
        if !status.success() {
            return Err(ScanError::Failed("log", status));
        }
        let mut places: HashMap<String, BTreeSet<Place>> = HashMap::new();
        for ((id, path), commit) in oldest {
            let place = Place {
                path: Some(path),
                commit: Some(commit),
            };
            places.entry(id).or_default().insert(place);
        }
        Ok(places)
    }

    fn path(&self, words: &[&str]) -> Result<PathBuf, ScanError> {
        use std::os::unix::ffi::OsStringExt as _;
        let output = self.checked("rev-parse", words)?;
        let path = output.strip_suffix(b"\n").unwrap_or(&output);
        Ok(std::ffi::OsString::from_vec(path.to_owned()).into())
    }

    fn checked(&self, name: &'static str, words: &[&str]) -> Result<Vec<u8>, ScanError> {
        let output = self.output(words)?;
        if !output.status.success() {
            return Err(ScanError::Failed(name, output.status));
        }
        Ok(output.stdout)
    }

    fn output(&self, words: &[&str]) -> Result<std::process::Output, ScanError> {
        let mut command = self.command(words);
        command.stdin(Stdio::null()).output().map_err(not_started)
    }

    fn start(&self, words: &[&str], input: Stdio) -> Result<Child, ScanError> {
        let mut command = self.command(words);
        command
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        command.spawn().map_err(not_started)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .arg("--no-pager")
            .args(["-c", "core.fsmonitor=false"]);
        command.args(["-c", "core.quotePath=false", "-c", "log.showRoot=true"]);
        command.args(words).current_dir(&self.folder);
        command.env("LC_ALL", "C");
        for variable in config::secret_variables() {
            command.env_remove(variable);
        }
        command
    }
}

/// Called with each object and its contents.
pub(super) type Visit<'a> = dyn FnMut(&Object, &mut dyn Read) -> Result<(), ScanError> + 'a;

/// `<id> <kind> <size>`, the contents and the end of a line, again and again.
fn read_batch(mut output: impl BufRead, visit: &mut Visit<'_>) -> Result<(), ScanError> {
    let mut head = String::new();
    loop {
        head.clear();
        if output.read_line(&mut head)? == 0 {
            return Ok(());
        }
        let mut words = head.split_whitespace();
        let (Some(id), Some(kind), size) = (words.next(), words.next(), words.next()) else {
            return Err(garbled());
        };
        // `<id> missing`: named by a ref or the index, and not there.
        let size = size.and_then(|size| size.parse::<u64>().ok());
        let size = size.ok_or_else(garbled)?;
        let object = Object {
            id: id.to_owned(),
            kind: kind.to_owned(),
        };
        let mut contents = (&mut output).take(size);
        visit(&object, &mut contents)?;
        io::copy(&mut contents, &mut io::sink())?;
        output.read_exact(&mut [0])?;
    }
}

fn not_started(error: io::Error) -> ScanError {
    match error.kind() {
        io::ErrorKind::NotFound => ScanError::NoGit,
        _ => ScanError::Io(error),
    }
}

fn no_pipe() -> io::Error {
    io::Error::other("there is no pipe to git")
}

fn garbled() -> ScanError {
    ScanError::Io(io::Error::other(
        "an object is missing or broken; `git fsck` says which",
    ))
}
