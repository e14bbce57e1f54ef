//! What surrounds every page: the menu, and the dialogs beside the content.

use concierge_app::PageContext;

use super::{ada, facts, render};

#[test]
fn who_may_have_several_sessions_signs_out_here_or_everywhere() {
    let menu = |one_session| {
        let facts = PageContext {
            viewer: Some(ada()),
            one_session,
            ..facts()
        };
        render("/", facts)
    };
    let (one, several) = (menu(true), menu(false));
    for scope in ["current", "all"] {
        let button = format!(r#"name="scope" value="{scope}""#);
        assert!(several.contains(&button) && !one.contains(&button));
    }
    assert_eq!(one.matches("Sign out").count(), 1);
}

#[test]
fn the_dialogs_are_beside_the_content() {
    let facts = PageContext {
        viewer: Some(ada()),
        ..facts()
    };
    let html = render("/profile", facts);
    let (_, after) = html.split_once("</main>").expect("a page has content");
    assert_eq!(html.matches("<dialog").count(), 2);
    assert_eq!(after.matches("<dialog").count(), 2);
}
