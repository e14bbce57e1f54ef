//! Typed endpoints: each is declared once; the server mounts it, the app calls it, the documents are made from it.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::problem::ErrorCode;

/// The HTTP method of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads; changes nothing.
    Get,
    /// Creates or acts.
    Post,
    /// Changes part of a thing.
    Patch,
}

impl Method {
    /// The method's name in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
        }
    }
}

/// Who may call an endpoint: a type, so that a handler can't be mounted with an actor of another level.
pub trait Access {
    /// The letter of the contract and the word for readers of the documents.
    const NAME: &'static str;
}

/// Anybody, signed in or not.
#[derive(Debug)]
pub enum Anonymous {}
/// A live session.
#[derive(Debug)]
pub enum SignedIn {}

impl Access for Anonymous {
    const NAME: &'static str = "anonymous";
}
impl Access for SignedIn {
    const NAME: &'static str = "signed in";
}

/// What travels over the wire, in either direction.
#[cfg(not(feature = "schema"))]
pub trait Wire: Serialize + DeserializeOwned + Send + 'static {}
#[cfg(not(feature = "schema"))]
impl<T: Serialize + DeserializeOwned + Send + 'static> Wire for T {}

/// What travels over the wire, in either direction, with a schema for the documents.
#[cfg(feature = "schema")]
pub trait Wire: Serialize + DeserializeOwned + schemars::JsonSchema + Send + 'static {}
#[cfg(feature = "schema")]
impl<T: Serialize + DeserializeOwned + schemars::JsonSchema + Send + 'static> Wire for T {}

/// How an endpoint serves plain HTML forms, which work without any script.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The page to return to when the request fails.
    pub page: &'static str,
    /// Where a success leads when the form names no `next`.
    pub done: &'static str,
    /// The fields that are check boxes: `on` or absent.
    pub flags: &'static [&'static str],
    /// Whether a success sets the cookies of a session: then the next page looks whether they arrived.
    pub signs_in: bool,
}

/// One endpoint of the API: everything about it that server, client and documents share.
pub trait Endpoint {
    /// Who may call it.
    type Access: Access;
    /// The body of the request; [`Empty`] when it has none.
    type Request: Wire;
    /// The body of the answer; [`Empty`] when it has none.
    type Response: Wire;
    /// The HTTP method.
    const METHOD: Method;
    /// The path, without parameters.
    const PATH: &'static str;
    /// The status of a success.
    const SUCCESS: u16;
    /// One sentence for the documents.
    const SUMMARY: &'static str;
    /// The errors of its own, beyond those that any request can meet.
    const ERRORS: &'static [ErrorCode];
    /// A request body for the documents' `curl` line; empty when none is needed.
    const EXAMPLE: &'static str;
    /// Set when it also takes a form and answers 303.
    const FORM: Option<Form> = None;
}

/// No body, or an empty object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Empty {}
