//! Typed endpoints: each is declared once; the server mounts it, the app calls it, the documents are made from it.

use std::{borrow::Cow, fmt, str::FromStr};

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
    /// Ends or removes a thing.
    Delete,
}

impl Method {
    /// The method's name in a request line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
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
/// A live session whose owner proved who they are in the last ten minutes.
#[derive(Debug)]
pub enum Fresh {}
/// The session of an admin, with a second factor where the policy demands one.
#[derive(Debug)]
pub enum Admin {}
/// [`Fresh`], or the ticket of a sign-in that has to set a second factor up first.
#[derive(Debug)]
pub enum FreshOrTicket {}
/// [`Admin`] and [`Fresh`]: for what changes something.
#[derive(Debug)]
pub enum FreshAdmin {}

impl Access for Anonymous {
    const NAME: &'static str = "anonymous";
}
impl Access for SignedIn {
    const NAME: &'static str = "signed in";
}
impl Access for Fresh {
    const NAME: &'static str = "signed in, fresh";
}
impl Access for FreshOrTicket {
    const NAME: &'static str = "signed in, fresh; or a ticket";
}
impl Access for Admin {
    const NAME: &'static str = "admin";
}
impl Access for FreshAdmin {
    const NAME: &'static str = "admin, fresh";
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

/// What a path names in its `{id}`: `/api/sessions/{id}`.
pub trait Target: fmt::Display + FromStr + Send + 'static {}
impl<T: fmt::Display + FromStr + Send + 'static> Target for T {}

/// The target of a path without `{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Whole;

impl fmt::Display for Whole {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl FromStr for Whole {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        if text.is_empty() { Ok(Self) } else { Err(()) }
    }
}

/// The path of an endpoint with its target filled in.
pub fn path_to<E: Endpoint>(target: &E::Target) -> Cow<'static, str> {
    if E::PATH.contains(TARGET) {
        Cow::Owned(E::PATH.replace(TARGET, &target.to_string()))
    } else {
        Cow::Borrowed(E::PATH)
    }
}

/// Where the target stands in a path.
pub const TARGET: &str = "{id}";

/// One endpoint of the API: everything about it that server, client and documents share.
pub trait Endpoint {
    /// Who may call it.
    type Access: Access;
    /// What the path's `{id}` names; [`Whole`] when it has none.
    type Target: Target;
    /// The body of the request, or with GET the query; [`Empty`] when it has none.
    type Request: Wire;
    /// The body of the answer; [`Empty`] when it has none.
    type Response: Wire;
    /// The HTTP method.
    const METHOD: Method;
    /// The path, with `{id}` where the target stands.
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

/// Declares endpoints: one line each for access, route and status, types, words, errors and an example.
macro_rules! endpoints {
    ($(
        $(#[$doc:meta])*
        $name:ident: $access:ident $method:ident $path:literal, $target:ty, $request:ty => $success:literal $response:ty;
        $summary:literal;
        [$($error:ident)*];
        $example:literal
        $(, form $form:expr)?;
    )+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}
        impl $crate::api::Endpoint for $name {
            type Access = $crate::api::$access;
            type Target = $target;
            type Request = $request;
            type Response = $response;
            const METHOD: $crate::api::Method = $crate::api::Method::$method;
            const PATH: &'static str = $path;
            const SUCCESS: u16 = $success;
            const SUMMARY: &'static str = $summary;
            const ERRORS: &'static [$crate::problem::ErrorCode] = &[$($crate::problem::ErrorCode::$error),*];
            const EXAMPLE: &'static str = $example;
            $(const FORM: Option<$crate::api::Form> = Some($form);)?
        }
    )+};
}
pub(crate) use endpoints;
