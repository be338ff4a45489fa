//! The short programs of the book: each file is the code of one page, and a test that runs it.
//!
//! Most of them need no server; those that do start the simulator.
#![forbid(unsafe_code)]

mod aihubmix;
mod axum_site;
mod coming_from;
mod device;
mod existing_tokens;
mod grant_of_one_sign_in;
mod many_users;
mod million_users;
mod missing_scope;
mod outcome;
mod own_store;
mod policy;
mod redis_store;
mod sealed_store;
mod session_data;
mod simulated_sign_in;
mod your_types;

use outcome::Outcome;

#[tokio::main]
async fn main() -> Outcome {
    aihubmix::run()?;
    axum_site::run().await?;
    coming_from::run().await?;
    device::run().await?;
    existing_tokens::run().await?;
    grant_of_one_sign_in::run().await?;
    many_users::run().await?;
    million_users::run().await?;
    own_store::run().await?;
    policy::run()?;
    redis_store::run()?;
    sealed_store::run()?;
    session_data::run().await?;
    your_types::run()?;
    tokio::task::spawn_blocking(|| {
        missing_scope::run().map_err(|error| error.to_string())?;
        simulated_sign_in::run().map_err(|error| error.to_string())
    })
    .await??;
    Ok(())
}

#[test]
fn the_examples_hold_what_they_assert() {
    main().unwrap();
}
