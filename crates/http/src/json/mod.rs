//! Strict JSON for request bodies, in three steps: `syntax` (is it JSON at all, else 400), `value` (looking around in
//! it), `shape` (is it what is asked for, else 422 with every pointer); `body` takes the bytes from the request, and
//! `compact` writes a value again. Not here: answers, which serde writes.
//!
//! Why not serde: it stops at the first error, takes the last of two equal members, and turns numbers into floats; and
//! a million unknown members have to be refused within milliseconds. Every step is linear, none recurses.

mod body;
mod compact;
mod shape;
mod syntax;
mod value;

pub(crate) use body::{
    INTERNAL_LIMIT, IgnoredBody, InternalBody, OptionalBody, UserBody, parse, read_body,
};
pub(crate) use compact::{Refused, compact};
pub(crate) use shape::{Errors, Field, FromJson, Object, entries};
