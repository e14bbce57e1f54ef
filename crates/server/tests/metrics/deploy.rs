//! The files in `deploy/` name only metrics, labels and values that this program has, and the collector's is whole.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use concierge_server::platform::metrics::{Family, Shape};

use crate::support::{app::TestApp, database::Database};

pub(super) fn deploy(file: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("deploy").join(file)
}

pub(super) fn read(file: &str) -> String {
    std::fs::read_to_string(deploy(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Every query of the dashboard.
fn queries() -> Vec<String> {
    let board: serde_json::Value =
        serde_json::from_str(&read("grafana/concierge.json")).expect("JSON");
    let panels = board["panels"].as_array().expect("panels");
    let ids: BTreeSet<u64> = panels
        .iter()
        .filter_map(|panel| panel["id"].as_u64())
        .collect();
    assert_eq!(ids.len(), panels.len(), "each panel has an id of its own");
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().expect("targets"));
    let queries = targets.map(|target| target["expr"].as_str().expect("a query").to_owned());
    let variables = board["templating"]["list"].as_array().expect("variables");
    let asked = variables
        .iter()
        .filter_map(|one| one["query"]["query"].as_str());
    queries.chain(asked.map(str::to_owned)).collect()
}

/// The expressions of the alert rules.
fn rules() -> String {
    let text = read("prometheus/concierge.rules.yml");
    let mut inside = false;
    let lines = text.lines().filter(|line| {
        let line = line.trim_start();
        inside = match line.split_once(':') {
            Some(("expr", _)) => true,
            Some(("for" | "labels", _)) => false,
            _ => inside,
        };
        inside
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Each metric that an expression names, with what stands in braces behind it.
fn named(text: &str) -> Vec<(&str, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for prefix in ["concierge_", "process_"] {
        for (at, _) in text.match_indices(prefix) {
            if text[..at].ends_with(is_name) {
                continue;
            }
            let rest = &text[at..];
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            let selector = rest[end..]
                .strip_prefix('{')
                .and_then(|rest| rest.split_once('}'));
            found.push((&rest[..end], selector.map_or("", |(selector, _)| selector)));
        }
    }
    found
}

/// What a family's name may be followed by.
fn names(family: &Family) -> Vec<String> {
    match family.shape {
        Shape::Histogram => ["_bucket", "_sum", "_count"]
            .map(|end| format!("{}{end}", family.name))
            .to_vec(),
        Shape::Counter | Shape::Gauge => vec![family.name.to_owned()],
    }
}

/// Labels whose values the program knows all of, with them.
fn known_values(family: &Family) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in family.samples.iter().flat_map(|sample| &sample.labels) {
        known.entry(name).or_default().insert(value);
    }
    known
}

/// The pools of both engines.
const POOLS: [&str; 3] = ["all", "read", "write"];

fn wrong(families: &[Family], name: &str, selector: &str) -> Option<String> {
    let Some(family) = families
        .iter()
        .find(|family| names(family).iter().any(|one| one == name))
    else {
        return Some(format!("there is no metric {name}"));
    };
    let known = known_values(family);
    for part in selector
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let end = part.find(['=', '!']).expect("a matcher");
        let (label, value) = (&part[..end], part[end..].trim_matches(['=', '!', '~', '"']));
        // What Prometheus adds.
        if matches!(label, "instance" | "job") {
            continue;
        }
        let Some(values) = known.get(label) else {
            return Some(format!("{name} has no label {label}"));
        };
        // Which routes and classes were there depends on what was asked.
        let is_fixed = !matches!(label, "route" | "status");
        // The other engine has other pools.
        let is_known =
            |one: &str| values.contains(one) || (label == "pool" && POOLS.contains(&one));
        if let Some(stranger) = value.split('|').find(|one| is_fixed && !is_known(one)) {
            return Some(format!("{name} is never {label}={stranger}"));
        }
    }
    None
}

#[tokio::test]
async fn deploy_names_only_what_is_really_exposed() {
    let database = Database::sqlite();
    let app = TestApp::start(&database).await;
    app.browser().get("/livez").await;
    let families = app.services.metric_families().await;
    let (queries, rules) = (queries().join("\n"), rules());
    let all = [named(&queries), named(&rules)].concat();
    assert!(all.len() > 30, "{all:?}");
    let findings = all
        .iter()
        .filter_map(|(name, selector)| wrong(&families, name, selector));
    assert_eq!(findings.collect::<Vec<_>>(), Vec::<String>::new());
    // And nothing is shown to nobody.
    let used: BTreeSet<&str> = all.iter().map(|(name, _)| *name).collect();
    let unused = families.iter().filter(|family| {
        !names(family)
            .iter()
            .any(|name| used.contains(name.as_str()))
    });
    let unused: Vec<&str> = unused.map(|family| family.name).collect();
    assert_eq!(unused, Vec::<&str>::new());

    for stranger in [
        "concierge_nothing_total{}",
        "concierge_sessions{x=\"y\"}",
        "concierge_logins_total{result=\"maybe\"}",
        "concierge_database_connections{pool!=\"writer\"}",
    ] {
        let (name, selector) = named(stranger)[0];
        assert!(wrong(&families, name, selector).is_some(), "{stranger}");
    }
}

/// The names on the next level below a heading of the collector's file.
fn below<'a>(text: &'a str, heading: &str) -> BTreeSet<&'a str> {
    let inside = text
        .split(&format!("\n{heading}:\n"))
        .nth(1)
        .expect(heading);
    let lines = inside
        .lines()
        .take_while(|line| !line.starts_with(char::is_alphabetic));
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
    names.filter(|name| !name.starts_with(' ')).collect()
}

#[test]
fn the_collector_passes_on_all_that_is_sent_and_holds_no_secret() {
    let text = read("collector/azure-monitor.yml");
    for signal in ["traces", "metrics", "logs"] {
        assert!(
            text.contains(&format!("\n    {signal}:\n")),
            "{signal} goes nowhere"
        );
    }
    for kind in ["receivers", "processors", "exporters"] {
        let there = below(&text, kind);
        let prefix = format!("      {kind}: [");
        let used: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix(&prefix))
            .collect();
        assert_eq!(used.len(), 3, "{kind}");
        for list in used {
            let used: BTreeSet<&str> = list.trim_end_matches(']').split(", ").collect();
            assert_eq!(used, there, "{kind}");
        }
    }
    // Where Concierge sends it, by the guide; and what the exporter signs with comes from outside.
    assert!(text.contains("endpoint: 127.0.0.1:4318\n"));
    let guide = std::fs::read_to_string(deploy("../docs/operations/azure-monitor.md"));
    let guide = guide.expect("the guide");
    assert!(guide.contains("CONCIERGE_OTLP_ENDPOINT=http://127.0.0.1:4318"));
    let secrets = text
        .lines()
        .filter(|line| line.trim_start().starts_with("connection_string:"));
    assert!(secrets.clone().count() == 1 && secrets.clone().all(|line| line.contains("${env:")));
}
