//! The house rules as tests: they read the source tree, so that nobody has to remember them.
//!
//! Every rule is a function from sources to findings. It is applied to the real tree, where it must find
//! nothing, and to a small bad example, where it must find something: a rule that can't fail is no rule.

mod ambient;
mod capabilities;
mod documents;
mod front_end;
mod imports;
mod layers;
mod requirements;
mod scan;
mod size;
mod tree;

/// Fails with all findings at once.
#[track_caller]
fn expect_none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}
