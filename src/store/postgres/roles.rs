//! Roles on PostgreSQL.
