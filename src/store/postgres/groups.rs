//! Groups on PostgreSQL.
