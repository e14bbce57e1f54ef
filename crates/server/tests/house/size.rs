//! Rule 6: files of 400 lines and functions of 60 at most, and every Rust file says what it is for.

use crate::{
    expect_none,
    scan::{closing, code, find_words},
    tree,
    tree::Source,
};

const MAX_FILE: usize = 400;
const MAX_FUNCTION: usize = 60;

fn long_file(source: &Source) -> Option<String> {
    let lines = source.text.lines().count();
    (lines > MAX_FILE).then(|| format!("{}: {lines} lines, {MAX_FILE} at most", source.path))
}

fn long_functions(source: &Source) -> Vec<String> {
    let code = code(&source.text);
    let mut findings = Vec::new();
    for start in find_words(&code, "fn") {
        let Some(end) = body_end(&code, start) else {
            continue;
        };
        let lines = code_lines(&source.text, &code, start..end);
        if lines > MAX_FUNCTION {
            let line = code[..start].lines().count();
            findings.push(format!(
                "{}:{line}: a function of {lines} lines, {MAX_FUNCTION} at most",
                source.path
            ));
        }
    }
    findings
}

/// Counts as clippy's `too_many_lines` does: the lines between the braces, without blank lines and comments.
fn code_lines(text: &str, code: &str, function: std::ops::Range<usize>) -> usize {
    let open = code[function.clone()].find('{').unwrap_or_default() + function.start;
    let (first, last) = (
        code[..open].matches('\n').count() + 1,
        code[..function.end].matches('\n').count(),
    );
    let body = text.lines().take(last).skip(first).map(str::trim_start);
    body.filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

/// The end of the function whose `fn` stands at `start`; nothing for a type or a declaration without a body.
fn body_end(code: &str, start: usize) -> Option<usize> {
    let rest = &code[start + 2..];
    if !rest
        .trim_start()
        .starts_with(|c: char| c.is_alphabetic() || c == '_')
    {
        return None;
    }
    let mut depth = 0_i32;
    for (at, c) in rest.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ';' if depth == 0 => return None,
            '{' if depth == 0 => return Some(closing(code, start + 2 + at)),
            _ => {}
        }
    }
    None
}

fn silent(source: &Source) -> Option<String> {
    let first = source.text.lines().next().unwrap_or_default();
    let says = first
        .strip_prefix("//! ")
        .is_some_and(|rest| rest.trim().len() > 10);
    (!says).then(|| {
        format!(
            "{}: does not open with `//!` and what it is for",
            source.path
        )
    })
}

#[test]
fn rule_6_no_file_is_longer_than_400_lines() {
    let findings: Vec<String> = tree::files(&["rs", "ts", "css"])
        .iter()
        .filter_map(long_file)
        .collect();
    expect_none(&findings);
}

#[test]
fn rule_6_no_function_is_longer_than_60_lines() {
    let findings: Vec<String> = tree::rust().iter().flat_map(long_functions).collect();
    expect_none(&findings);
}

#[test]
fn rule_6_every_file_says_what_it_is_for() {
    let findings: Vec<String> = tree::rust().iter().filter_map(silent).collect();
    expect_none(&findings);
}

#[test]
fn what_is_too_long_is_found() {
    let body = "    step();\n\n    // Why.\n".repeat(MAX_FUNCTION);
    let exact = format!("//! A file that is long.\nfn f(a: [u8; 2]) -> u8 {{\n{body}}}\n");
    let over = exact.replacen("step", "step();\n    step", 1);
    assert!(long_functions(&Source::new("a.rs", &exact)).is_empty());
    assert_eq!(long_functions(&Source::new("a.rs", &over)).len(), 1);
    let inner = format!("impl A {{\n{over}}}\ntrait B {{ fn g(); }}\ntype C = fn(u8);\n");
    assert_eq!(long_functions(&Source::new("a.rs", &inner)).len(), 1);
    assert!(long_file(&Source::new("a.css", &"\n".repeat(MAX_FILE))).is_none());
    assert!(long_file(&Source::new("a.css", &"\n".repeat(MAX_FILE + 1))).is_some());
}

#[test]
fn a_silent_file_is_found() {
    assert!(silent(&Source::new("a.rs", "//! Says what it is for.\n")).is_none());
    for text in [
        "",
        "//!\n",
        "//! x\n",
        "use std::fs;\n//! Too late for a header.\n",
    ] {
        assert!(silent(&Source::new("a.rs", text)).is_some(), "{text}");
    }
}
