//! Sessions: the refresh protocol, how sessions end, and what other processes see of it.

mod bytes;
mod ending;
mod feed;
mod jar;
mod lifetime;
mod model;
mod own;
mod protocol;
mod tabs;
