//! One token with bare ureq: what the other program is measured against.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let base = std::env::args().nth(1).ok_or("the base URL is missing")?;
    let body = r#"{"clientId":"account-93","clientSecret":"a-secret"}"#;
    let mut response =
        ureq::post(format!("{base}/oauth/token")).header("Content-Type", "application/json").send(body)?;
    let answer = response.body_mut().read_to_string()?;
    let (_, rest) = answer.split_once("\"access_token\":\"").ok_or("no token")?;
    println!("{}", rest.split('"').next().unwrap_or_default());
    Ok(())
}
