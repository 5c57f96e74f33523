//! Lets libFuzzer try `sql`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gate::targets::sql::read(bytes));
