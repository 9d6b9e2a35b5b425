//! Supervised long-running work.
