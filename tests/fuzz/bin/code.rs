//! Lets libFuzzer try `code`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gate::targets::code::read(bytes));
