//! What the tests of Grelot share.
