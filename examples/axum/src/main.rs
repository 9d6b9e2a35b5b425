//! Runs the application of [`axum_host`] on port 3000.

use std::error::Error;

use grelot::Grelot;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    #[expect(clippy::disallowed_methods, reason = "an application reads its own environment")]
    let secret = std::env::var("JWT_SECRET")?;
    let grelot = Grelot::builder().database("sqlite:app.db").jwt_secret(secret).build().await?;

    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    let stop = grelot.clone();
    let app = axum_host::app(grelot);
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            let _interrupted = tokio::signal::ctrl_c().await;
            // Streams never end by themselves: tell them before the server waits for them.
            let _ended = stop.shutdown().await;
        })
        .await?;
    Ok(())
}
