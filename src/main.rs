//! The binary: it hands over to the command line and does nothing else.

fn main() -> std::process::ExitCode {
    gate::cli::main()
}
