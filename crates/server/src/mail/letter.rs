//! A letter as it is read: subject, text and HTML, all from one set of words.
//!
//! Invariants: nothing that people or browsers chose gets beyond its place: control and bidirectional characters
//! are gone, lengths are cut, HTML is escaped; nothing is loaded from elsewhere; the token stands once in the
//! link and once by itself, to paste where links do not open.

use std::{borrow::Cow, fmt::Write as _};

use super::{
    Mail,
    words::{self, Then},
};
use crate::config::PublicUrl;

/// What every letter of the house needs to know of it.
#[derive(Debug)]
pub(super) struct House {
    pub(super) public_url: PublicUrl,
    pub(super) contact: Option<String>,
}

/// A letter in the reader's language. It has no `Debug`: it may hold a live link.
pub(super) struct Rendered {
    pub(super) subject: &'static str,
    pub(super) text: String,
    pub(super) html: String,
}

/// Writes the letter.
pub(super) fn render(mail: &Mail, house: &House) -> Rendered {
    let common = words::common(mail.locale);
    let letter = words::letter(&mail.letter, mail.locale, house.public_url.host());
    let greeting = match greeted(mail) {
        Some(name) => common.hello_name.replace("{}", &name),
        None => common.hello.to_owned(),
    };
    let mut page = Page::new(mail.locale.tag(), letter.subject, &greeting);
    for part in &letter.parts {
        page.paragraph(&part.text);
        match (part.then, mail.letter.link()) {
            (Then::Open(page_of), _) => page.address(&house.public_url.join(page_of.path())),
            (Then::Follow(label), Some((page_of, token))) => {
                let plain = house.public_url.join(page_of.path());
                page.button(label, &format!("{plain}#{}", token.expose()));
                let life = mail.letter.life().unwrap_or_default();
                page.paragraph(&words::life(life, mail.locale));
                page.paragraph(&common.paste.replace("{}", &plain));
                page.code(token.expose());
            }
            _ => {}
        }
    }
    if let Some(contact) = &house.contact {
        page.paragraph(&common.contact.replace("{}", &cleaned(contact, 200)));
    }
    let Page { text, html } = page.end(&common.from.replace("{}", house.public_url.host()));
    Rendered {
        subject: letter.subject,
        text,
        html,
    }
}

/// The name to greet with. A letter that asks whether an address is the reader's may reach a stranger: it carries
/// nothing that whoever typed the address has chosen, or the house could be made to send anybody's words.
fn greeted(mail: &Mail) -> Option<String> {
    if mail.letter.reaches_strangers() {
        return None;
    }
    let name = cleaned(&mail.name, 60);
    // Mail programs make links of anything like an address, whoever chose it.
    let like_an_address = name.contains([':', '/', '@', '<', '>'])
        || name
            .split('.')
            .skip(1)
            .any(|rest| rest.starts_with(char::is_alphanumeric));
    (!name.is_empty() && !like_an_address).then_some(name)
}

/// Text of others as part of one line: white space becomes a space; control, bidirectional and invisible
/// characters, which could break the line or turn it round, go; at most so many characters stay.
pub fn cleaned(text: &str, most: usize) -> String {
    let kept = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c });
    let kept: String = kept
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .collect();
    let words: Vec<&str> = kept.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(most).collect()
}

/// Marks of direction and other characters without a shape (Unicode `Default_Ignorable_Code_Point`, roughly).
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Text and HTML of one letter, side by side.
struct Page {
    text: String,
    html: String,
}

/// Colours that are readable on white and, where a program turns the letter dark, on black: no background is set,
/// so the program's own and its text colour stay together.
const BODY: &str = "margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif";
const COLUMN: &str = "max-width:34em;margin:0 auto";
const BUTTON: &str = "display:inline-block;padding:10px 18px;border-radius:8px;background:#1f5fbf;color:#ffffff;text-decoration:none;font-weight:600";
const CODE: &str = "font:15px/1.5 ui-monospace,monospace;word-break:break-all;padding:10px 12px;border:1px solid #808080;border-radius:8px";
const FOOT: &str = "margin-top:32px;font-size:14px;opacity:.75";

impl Page {
    fn new(language: &str, subject: &str, greeting: &str) -> Self {
        let mut page = Self {
            text: String::new(),
            html: format!(
                "<!doctype html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
                 <meta name=\"viewport\" content=\"width=device-width\">\n\
                 <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n</head>\n\
                 <body style=\"{BODY}\">\n<div style=\"{COLUMN}\">\n",
                escaped(subject)
            ),
        };
        page.paragraph(greeting);
        page
    }

    fn paragraph(&mut self, text: &str) {
        self.block(text, &format!("<p>{}</p>", escaped(text)));
    }

    /// A page without a token, written out.
    fn address(&mut self, url: &str) {
        let shown = escaped(url);
        self.block(
            &format!("    {url}"),
            &format!("<p><a href=\"{shown}\">{shown}</a></p>"),
        );
    }

    /// The link with the token. The label hides it in HTML: nobody copies a link by hand.
    fn button(&mut self, label: &str, url: &str) {
        let html = format!(
            "<p><a style=\"{BUTTON}\" href=\"{}\">{}</a></p>",
            escaped(url),
            escaped(label)
        );
        self.block(&format!("    {url}"), &html);
    }

    fn code(&mut self, token: &str) {
        self.block(
            &format!("    {token}"),
            &format!("<p style=\"{CODE}\">{}</p>", escaped(token)),
        );
    }

    fn end(mut self, from: &str) -> Self {
        self.text.push_str(&format!("-- \n{from}\n"));
        // Writing to a String can't fail.
        let _ = write!(
            self.html,
            "<p style=\"{FOOT}\">{}</p>\n</div>\n</body>\n</html>\n",
            escaped(from)
        );
        self
    }

    fn block(&mut self, text: &str, html: &str) {
        self.text.push_str(text);
        self.text.push_str("\n\n");
        self.html.push_str(html);
        self.html.push('\n');
    }
}

/// Text as HTML shows it, in an element or a quoted attribute.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}
