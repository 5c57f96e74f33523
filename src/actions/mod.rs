//! The use cases: run, explain, answer, verify; generic over the ports.

pub mod answer;
pub mod classify;
pub mod enrolment;
pub mod examples;
pub mod explain;
pub mod masking;
pub mod run;
pub mod subject;
pub mod verify;
