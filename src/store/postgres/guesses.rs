//! Guesses on PostgreSQL.
