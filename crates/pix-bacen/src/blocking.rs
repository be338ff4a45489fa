//! Typed calls in blocking code, on ureq.
//!
//! ```
//! use pix_bacen::blocking::Client;
//! use pix_bacen::{Gateway, Txid};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = wellspring_simulator::Simulator::builder().start()?;
//! # let base_url = simulator.url();
//! let gateway = Gateway::base_url(&base_url)?.credentials("your-client-id", "your-client-secret")?;
//! let client = Client::new(gateway)?;
//! let txid = Txid::new("7978c0c97ea847e78e8849634473c1f1")?;
//! let charge = client.put_cob(&txid, r#"{"valor":{"original":"1.00"}}"#)?;
//! assert_eq!(charge.txid.as_deref(), Some(txid.as_str()));
//! # Ok(())
//! # }
//! ```

crate::calls::calls!(wellspring_transport_blocking, [], []);
