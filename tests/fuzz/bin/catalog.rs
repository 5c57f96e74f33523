//! Lets libFuzzer try `catalog`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gate::targets::catalog::read(bytes));
