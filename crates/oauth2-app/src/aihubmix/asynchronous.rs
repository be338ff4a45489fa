//! The vendor's own calls on tokio and reqwest.

super::calls::calls!(wellspring_transport_async, asynchronous, [async], [.await]);
