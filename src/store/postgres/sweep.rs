//! The sweep on PostgreSQL.
