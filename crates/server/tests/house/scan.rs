//! A scanner for Rust that knows comments, literals and braces: enough for the rules, no parser.

/// The text with comments and literals turned into spaces; lines and columns stay.
pub(crate) fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = skip(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(
                chars[at..end]
                    .iter()
                    .map(|&c| if c == '\n' { c } else { ' ' }),
            );
            at = end;
        }
    }
    out
}

/// The end of the comment or literal that begins here; `at` itself when none does.
fn skip(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied();
    let begins_word = at == 0 || !is_word(chars[at - 1]);
    match chars[at] {
        '/' if next == Some('/') => position(chars, at, '\n'),
        '/' if next == Some('*') => block_comment(chars, at),
        '"' => string(chars, at),
        '\'' if next == Some('\\') => position(chars, at + 3, '\'') + 1,
        '\'' if chars.get(at + 2) == Some(&'\'') => at + 3,
        'r' if begins_word => raw_string(chars, at).unwrap_or(at),
        'b' if begins_word && next == Some('r') => raw_string(chars, at + 1).unwrap_or(at),
        _ => at,
    }
    .min(chars.len())
}

fn position(chars: &[char], from: usize, wanted: char) -> usize {
    (from..chars.len())
        .find(|&at| chars[at] == wanted)
        .unwrap_or(chars.len())
}

fn block_comment(chars: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (at, depth) = (at + 2, depth + 1),
            ('*', Some('/')) => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn string(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// `start` is at the `r`.
fn raw_string(chars: &[char], start: usize) -> Option<usize> {
    let hashes = chars[start + 1..].iter().take_while(|&&c| c == '#').count();
    let open = start + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let closes = |at: &usize| {
        chars[*at] == '"'
            && chars[at + 1..]
                .iter()
                .take(hashes)
                .filter(|&&c| c == '#')
                .count()
                == hashes
    };
    let close = (open + 1..chars.len()).find(closes)?;
    Some(close + 1 + hashes)
}

/// Whether a character can stand in a name.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where a name or path stands as a whole.
pub(crate) fn find_words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |&at| {
            let before = code[..at].chars().next_back();
            let after = code[at + word.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
}

/// Whether a name or path stands somewhere as a whole.
pub(crate) fn has_word(code: &str, word: &str) -> bool {
    find_words(code, word).next().is_some()
}

/// Blanks the modules marked `#[cfg(test)]`, as far as they stand in this file.
pub(crate) fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut code = code.to_owned();
    let mut from = 0;
    while let Some(start) = code[from..].find(MARK).map(|at| at + from) {
        from = start + MARK.len();
        let Some(open) = code[from..].find(['{', ';']).map(|at| at + from) else {
            break;
        };
        if code[from..open]
            .split_whitespace()
            .any(|word| word == "mod")
            && code[open..].starts_with('{')
        {
            let end = closing(&code, open);
            let blank: String = code[start..end]
                .chars()
                .map(|c| if c == '\n' { c } else { ' ' })
                .collect();
            code.replace_range(start..end, &blank);
            from = start + blank.len();
        }
    }
    code
}

/// The end of the block whose brace opens at `open`.
pub(crate) fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return open + at + 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    code.len()
}

#[test]
fn comments_and_literals_are_not_code() {
    let text = "let a = \"sqlx\"; // sqlx\n/* sqlx /* sqlx */ */ r#\"sqlx \" \"# b\"sqlx\" 'x' '\\'' br\"sqlx\" sql";
    let code = code(text);
    assert!(!has_word(&code, "sqlx"), "{code}");
    assert!(has_word(&code, "sql"));
    assert_eq!(code.lines().count(), text.lines().count());
}

#[test]
fn lifetimes_and_raw_names_are_code() {
    let code = code("fn f<'a>(x: &'a str, r#type: u8) -> char { '\"' }");
    assert!(has_word(&code, "str"));
    assert!(has_word(&code, "type"));
    assert!(code.ends_with('}'));
}

#[test]
fn test_modules_do_not_ship() {
    let shipped = without_tests(
        "use a;\n#[cfg(test)]\nmod tests { fn f() {} use b; }\n#[cfg(test)]\nmod more;\nuse c;",
    );
    assert!(has_word(&shipped, "a") && has_word(&shipped, "c"));
    assert!(!has_word(&shipped, "b"), "{shipped}");
}
