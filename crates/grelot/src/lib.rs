//! The notification centre that any application drops in.
