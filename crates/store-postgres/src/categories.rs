//! The port `CategoryRegistry`: the configurable types of notification.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use grelot_core::category::Categories;
use grelot_core::{
    Category, CategoryKey, CategoryMail, Channel, ChannelSet, DelayMinutes, MailMode,
};
use grelot_store::{CategoryRegistry, StoreError};
use grelot_store_common::{decode_templates, decode_texts, encode_templates, encode_texts};
use tokio_postgres::Row;

use crate::error::Failure;
use crate::rows;
use crate::snapshot::Snapshot;
use crate::sql;
use crate::store::PostgresStore;
use crate::tx::Tx;

#[async_trait]
impl CategoryRegistry for PostgresStore {
    async fn categories(&self) -> Result<Arc<Categories>, StoreError> {
        self.look(|snapshot| async move { snapshot.categories().await }).await
    }

    async fn put_category(&self, category: Category) -> Result<bool, StoreError> {
        self.write(move |tx| async move { tx.put_category(&category).await }).await
    }

    async fn delete_category(&self, key: &CategoryKey) -> Result<bool, StoreError> {
        let key = key.clone();
        self.write(move |tx| async move { tx.delete_category(&key).await }).await
    }
}

impl Snapshot {
    /// Every category. There are as many as the operator made, so that they are read as a whole.
    pub(crate) async fn categories(&self) -> Result<Arc<Categories>, Failure> {
        let found = rows::query(&self.connection, sql::CATEGORIES, &[]).await?;
        Ok(Arc::new(self.readable(&found)?))
    }

    /// Those of the categories that there are.
    pub(crate) async fn categories_of(
        &self,
        keys: &BTreeSet<&CategoryKey>,
    ) -> Result<Categories, Failure> {
        if keys.is_empty() {
            return Ok(Categories::new());
        }
        let keys: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
        let found = rows::query(&self.connection, sql::CATEGORIES_OF_KEYS, &[&keys]).await?;
        self.readable(&found)
    }

    /// Those that can be read.
    fn readable(&self, found: &[Row]) -> Result<Categories, Failure> {
        let mut categories = Categories::new();
        for row in found {
            let key = rows::get(row, 0, "categories.key")?;
            if let Some(category) = self.context.readable(key, category(row)) {
                categories.insert(category.key.clone(), category);
            }
        }
        Ok(categories)
    }
}

impl Tx {
    async fn put_category(&self, category: &Category) -> Result<bool, Failure> {
        let Category { key, label, description, defaults, mandatory, mail } = category;
        let params: rows::Params<'_> = &[
            &key.as_str(),
            &encode_texts(label),
            &encode_texts(description),
            &defaults.has(Channel::InApp),
            &defaults.has(Channel::Email),
            &mandatory.has(Channel::InApp),
            &mandatory.has(Channel::Email),
            &mail.mode.name(),
            &i64::from(mail.delay.get()),
            &encode_templates(&mail.templates),
        ];
        let new = rows::optional(&self.connection, sql::CATEGORY_PUT, params, |row| {
            rows::get(row, 0, "categories.key")
        });
        new.await?.ok_or(Failure::Corrupt("categories.key"))
    }

    async fn delete_category(&self, key: &CategoryKey) -> Result<bool, Failure> {
        let deleted =
            rows::execute(&self.connection, sql::CATEGORY_DELETE, &[&key.as_str()]).await?;
        Ok(deleted > 0)
    }
}

fn category(row: &Row) -> Result<Category, Failure> {
    let channels = |in_app: usize, email: usize, name| -> Result<ChannelSet, Failure> {
        let set = ChannelSet::NONE.with(Channel::InApp, rows::get(row, in_app, name)?);
        Ok(set.with(Channel::Email, rows::get(row, email, name)?))
    };
    Ok(Category {
        key: rows::parsed(row, 0, "categories.key", |text| CategoryKey::parse(text).ok())?,
        label: rows::parsed(row, 1, "categories.label", decode_texts)?,
        description: rows::parsed(row, 2, "categories.description", decode_texts)?,
        defaults: channels(3, 4, "categories.default")?,
        mandatory: channels(5, 6, "categories.mandatory")?,
        mail: CategoryMail {
            mode: rows::parsed(row, 7, "categories.mailMode", |text| MailMode::parse(text).ok())?,
            delay: DelayMinutes::new(rows::count(row, 8, "categories.mailDelay")?)
                .map_err(|_long| Failure::Corrupt("categories.mailDelay"))?,
            templates: rows::parsed(row, 9, "categories.mailTemplates", decode_templates)?,
        },
    })
}
