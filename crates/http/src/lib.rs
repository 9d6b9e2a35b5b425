//! The HTTP surface of Grelot.
