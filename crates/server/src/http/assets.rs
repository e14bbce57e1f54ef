//! The site's files: inside the binary of a release, in a folder while developing.
//!
//! Names under `/pkg` carry a hash of their content, so browsers may keep them for ever; compressed copies made
//! at build time are sent as they are.

use std::{borrow::Cow, path::PathBuf};

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use concierge_app::Module;
use concierge_core::{link::Page, problem::ErrorCode};

use super::{
    App,
    client::Client,
    error::{self, ApiError},
};

#[cfg(feature = "embed")]
#[derive(rust_embed::RustEmbed)]
#[folder = "../../target/site"]
struct Embedded;

/// Where the site's files are.
#[derive(Debug, Clone)]
pub enum Site {
    /// In the binary.
    #[cfg(feature = "embed")]
    Embedded,
    /// In a folder.
    Folder(PathBuf),
}

/// The addresses of the files that every page needs.
#[derive(Debug, Clone, Default)]
pub struct Bundle {
    /// The style sheet.
    pub css: String,
    /// The module's glue.
    pub js: String,
    /// The module.
    pub wasm: String,
}

impl Site {
    /// The folder when one is named, else what is in the binary, else the folder that builds write to.
    pub fn find(folder: Option<PathBuf>) -> Self {
        match folder {
            Some(folder) => Self::Folder(folder),
            #[cfg(feature = "embed")]
            None => Self::Embedded,
            #[cfg(not(feature = "embed"))]
            None => Self::Folder(PathBuf::from("target/site")),
        }
    }

    /// A file of the site. The path comes from outside: only plain names below the site are looked up.
    fn read(&self, path: &str) -> Option<Cow<'static, [u8]>> {
        let plain = path.split('/').all(|part| {
            !part.is_empty()
                && !part.starts_with('.')
                && !part.contains('\\')
                && !part.contains('\0')
        });
        if !plain {
            return None;
        }
        match self {
            #[cfg(feature = "embed")]
            Self::Embedded => <Embedded as rust_embed::RustEmbed>::get(path).map(|file| file.data),
            Self::Folder(folder) => std::fs::read(folder.join(path)).ok().map(Cow::Owned),
        }
    }

    fn names(&self) -> Vec<String> {
        match self {
            #[cfg(feature = "embed")]
            Self::Embedded => <Embedded as rust_embed::RustEmbed>::iter()
                .filter_map(|name| name.strip_prefix("pkg/").map(str::to_owned))
                .collect(),
            Self::Folder(folder) => std::fs::read_dir(folder.join("pkg"))
                .map(|entries| {
                    entries
                        .flatten()
                        .filter_map(|entry| entry.file_name().into_string().ok())
                        .collect()
                })
                .unwrap_or_default(),
        }
    }

    /// The addresses of a module's files, with whatever hashes the build gave them. A site with one module, as
    /// `cargo leptos watch` builds it, serves that one to everybody: it holds every page.
    pub fn bundle(&self, module: Module) -> Bundle {
        let names = self.names();
        let find = |stem: &str, ending: &str| {
            let fits = |name: &&String| {
                name.strip_prefix(stem)
                    .is_some_and(|rest| rest.starts_with('.') && rest.ends_with(ending))
            };
            let name = names.iter().filter(fits).max();
            name.map(|name| format!("/pkg/{name}"))
        };
        let main = |ending| find(MAIN, ending).unwrap_or_else(|| format!("/pkg/{MAIN}{ending}"));
        let own = |ending| find(stem(module), ending).unwrap_or_else(|| main(ending));
        Bundle {
            css: main(".css"),
            js: own(".js"),
            wasm: own(".wasm"),
        }
    }
}

/// The stem of the names of the styles and of the members' module, as `scripts/build.sh` sets it; where a site has one
/// module, that one's.
const MAIN: &str = "concierge";

/// The stem of a module's file names.
const fn stem(module: Module) -> &'static str {
    match module {
        Module::Visitor => "concierge-visitor",
        Module::Member | Module::Whole => MAIN,
        Module::Admin => "concierge-admin",
        Module::Watch => "concierge-watch",
    }
}

/// The bundle of an embedded site never changes; that of a folder does while developing.
pub fn bundle(site: &Site, module: Module) -> Bundle {
    match site {
        #[cfg(feature = "embed")]
        Site::Embedded => {
            static BUNDLES: [std::sync::OnceLock<Bundle>; 5] =
                [const { std::sync::OnceLock::new() }; 5];
            BUNDLES[module as usize]
                .get_or_init(|| site.bundle(module))
                .clone()
        }
        Site::Folder(_) => site.bundle(module),
    }
}

/// Files outside `/pkg`.
const LOOSE: [&str; 3] = ["/favicon.svg", "/favicon.ico", "/robots.txt"];

/// Whether a path is a file's.
pub fn is_asset(path: &str) -> bool {
    path.starts_with("/pkg/") || LOOSE.contains(&path)
}

/// The template of a page's path, for the access log.
pub fn known_route(path: &str) -> Option<&'static str> {
    Page::of(path).map(Page::path)
}

/// Serves a file.
pub async fn serve(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let client = Client::shared(request.extensions());
    for (encoding, ending) in [("br", ".br"), ("gzip", ".gz"), ("", "")] {
        if !encoding.is_empty() && !accepts(request.headers(), encoding) {
            continue;
        }
        if let Some(data) = app.site.read(&format!("{path}{ending}")) {
            return answer(&path, encoding, data);
        }
    }
    error::respond(ApiError::new(ErrorCode::NotFound), &client, false)
}

fn answer(path: &str, encoding: &'static str, data: Cow<'static, [u8]>) -> Response {
    let mut response = Response::new(match data {
        Cow::Borrowed(data) => Body::from(data),
        Cow::Owned(data) => Body::from(data),
    });
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media_type(path)),
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if !encoding.is_empty() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    let cache = if is_hashed(path) {
        "public, max-age=31536000, immutable"
    } else {
        "public, max-age=3600"
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    *response.status_mut() = StatusCode::OK;
    response
}

/// `pkg/name.HASH.ending`
fn is_hashed(path: &str) -> bool {
    path.starts_with("pkg/") && path.split('.').count() >= 3
}

fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let value = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.split(',').any(|part| {
        let mut pieces = part.split(';').map(str::trim);
        pieces.next() == Some(encoding)
            && !pieces.any(|q| q.replace(' ', "").trim_end_matches(['0', '.']) == "q=")
    })
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "ico" => "image/x-icon",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_site_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("site")).expect("made");
        std::fs::write(folder.path().join("secret"), "x").expect("written");
        std::fs::write(folder.path().join("site/open"), "x").expect("written");
        let site = Site::Folder(folder.path().join("site"));
        assert!(site.read("open").is_some());
        for path in ["../secret", "./open", "/etc/passwd", "a/../../secret", ""] {
            assert!(site.read(path).is_none(), "{path}");
        }
    }

    #[test]
    fn encodings_by_table() {
        for (header, encoding, expected) in [
            ("gzip, br", "br", true),
            ("gzip", "br", false),
            ("br;q=0", "br", false),
            ("br;q=0.5", "br", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(header));
            assert_eq!(accepts(&headers, encoding), expected, "{header}");
        }
    }
}
