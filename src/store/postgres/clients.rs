//! Clients on PostgreSQL.
