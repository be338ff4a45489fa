//! What both transports of Wellspring share: clocks, the published token, TLS settings, the rules of a request.
#![forbid(unsafe_code)]
