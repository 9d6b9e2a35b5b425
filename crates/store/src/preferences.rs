//! What users chose, and the categories that they choose about.

use std::sync::Arc;

use async_trait::async_trait;
use grelot_core::category::Categories;
use grelot_core::preference::PreferencesRefusal;
use grelot_core::{Category, CategoryKey, Inbox, Preferences, PreferencesUpdate, UserId};
use thiserror::Error;

use crate::StoreError;

/// A user's preferences beside the categories of the same snapshot.
#[derive(Clone, Debug)]
pub struct PreferencesView {
    /// What the user chose.
    pub preferences: Preferences,
    /// Every category.
    pub categories: Arc<Categories>,
    /// The inbox of the snapshot.
    pub inbox: Inbox,
}

/// Why preferences were not updated.
#[derive(Debug, Error)]
pub enum PreferencesError {
    /// A choice is not possible; each one is named.
    #[error("a choice is not possible")]
    Refused(Vec<PreferencesRefusal>),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads and changes one user's preferences.
#[async_trait]
pub trait PreferenceBook: Send + Sync + 'static {
    /// The user's preferences; the default ones for an unknown user.
    async fn preferences(&self, user: &UserId) -> Result<PreferencesView, StoreError>;

    /// Applies the update as one change of the inbox; equal preferences change nothing.
    async fn update_preferences(
        &self,
        user: &UserId,
        update: &PreferencesUpdate,
    ) -> Result<PreferencesView, PreferencesError>;
}

/// Reads and changes the categories.
#[async_trait]
pub trait CategoryRegistry: Send + Sync + 'static {
    /// Every category, by key.
    async fn categories(&self) -> Result<Arc<Categories>, StoreError>;

    /// Creates or replaces the category; `true` when it is new.
    async fn put_category(&self, category: Category) -> Result<bool, StoreError>;

    /// Deletes the category and nothing else: notifications and choices stay. `false` when there is none.
    async fn delete_category(&self, key: &CategoryKey) -> Result<bool, StoreError>;
}
