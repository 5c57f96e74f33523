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
const SINKS: [&str; 143] = [
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
    "Open3",
    "Pathname",
    "Process",
    "Runtime",
    "Socket",
    "TCPSocket",
    "URI",
    "WebSocket",
    "WriteAllText",
    "XMLHttpRequest",
    "__import__",
    "a85decode",
    "aiohttp",
    "appendFile",
    "appendFileSync",
    "b16decode",
    "b32decode",
    "b64decode",
    "base64_decode",
    "check_call",
    "check_output",
    "child_process",
    "chmod",
    "chmodSync",
    "chown",
    "chownSync",
    "compile",
    "connect",
    "copyFileSync",
    "copyfile",
    "copytree",
    "createConnection",
    "createServer",
    "createWriteStream",
    "create_subprocess_exec",
    "create_subprocess_shell",
    "ctypes",
    "curl_exec",
    "curl_init",
    "dlopen",
    "dofile",
    "eval",
    "exec",
    "execFile",
    "execFileSync",
    "execSync",
    "execl",
    "execle",
    "execlp",
    "execlpe",
    "execute",
    "execv",
    "execve",
    "execvp",
    "execvpe",
    "fetch",
    "file_put_contents",
    "fork",
    "fsockopen",
    "ftplib",
    "fwrite",
    "getattr",
    "globals",
    "http",
    "https",
    "httpx",
    "importlib",
    "instance_eval",
    "kill",
    "lchown",
    "loadstring",
    "makedirs",
    "marshal",
    "mkfifo",
    "mmap",
    "move",
    "net",
    "os_system",
    "paramiko",
    "passthru",
    "pcntl_exec",
    "pickle",
    "popen",
    "popen2",
    "posix_spawn",
    "posix_spawnp",
    "proc_open",
    "pty",
    "putenv",
    "remove",
    "removedirs",
    "rename",
    "renameSync",
    "replaceFile",
    "requests",
    "rm",
    "rmSync",
    "rmdir",
    "rmdirSync",
    "rmtree",
    "runpy",
    "send",
    "setgid",
    "setreuid",
    "setuid",
    "shell_exec",
    "shutil",
    "smtplib",
    "socket",
    "spawn",
    "spawnSync",
    "spawnl",
    "spawnlp",
    "spawnv",
    "spawnvp",
    "stream_socket_client",
    "subprocess",
    "symlink",
    "symlinkSync",
    "syscall",
    "system",
    "telnetlib",
    "truncate",
    "truncateSync",
    "unhexlify",
    "unlink",
    "unlinkSync",
    "unlinkat",
    "urllib",
    "writeFile",
    "writeFileSync",
    "write_bytes",
    "write_text",
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
