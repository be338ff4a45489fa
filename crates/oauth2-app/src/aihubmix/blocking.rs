//! The vendor's own calls in blocking code, on ureq.

super::calls::calls!(wellspring_transport_blocking, blocking, [], []);
