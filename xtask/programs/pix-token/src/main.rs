//! One token with pix-bacen, blocking: what a program pays for it over bare ureq.

use std::error::Error;

use pix_bacen::Gateway;
use pix_bacen::blocking::Client;

fn main() -> Result<(), Box<dyn Error>> {
    let base = std::env::args().nth(1).ok_or("the base URL is missing")?;
    let gateway = Gateway::base_url(&base)?.credentials("account-93", "a-secret")?;
    let client = Client::new(gateway)?;
    println!("{}", client.source().token()?.expose());
    Ok(())
}
