//! The languages whose code is told apart, and how each writes comments, strings and names.

/// A language, by the way its code is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    JavaScript,
    Perl,
    Ruby,
    Php,
    Lua,
    R,
    Julia,
    /// Groovy, Scala, Kotlin, Java.
    Jvm,
    PowerShell,
    /// Emacs and other Lisps.
    Lisp,
    Tcl,
    Awk,
    Sed,
    Jq,
    Vim,
    Gdb,
    /// Another, of which only comments and strings are told apart.
    Other,
}

impl Language {
    /// The language that a program reads, by the program's file name.
    pub(super) fn of_program(name: &str) -> Self {
        let stem = name.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
        match stem {
            "python" | "pypy" | "ipython" | "bpython" => Self::Python,
            "node" | "nodejs" | "deno" | "bun" | "tsx" | "ts-node" | "mongosh" | "mongo" | "gjs" | "qjs" | "d" => {
                Self::JavaScript
            }
            "perl" => Self::Perl,
            "ruby" | "jruby" | "irb" | "rails" | "crystal" => Self::Ruby,
            "php" | "php-cgi" => Self::Php,
            "lua" | "luajit" | "texlua" => Self::Lua,
            "Rscript" | "R" | "littler" | "r" => Self::R,
            "julia" => Self::Julia,
            "groovy" | "scala" | "jshell" | "kotlin" | "kotlinc" | "java" => Self::Jvm,
            "pwsh" | "powershell" => Self::PowerShell,
            "emacs" | "emacsclient" | "guile" | "racket" | "sbcl" | "clojure" | "clj" | "bb" | "ecl" => Self::Lisp,
            "tclsh" | "expect" | "wish" => Self::Tcl,
            "awk" | "gawk" | "mawk" | "nawk" | "original-awk" | "goawk" => Self::Awk,
            "sed" | "gsed" => Self::Sed,
            "jq" | "gojq" | "jaq" | "yq" | "xq" | "tomlq" => Self::Jq,
            "vim" | "vi" | "nvim" | "ex" | "view" | "vimdiff" | "gvim" | "rvim" => Self::Vim,
            "gdb" | "lldb" => Self::Gdb,
            _ => Self::Other,
        }
    }

    pub(super) const fn syntax(self) -> Syntax {
        const C: Syntax = Syntax {
            line: &["//"],
            block: Some(("/*", "*/")),
            sigils: "",
            names: "_$",
            raw_single: false,
            single_strings: true,
            interpolates: Interpolates::Nothing,
            backquote: Backquote::Runs,
            regex: false,
            quotes: Quotes::Plain,
            bare_calls: false,
            joins: "+",
        };
        match self {
            Self::Python => Syntax { line: &["#"], block: None, names: "_", interpolates: Interpolates::Prefixed, ..C },
            Self::JavaScript => Syntax { backquote: Backquote::Template, regex: true, ..C },
            Self::Perl => Syntax {
                line: &["#"],
                block: None,
                sigils: "$@%&",
                names: "_",
                raw_single: true,
                interpolates: Interpolates::Sigils,
                regex: true,
                quotes: Quotes::Perl,
                bare_calls: true,
                joins: ".",
                ..C
            },
            Self::Ruby => Syntax {
                line: &["#"],
                block: None,
                sigils: "$@:",
                names: "_?!",
                raw_single: true,
                interpolates: Interpolates::Hash,
                regex: true,
                quotes: Quotes::Ruby,
                bare_calls: true,
                ..C
            },
            Self::Php => Syntax {
                line: &["//", "#"],
                sigils: "$",
                names: "_\\",
                raw_single: true,
                interpolates: Interpolates::Sigils,
                joins: ".",
                ..C
            },
            Self::Lua => {
                Syntax { line: &["--"], block: Some(("--[[", "]]")), names: "_", bare_calls: true, joins: "..", ..C }
            }
            Self::R => Syntax { line: &["#"], block: None, names: "_.", backquote: Backquote::Name, ..C },
            Self::Julia => Syntax {
                line: &["#"],
                block: Some(("#=", "=#")),
                names: "_!",
                single_strings: false,
                interpolates: Interpolates::Dollar,
                joins: "*",
                ..C
            },
            Self::Jvm => {
                Syntax { interpolates: Interpolates::Dollar, bare_calls: true, backquote: Backquote::Name, ..C }
            }
            Self::PowerShell => Syntax {
                line: &["#"],
                block: Some(("<#", "#>")),
                sigils: "$@",
                names: "_-:",
                raw_single: true,
                interpolates: Interpolates::Dollar,
                backquote: Backquote::Escape,
                bare_calls: true,
                ..C
            },
            Self::Lisp => {
                Syntax { line: &[";"], block: None, names: "_-*?!", single_strings: false, bare_calls: true, ..C }
            }
            Self::Awk => {
                Syntax { line: &["#"], block: None, names: "_@", single_strings: false, regex: true, joins: "", ..C }
            }
            Self::Jq => Syntax { line: &["#"], block: None, names: "_$", single_strings: false, ..C },
            Self::Tcl | Self::Sed | Self::Vim | Self::Gdb | Self::Other => {
                Syntax { line: &["#", "%", "//"], block: None, bare_calls: true, ..C }
            }
        }
    }
}

/// How code is taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Syntax {
    /// What begins a comment up to the end of the line.
    pub line: &'static [&'static str],
    /// What begins and ends a comment.
    pub block: Option<(&'static str, &'static str)>,
    /// What a name may begin with besides letters.
    pub sigils: &'static str,
    /// What a name may hold besides letters and digits.
    pub names: &'static str,
    /// Whether `'…'` keeps its backslashes.
    pub raw_single: bool,
    /// Whether `'…'` is a string at all.
    pub single_strings: bool,
    /// What code stands in strings.
    pub interpolates: Interpolates,
    /// What `` `…` `` is.
    pub backquote: Backquote,
    /// Whether `/…/` may be a pattern.
    pub regex: bool,
    /// Which other ways there are to quote.
    pub quotes: Quotes,
    /// Whether a call needs no parentheses.
    pub bare_calls: bool,
    /// What joins strings.
    pub joins: &'static str,
}

/// What code stands in strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interpolates {
    Nothing,
    /// `f"{…}"`
    Prefixed,
    /// `"#{…}"`
    Hash,
    /// `"$name {$…} ${…} @name"`
    Sigils,
    /// `"$name ${…} $(…)"`
    Dollar,
}

/// What `` `…` `` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backquote {
    /// A command that runs.
    Runs,
    /// A string with `${…}`.
    Template,
    /// A name.
    Name,
    /// The next character is taken as it is.
    Escape,
}

/// Which other ways there are to quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quotes {
    Plain,
    /// `q() qq() qw() qx() m// s/// tr///`
    Perl,
    /// `%q() %Q() %w() %i() %x() %r()`
    Ruby,
}
