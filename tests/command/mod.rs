//! What the command floor says of a text, held against the shell that would run it.

mod oracle_script;
mod oracle_shapes;
mod scripts;
mod shell_oracle;
