//! The HTTP surface: what bad input gets, where requests may come from, headers, pages, forms.

mod access;
mod bytes;
mod compression;
mod forms;
mod headers;
mod malformed;
mod origin;
mod pages;
mod probes;
mod proxy;
mod refusals;
