//! The page at `/docs`: the same Markdown as `docs/api.md`, as HTML without any script.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::{StatusOf, markdown};

/// Ink on paper, paper on ink: the page looks like the house without loading anything from it.
const STYLE: &str = include_str!("page.css");

/// The policy of the page: nothing but its one stylesheet and the icon.
pub fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// The page; `nonce` is the one of its [`policy`].
pub fn page(status_of: StatusOf, nonce: &str) -> String {
    let source = markdown(status_of);
    let (body, contents) = render(&source);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>API · Concierge</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><style nonce=\"{nonce}\">{STYLE}</style></head><body>\
         <a class=\"skip\" href=\"#content\">Skip to the content</a>\
         <nav aria-label=\"Contents\">{contents}</nav><main id=\"content\">{body}</main></body></html>\n"
    )
}

/// The body, and a list of links to its sections.
fn render(source: &str) -> (String, String) {
    let mut events: Vec<Event<'_>> = Parser::new_ext(source, Options::ENABLE_TABLES)
        .map(inert)
        .collect();
    let mut contents = String::from("<ul>");
    for at in 0..events.len() {
        let Event::Start(Tag::Heading { level, .. }) = events[at] else {
            continue;
        };
        let title = title(&events[at + 1..]);
        let anchor = anchor(&title);
        if level != HeadingLevel::H1 {
            let class = if level == HeadingLevel::H2 {
                "section"
            } else {
                "entry"
            };
            contents += &format!("<li class=\"{class}\"><a href=\"#{anchor}\">");
            html::push_html(&mut contents, [Event::Text(title.into())].into_iter());
            contents += "</a></li>";
        }
        if let Event::Start(Tag::Heading { id, .. }) = &mut events[at] {
            *id = Some(CowStr::from(anchor));
        }
    }
    let mut body = String::new();
    html::push_html(&mut body, events.into_iter());
    (body, contents + "</ul>")
}

/// Markup in a description is text to read, never part of the page.
fn inert(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        other => other,
    }
}

/// The text of the heading that just began.
fn title(events: &[Event<'_>]) -> String {
    events
        .iter()
        .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
        .filter_map(|event| match event {
            Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
            _ => None,
        })
        .collect()
}

/// The anchor of a heading as code hosts make it, so that links work in the file and on the page.
pub(super) fn anchor(title: &str) -> String {
    title
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| {
            if c == ' ' {
                '-'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn whole() -> String {
        page(crate::http::error::status_of, "N0nce")
    }

    fn values_of<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
        page.split(attribute)
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect()
    }

    #[test]
    fn the_page_has_no_script_and_one_stylesheet_with_the_nonce() {
        let page = whole();
        assert!(!page.contains("<script"));
        assert!(!page.contains("style=\""));
        assert_eq!(page.matches("<style nonce=\"N0nce\">").count(), 1);
        assert!(policy("N0nce").contains("style-src 'nonce-N0nce'"));
    }

    #[test]
    fn every_link_inside_the_page_arrives() {
        let page = whole();
        let ids: BTreeSet<&str> = values_of(&page, " id=\"").into_iter().collect();
        let links: Vec<&str> = values_of(&page, "href=\"#");
        assert!(links.len() > 20);
        for link in links {
            assert!(ids.contains(link), "#{link}");
        }
    }

    #[test]
    fn no_two_headings_share_an_anchor() {
        let page = whole();
        let ids = values_of(&page, " id=\"");
        let distinct: BTreeSet<&&str> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len(), "{ids:?}");
    }

    #[test]
    fn markup_in_the_source_is_shown_and_not_obeyed() {
        let (body, _) = render("a <b>bold</b> word\n\n<script>alert(1)</script>\n");
        assert!(body.contains("&lt;b&gt;"), "{body}");
        assert!(body.contains("&lt;script&gt;"), "{body}");
    }

    #[test]
    fn anchors_are_those_of_code_hosts() {
        assert_eq!(anchor("POST /api/auth/login"), "post-apiauthlogin");
        assert_eq!(anchor("Error codes"), "error-codes");
    }
}
