//! Inline code of languages that gate does not read: looked through for words that start programs, change files, open
//! connections or run more code. Nothing found means quiet, not proven harmless.

/// The first word in `code` that reaches beyond the program, if any does.
pub(super) fn sink(code: &str) -> Option<&str> {
    let word = words(code).find(|word| SINKS.binary_search(word).is_ok());
    word.or_else(|| writes_a_file(code)).or_else(|| MARKS.iter().copied().find(|mark| code.contains(mark)))
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|character: char| !character.is_alphanumeric() && character != '_').filter(|word| !word.is_empty())
}

/// `open` with a mode that writes.
fn writes_a_file(code: &str) -> Option<&str> {
    let opens = words(code).any(|word| matches!(word, "open" | "fopen" | "Open"));
    let modes = [
        "'w", "\"w", "'a'", "\"a\"", "'a+", "\"a+", "'ab", "\"ab", "'x", "\"x", "'r+", "\"r+", "'>", "\">", "'|", "\"|",
    ];
    (opens && modes.iter().any(|mode| code.contains(mode))).then_some("open")
}

/// What is no word: a shell's backquotes, Perl's and Ruby's ways to run text, a pipe into a string (awk).
const MARKS: [&str; 7] = ["`", "%x", "qx", "| \"", "|\"", "| getline", "|getline"];

/// In order, for the search.
const SINKS: [&str; 93] = [
    "Deno",
    "Dir",
    "FileUtils",
    "Function",
    "HTTPConnection",
    "IO",
    "Invoke",
    "Kernel",
    "LWP",
    "Net",
    "Process",
    "Runtime",
    "Socket",
    "TCPSocket",
    "URI",
    "WriteAllText",
    "XMLHttpRequest",
    "__import__",
    "appendFile",
    "appendFileSync",
    "b64decode",
    "child_process",
    "chmod",
    "chown",
    "compile",
    "connect",
    "ctypes",
    "curl_exec",
    "dlopen",
    "eval",
    "exec",
    "execFile",
    "execFileSync",
    "execSync",
    "execl",
    "execlp",
    "execv",
    "execve",
    "execvp",
    "fetch",
    "file_put_contents",
    "fork",
    "ftplib",
    "fwrite",
    "getattr",
    "globals",
    "http",
    "https",
    "importlib",
    "instance_eval",
    "kill",
    "makedirs",
    "marshal",
    "mkfifo",
    "mmap",
    "move",
    "net",
    "os_system",
    "passthru",
    "pcntl_exec",
    "pickle",
    "popen",
    "popen2",
    "posix_spawn",
    "proc_open",
    "pty",
    "putenv",
    "remove",
    "rename",
    "replaceFile",
    "requests",
    "rm",
    "rmSync",
    "rmdir",
    "rmdirSync",
    "rmtree",
    "runpy",
    "send",
    "shell_exec",
    "shutil",
    "smtplib",
    "socket",
    "spawn",
    "spawnSync",
    "subprocess",
    "symlink",
    "system",
    "truncate",
    "unlink",
    "unlinkSync",
    "urllib",
    "writeFile",
    "writeFileSync",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(SINKS.is_sorted());
    }

    #[test]
    fn code_that_reaches_out_is_noticed() {
        for code in [
            "__import__('os').system('dd if=/dev/zero of=/dev/sda')",
            "exec \"rm\",\"-rf\",\"/srv/files\"",
            "require('child_process').execSync('id')",
            "open('/etc/passwd','w').write('x')",
            "print `id`",
            "{print | \"sh\"}",
            "File.open('x'); FileUtils.rm_rf('/srv')",
            "getattr(os, 'sys'+'tem')('id')",
        ] {
            assert!(sink(code).is_some(), "{code}");
        }
    }

    #[test]
    fn code_that_only_computes_is_quiet() {
        for code in [
            "import platform; print(platform.machine())",
            "import json,sys; print(json.load(sys.stdin)['a'])",
            "{print $1}",
            "console.log(process.version)",
            "puts RUBY_VERSION",
            "print(sum(range(10)))",
            "print(open('a.txt').read())",
        ] {
            assert_eq!(sink(code), None, "{code}");
        }
    }
}
