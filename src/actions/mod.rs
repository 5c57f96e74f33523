//! The use cases: run, explain, answer, verify; generic over the ports.

pub mod answer;
pub mod cases;
pub mod classify;
mod data;
pub mod enrolment;
pub mod examples;
pub mod explain;
pub mod masking;
mod recalled;
pub mod replay;
pub mod run;
pub mod subject;
pub mod usage;
pub mod verify;
