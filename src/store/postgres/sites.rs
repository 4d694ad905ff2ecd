//! Sites on PostgreSQL.
