//! Keys on PostgreSQL.
