//! Reads Prometheus' text format strictly: what promtool finds wrong here, this finds, too, wherever it is not
//! installed.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    process::{Command, Stdio},
};

use super::database::variable;

/// A name, and labels with their values.
pub type Series = (String, BTreeMap<String, String>);

/// A scrape, as a server that reads it understands it.
#[derive(Debug, Default)]
pub struct Exposition {
    /// The kind of each family.
    pub kinds: BTreeMap<String, String>,
    /// The value of each series; labels sorted by name.
    pub series: BTreeMap<Series, f64>,
}

impl Exposition {
    /// Reads a scrape; whatever the format does not allow is an error.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut read = Self::default();
        let mut helped = BTreeSet::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').ok_or(line)?;
                if help.trim().is_empty() || !helped.insert(name.to_owned()) {
                    return Err(format!("no help, or twice: {line}"));
                }
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').ok_or(line)?;
                let is_counter = kind == "counter";
                if !matches!(kind, "counter" | "gauge" | "histogram")
                    || is_counter != name.ends_with("_total")
                    || !helped.contains(name)
                    || read
                        .kinds
                        .insert(name.to_owned(), kind.to_owned())
                        .is_some()
                {
                    return Err(format!("not a type for this name: {line}"));
                }
            } else {
                read.sample(line)?;
            }
        }
        if !text.ends_with('\n') {
            return Err("the last line does not end".to_owned());
        }
        read.histograms_add_up()?;
        Ok(read)
    }

    fn sample(&mut self, line: &str) -> Result<(), String> {
        let (series, value) = line.rsplit_once(' ').ok_or(line)?;
        let value: f64 = value.parse().map_err(|_| format!("no number: {line}"))?;
        let (name, labels) = match series.split_once('{') {
            None => (series, BTreeMap::new()),
            Some((name, rest)) => (name, labels(rest.strip_suffix('}').ok_or(line)?)?),
        };
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| {
                name.strip_suffix(suffix)
                    .filter(|base| self.kinds.contains_key(*base))
            })
            .unwrap_or(name);
        let kind = self.kinds.get(family).ok_or(format!("no type: {line}"))?;
        if (kind == "histogram") == (family == name) || value < 0.0 && kind != "gauge" {
            return Err(format!("not what its type says: {line}"));
        }
        let key = (name.to_owned(), labels);
        match self.series.insert(key, value) {
            None => Ok(()),
            Some(_) => Err(format!("twice: {line}")),
        }
    }

    fn histograms_add_up(&self) -> Result<(), String> {
        let mut last: BTreeMap<Series, Vec<(f64, f64)>> = BTreeMap::new();
        for ((name, labels), value) in &self.series {
            let Some(family) = name.strip_suffix("_bucket") else {
                continue;
            };
            let mut labels = labels.clone();
            let bound = labels.remove("le").ok_or("a bucket without `le`")?;
            let bound = bound.replace("+Inf", "inf").parse().map_err(|_| bound)?;
            let buckets = last.entry((family.to_owned(), labels)).or_default();
            buckets.push((bound, *value));
        }
        for ((family, labels), mut buckets) in last {
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            let grows = buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1);
            let count = self.series.get(&(format!("{family}_count"), labels));
            let all = buckets.last().filter(|(bound, _)| bound.is_infinite());
            if !grows || all.map(|(_, value)| value) != count {
                return Err(format!("{family} does not add up"));
            }
        }
        Ok(())
    }

    /// What a series stands at; nothing when there is none.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.series
            .get(&(name.to_owned(), labels.collect()))
            .copied()
    }

    /// Every value that a label has anywhere.
    pub fn values_of(&self, label: &str) -> BTreeSet<&str> {
        let labels = self
            .series
            .keys()
            .filter_map(|(_, labels)| labels.get(label));
        labels.map(String::as_str).collect()
    }
}

fn labels(mut text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut labels = BTreeMap::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").ok_or(text)?;
        let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(format!("no name of a label: {name}"));
        }
        let mut value = String::new();
        let mut chars = rest.char_indices();
        let end = loop {
            match chars.next().ok_or("a label that does not end")? {
                (at, '"') => break at,
                (_, '\\') => match chars.next() {
                    Some((_, 'n')) => value.push('\n'),
                    Some((_, c @ ('\\' | '"'))) => value.push(c),
                    _ => return Err(format!("no such escape: {text}")),
                },
                (_, c) => value.push(c),
            }
        };
        if labels.insert(name.to_owned(), value).is_some() {
            return Err(format!("the label {name} twice"));
        }
        text = &rest[end + 1..];
        text = text.strip_prefix(',').unwrap_or(text);
    }
    Ok(labels)
}

/// What promtool says of a text; nothing where it is not installed, which must not be where submissions are judged.
pub fn promtool(words: &[&str], text: &str) -> Option<Result<(), String>> {
    let home = variable("HOME").unwrap_or_default();
    let cache = variable("XDG_CACHE_HOME").unwrap_or_else(|| format!("{home}/.cache"));
    // Where scripts/promtool.sh puts it, else wherever the system has it.
    let own = format!("{cache}/concierge/tools/bin/promtool");
    let is_own = std::fs::exists(&own).is_ok_and(|exists| exists);
    let mut command = Command::new(if is_own { &own } else { "promtool" });
    command.args(words).stdin(Stdio::piped());
    let spawned = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        let is_judged = variable("CI").is_some();
        assert!(
            !is_judged,
            "promtool is not here; scripts/promtool.sh gets it"
        );
        return None;
    };
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Some(if output.status.success() && said.trim().is_empty() {
        Ok(())
    } else {
        Err(said)
    })
}

#[test]
fn what_the_format_does_not_allow_is_found() {
    let head = "# HELP a_total A.\n# TYPE a_total counter\n";
    let spread = "# HELP b B.\n# TYPE b histogram\n";
    assert!(Exposition::read(&format!("{head}a_total{{x=\"1\",y=\"a\\\"b\"}} 1\n")).is_ok());
    for wrong in [
        format!("{head}a_total 1"),
        format!("{head}a_total 1\na_total 2\n"),
        format!("{head}a_total -1\n"),
        format!("{head}a_total{{X=\"1\"}} 1\n"),
        format!("{head}a_total{{x=\"1}} 1\n"),
        format!("{head}{head}a_total 1\n"),
        "a_total 1\n".to_owned(),
        "# HELP a A.\n# TYPE a counter\na 1\n".to_owned(),
        format!("{spread}b_bucket{{le=\"1\"}} 2\nb_bucket{{le=\"+Inf\"}} 1\nb_sum 1\nb_count 1\n"),
        format!("{spread}b_bucket{{le=\"+Inf\"}} 2\nb_sum 1\nb_count 1\n"),
    ] {
        assert!(Exposition::read(&wrong).is_err(), "{wrong}");
    }
}
