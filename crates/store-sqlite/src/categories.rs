//! The port `CategoryRegistry`: the configurable types of notification.

use std::sync::Arc;

use async_trait::async_trait;
use grelot_core::category::Categories;
use grelot_core::{
    Category, CategoryKey, CategoryMail, Channel, ChannelSet, DelayMinutes, MailMode,
};
use grelot_store::{CategoryRegistry, StoreError};
use grelot_store_common::{decode_templates, decode_texts, encode_templates, encode_texts};
use rusqlite::{Row, params};

use crate::error::Failure;
use crate::snapshot::Snapshot;
use crate::store::SqliteStore;
use crate::tx::Tx;
use crate::{rows, sql};

#[async_trait]
impl CategoryRegistry for SqliteStore {
    async fn categories(&self) -> Result<Arc<Categories>, StoreError> {
        self.read(|snapshot| snapshot.categories()).await
    }

    async fn put_category(&self, category: Category) -> Result<bool, StoreError> {
        self.write(1, None, move |tx| tx.put_category(&category)).await
    }

    async fn delete_category(&self, key: &CategoryKey) -> Result<bool, StoreError> {
        let key = key.clone();
        self.write(1, None, move |tx| tx.delete_category(&key)).await
    }
}

impl Snapshot<'_> {
    /// Every category. There are as many as the operator made, so that they are read as a whole.
    pub(crate) fn categories(&self) -> Result<Arc<Categories>, Failure> {
        let found = rows::all(self.connection, sql::CATEGORIES, [], |row| self.readable(row))?;
        let found = found.into_iter().flatten();
        Ok(Arc::new(found.map(|category| (category.key.clone(), category)).collect()))
    }

    pub(crate) fn category(&self, key: &CategoryKey) -> Result<Option<Category>, Failure> {
        let key = [key.as_str()];
        let found = rows::optional(self.connection, sql::CATEGORY, key, |row| self.readable(row))?;
        Ok(found.flatten())
    }

    fn readable(&self, row: &Row<'_>) -> Result<Option<Category>, Failure> {
        let key = row.get_ref(0)?.as_bytes_or_null().map_err(rusqlite::Error::from)?;
        let key = String::from_utf8_lossy(key.unwrap_or_default());
        Ok(self.context.readable(&key, category(row)))
    }
}

impl Tx<'_> {
    fn put_category(&mut self, category: &Category) -> Result<bool, Failure> {
        let new = self.category(&category.key)?.is_none();
        let Category { key, label, description, defaults, mandatory, mail } = category;
        rows::execute(
            self.connection,
            sql::CATEGORY_PUT,
            params![
                key.as_str(),
                encode_texts(label),
                encode_texts(description),
                defaults.has(Channel::InApp),
                defaults.has(Channel::Email),
                mandatory.has(Channel::InApp),
                mandatory.has(Channel::Email),
                mail.mode.name(),
                mail.delay.get(),
                encode_templates(&mail.templates),
            ],
        )?;
        *self.categories = None;
        Ok(new)
    }

    fn delete_category(&mut self, key: &CategoryKey) -> Result<bool, Failure> {
        let deleted = rows::execute(self.connection, sql::CATEGORY_DELETE, [key.as_str()])?;
        *self.categories = None;
        Ok(deleted > 0)
    }
}

fn category(row: &Row<'_>) -> Result<Category, Failure> {
    let channels = |in_app: usize, email: usize| -> Result<ChannelSet, Failure> {
        let set = ChannelSet::NONE.with(Channel::InApp, row.get(in_app)?);
        Ok(set.with(Channel::Email, row.get(email)?))
    };
    Ok(Category {
        key: rows::parsed(row, 0, "categories.key", |text| CategoryKey::parse(text).ok())?,
        label: rows::parsed(row, 1, "categories.label", decode_texts)?,
        description: rows::parsed(row, 2, "categories.description", decode_texts)?,
        defaults: channels(3, 4)?,
        mandatory: channels(5, 6)?,
        mail: CategoryMail {
            mode: rows::parsed(row, 7, "categories.mailMode", |text| MailMode::parse(text).ok())?,
            delay: DelayMinutes::new(rows::count(row, 8, "categories.mailDelay")?)
                .map_err(|_long| Failure::Corrupt("categories.mailDelay"))?,
            templates: rows::parsed(row, 9, "categories.mailTemplates", decode_templates)?,
        },
    })
}
