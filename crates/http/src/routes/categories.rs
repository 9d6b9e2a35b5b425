//! The configurable types of notification, and what their mails look like.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use grelot_core::Content;
use http::StatusCode;

use super::path::{CategoryParam, CategoryPath};
use crate::auth::{Allowed, scope};
use crate::json::{INTERNAL_LIMIT, InternalBody, OptionalBody};
use crate::mail::{self, PreviewMail};
use crate::problem::Problem;
use crate::state::AppState;
use crate::wire::category::{CategoriesOut, CategoryIn, CategoryOut, CategorySchema};
use crate::wire::preview::{PreviewIn, PreviewMailOut, PreviewSchema};

/// List the categories
///
/// Needs the scope `categories`.
#[utoipa::path(get, path = "/api/internal/categories", operation_id = "listCategories", tag = "Categories",
    responses((status = 200, description = "Every category, by key", body = CategoriesOut<'static>)))]
pub(crate) async fn list(
    State(state): State<AppState>,
    _caller: Allowed<scope::Categories>,
) -> Result<Response, Problem> {
    let categories = state.store.categories().await?;
    let categories = categories.values().map(CategoryOut::from).collect();
    Ok(Json(CategoriesOut { categories }).into_response())
}

/// Create or replace a category
///
/// Templates are rendered with a sample before they are saved. Needs the scope `categories`.
#[utoipa::path(put, path = "/api/internal/categories/{key}", operation_id = "putCategory", tag = "Categories",
    params(CategoryParam),
    request_body = CategorySchema,
    responses(
        (status = 200, description = "Replaced", body = CategoryOut<'static>),
        (status = 201, description = "Created", body = CategoryOut<'static>),
    ))]
pub(crate) async fn put(
    State(state): State<AppState>,
    _caller: Allowed<scope::Categories>,
    key: Result<CategoryPath, Problem>,
    InternalBody(category): InternalBody<CategoryIn>,
) -> Result<Response, Problem> {
    let Ok(CategoryPath(key)) = key else {
        let detail = "of the path must be 1 to 64 characters of a-z, 0-9, '.', '_' or '-', starting with a letter or a digit";
        return Err(Problem::invalid("/key", detail));
    };
    let category = category.with_key(key);
    if !category.mail.templates.is_empty() {
        let checked = category.clone();
        let problems = mail::ask(&state.desk, move |desk| desk.check(&checked)).await?;
        if !problems.is_empty() {
            return Err(mail::refused(problems));
        }
    }
    let created = state.store.put_category(category.clone()).await?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(CategoryOut::from(&category))).into_response())
}

/// Get a category
///
/// Needs the scope `categories`.
#[utoipa::path(get, path = "/api/internal/categories/{key}", operation_id = "getCategory", tag = "Categories",
    params(CategoryParam),
    responses((status = 200, description = "The category", body = CategoryOut<'static>)))]
pub(crate) async fn get(
    State(state): State<AppState>,
    _caller: Allowed<scope::Categories>,
    CategoryPath(key): CategoryPath,
) -> Result<Response, Problem> {
    let categories = state.store.categories().await?;
    let category = categories.get(&key).ok_or_else(Problem::not_found)?;
    Ok(Json(CategoryOut::from(category)).into_response())
}

/// Delete a category
///
/// Notifications and choices stay. Needs the scope `categories`.
#[utoipa::path(delete, path = "/api/internal/categories/{key}", operation_id = "deleteCategory", tag = "Categories",
    params(CategoryParam),
    responses((status = 204, description = "It is gone; a second time it is 404")))]
pub(crate) async fn delete(
    State(state): State<AppState>,
    _caller: Allowed<scope::Categories>,
    CategoryPath(key): CategoryPath,
) -> Result<StatusCode, Problem> {
    if state.store.delete_category(&key).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}

/// See what a mail of the category looks like
///
/// Nobody is sent anything, and nothing is saved. Needs the scope `categories`.
#[utoipa::path(post, path = "/api/internal/categories/{key}/preview", operation_id = "previewEmail", tag = "Categories",
    params(CategoryParam),
    request_body = PreviewSchema,
    responses((status = 200, description = "The mail", body = PreviewMailOut)))]
pub(crate) async fn preview(
    State(state): State<AppState>,
    _caller: Allowed<scope::Categories>,
    CategoryPath(key): CategoryPath,
    OptionalBody(body): OptionalBody<PreviewIn, INTERNAL_LIMIT>,
) -> Result<Json<PreviewMailOut>, Problem> {
    let PreviewIn { locale, item, mail: tried } = body.unwrap_or_default();
    let locale = locale.unwrap_or_else(|| "en".to_owned());
    let categories = state.store.categories().await?;
    let mut category = categories.get(&key).cloned().ok_or_else(Problem::not_found)?;
    category.mail = tried.unwrap_or(category.mail);
    let item = item.map(|content| Content { category: Some(key), ..content });
    let reader = locale.clone();
    let preview =
        mail::ask(&state.desk, move |desk| desk.preview(&category, &reader, item.as_ref())).await?;
    let PreviewMail { subject, html, text } = preview.map_err(mail::refused)?;
    Ok(Json(PreviewMailOut { subject, html, text, locale }))
}
