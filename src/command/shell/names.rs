//! Names that mean something to a shell before a script sets them, and what is known of their values.

/// The shape of the number of a process of the script's own: `$$` and `$!`.
pub(super) const PROCESS_NUMBER: &str = "[1-9][0-9]*";

/// Names that a shell may set by itself.
pub(super) fn is_the_shells(name: &str) -> bool {
    const NAMES: [&str; 34] = [
        "IFS",
        "PATH",
        "PWD",
        "OLDPWD",
        "HOME",
        "SHELL",
        "SHLVL",
        "UID",
        "EUID",
        "PPID",
        "HOSTNAME",
        "HOSTTYPE",
        "OSTYPE",
        "MACHTYPE",
        "RANDOM",
        "SRANDOM",
        "SECONDS",
        "LINENO",
        "OPTIND",
        "OPTARG",
        "OPTERR",
        "REPLY",
        "TERM",
        "COLUMNS",
        "LINES",
        "PS4",
        "PIPESTATUS",
        "DIRSTACK",
        "GROUPS",
        "FUNCNAME",
        "EPOCHSECONDS",
        "EPOCHREALTIME",
        "HISTFILE",
        "MAPFILE",
    ];
    NAMES.contains(&name)
        || name.starts_with("BASH")
        || name.starts_with("ZSH")
        || name.starts_with("KSH")
        || !shuck_ast::is_shell_variable_name(name)
}

/// Whether what a variable holds where no script set it begins with a slash.
pub(super) fn holds_a_path(name: &str) -> bool {
    matches!(name, "PATH" | "HOME" | "PWD" | "OLDPWD" | "SHELL" | "BASH" | "XDG_RUNTIME_DIR" | "MAIL")
}
