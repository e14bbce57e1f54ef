//! The page of what browsers reported, as a browser without script gets it.

use concierge_core::{account::Role, locale::Locale};

use super::{
    Answers,
    admin::{admin, seen_by},
    render_loaded,
};

const LIST: &str = r#"{"reports":[
    {"kind":"failure","what":"panicked at <b>x</b>","source":"","page":"/admin/keys","build":"0.1.0+abcdef12","count":3,
        "first_at":"2026-11-20T10:00:00Z","last_at":"2026-11-21T09:00:00Z"},
    {"kind":"policy","what":"img-src","source":"https://cdn.example","page":"other","build":"0.1.0","count":1,
        "first_at":"2026-11-20T10:00:00Z","last_at":"2026-11-20T10:00:00Z"}]}"#;

#[tokio::test]
async fn each_report_is_told_with_its_page_count_and_times() {
    const FOUND: Answers = Answers(&[("/api/admin/reports", LIST)]);
    let html = render_loaded("/admin/reports", admin(), FOUND).await;
    for part in [
        ">Reports of browsers</h1>",
        "panicked at &lt;b&gt;x&lt;/b&gt;",
        "<dd>/admin/keys</dd>",
        "<dd>3</dd>",
        "<dd>https://cdn.example</dd>",
        "<dd>A page without a path of its own</dd>",
        "<dd>0.1.0+abcdef12</dd>",
    ] {
        assert!(html.contains(part), "{part}\n{html}");
    }
    let french = seen_by(Role::Admin, Locale::Fr);
    let html = render_loaded("/admin/reports", french, FOUND).await;
    assert!(html.contains(">Rapports des navigateurs</h1>"), "{html}");
    assert!(html.contains("<dt>Combien de fois</dt>"), "{html}");
}

#[tokio::test]
async fn a_quiet_house_says_so_and_a_failure_offers_another_try() {
    const NONE: Answers = Answers(&[("/api/admin/reports", r#"{"reports":[]}"#)]);
    let html = render_loaded("/admin/reports", admin(), NONE).await;
    assert!(html.contains("No page has failed lately."), "{html}");
    assert!(html.contains("Nothing has been kept out lately."), "{html}");
    let html = render_loaded("/admin/reports", admin(), Answers(&[])).await;
    assert!(
        html.contains(r#"href="/admin/reports" rel="external""#),
        "{html}"
    );
}
