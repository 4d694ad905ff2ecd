//! What operators and load balancers ask: whether the server is well, and how much it does.

mod health;
mod listener;
mod metrics;
mod request_id;
