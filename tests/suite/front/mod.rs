//! The front: who is slow is hung up on, who is many is bounded, and nobody else notices.

mod answers;
mod end;
mod express;
mod patience;
mod tls;
