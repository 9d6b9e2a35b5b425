//! The storage ports of Grelot.
