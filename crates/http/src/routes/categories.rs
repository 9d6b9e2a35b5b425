//! The configurable types of notification.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::path::{CategoryParam, CategoryPath};
use crate::auth::{Allowed, scope};
use crate::json::InternalBody;
use crate::problem::Problem;
use crate::state::AppState;
use crate::wire::category::{CategoriesOut, CategoryIn, CategoryOut, CategorySchema};

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
/// Needs the scope `categories`.
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
