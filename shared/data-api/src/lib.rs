//! The wire types of the Data API, shared by the store and the gateway.
