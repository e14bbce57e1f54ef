//! Reads one setting after the other, and collects what is wrong instead of stopping.

use super::{Environment, Finding, Given, Source, load::Sources, settings};

/// The sources, the environment they are judged in, and the findings so far.
pub(super) struct Reader<'a> {
    sources: &'a Sources,
    pub(super) environment: Environment,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources, environment: Environment) -> Self {
        Self {
            sources,
            environment,
            findings: Vec::new(),
        }
    }

    /// Everything given for a variable, most preferred first.
    pub(super) fn all(&self, variable: &str) -> Vec<Given> {
        settings::find(variable)
            .map(|setting| self.sources.given(setting))
            .unwrap_or_default()
    }

    /// What counts for a variable: the first that was given.
    pub(super) fn first(&self, variable: &str) -> Option<Given> {
        self.all(variable).into_iter().next()
    }

    /// A variable of the process that is another program's or library's, and no setting.
    pub(super) fn surrounding(&self, variable: &str) -> Option<String> {
        self.sources.environment.get(variable).cloned()
    }

    /// What counts for a variable, its default included.
    fn effective(&self, variable: &str) -> Option<Given> {
        self.first(variable).or_else(|| {
            settings::find(variable)
                .and_then(|setting| setting.default_in(self.environment))
                .map(|text| Given::new(text, Source::Default))
        })
    }

    /// The value of a setting that has a default; `None` after a finding.
    pub(super) fn read<T>(
        &mut self,
        variable: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let given = self.effective(variable)?;
        match parse(given.text.expose()) {
            Ok(value) => Some(value),
            Err(message) => {
                self.refuse(variable, message, remedy(variable));
                None
            }
        }
    }

    /// The value of a setting that may be absent: `Some(None)` then, `None` after a finding.
    pub(super) fn optional<T>(
        &mut self,
        variable: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<Option<T>> {
        match self.first(variable) {
            Some(_) => self.read(variable, parse).map(Some),
            None => Some(None),
        }
    }

    /// A finding about a setting that keeps the server from starting.
    pub(super) fn refuse(
        &mut self,
        variable: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let source = self
            .first(variable)
            .map_or(Source::Default, |given| given.source);
        self.findings
            .push(Finding::error(variable, source, message, remedy));
    }

    /// A finding about a setting that does not.
    pub(super) fn warn(
        &mut self,
        variable: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.refuse(variable, message, remedy);
        if let Some(finding) = self.findings.pop() {
            self.findings.push(finding.warning());
        }
    }
}

/// What a setting is for, and what it is when nobody sets it.
fn remedy(variable: &str) -> String {
    let help = settings::find(variable).map_or("", |setting| setting.help);
    format!("set {variable}: {help}")
}
