//! API tokens on PostgreSQL.
