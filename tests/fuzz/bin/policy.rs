//! Lets libFuzzer try `policy`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gate::targets::policy::read(bytes));
