//! Typed calls on tokio and hyper.
//!
//! ```
//! use pix_bacen::asynchronous::Client;
//! use pix_bacen::{Gateway, Txid};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = wellspring_simulator::Simulator::builder().start()?;
//! # let base_url = simulator.url();
//! let gateway = Gateway::base_url(&base_url)?.credentials("your-client-id", "your-client-secret")?;
//! let client = Client::new(gateway)?;
//! let txid = Txid::new("7978c0c97ea847e78e8849634473c1f1")?;
//! let charge = client.put_cob(&txid, r#"{"valor":{"original":"1.00"}}"#).await?;
//! assert_eq!(charge.txid.as_deref(), Some(txid.as_str()));
//! # Ok(())
//! # }
//! ```

crate::calls::calls!(wellspring_transport_async, [async], [.await]);
