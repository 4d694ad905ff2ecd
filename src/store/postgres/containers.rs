//! Containers on PostgreSQL.
