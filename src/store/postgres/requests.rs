//! Requests on PostgreSQL.
