//! One answer for all three layers, compared with what the documents say and with what others would work out by themselves.

mod golden;
mod properties;
mod world;
