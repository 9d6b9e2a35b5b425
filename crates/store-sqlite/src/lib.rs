//! The embedded database of Grelot.
