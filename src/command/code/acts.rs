//! The functions of each language that reach beyond a program, and what they do with what they are given.

use super::language::Language;

/// What a function does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Runs its first argument as shell code.
    Shell,
    /// Runs a list, or a string: as shell code if told to.
    Run,
    /// Runs its first argument with the list that is its second.
    Spawn,
    /// Runs its arguments, or one string as shell code.
    Words,
    /// Runs a program, given as its path and a list of arguments, its name again among them.
    Exec,
    /// As `Exec`, with the arguments one by one.
    ExecList,
    /// Works as this command does on the arguments, or on what it is called on.
    Like(&'static [&'static str]),
    /// As `Like`, with the second argument first (`chmod(path, mode)`).
    Turned(&'static [&'static str]),
    /// Opens a path with a mode.
    Open,
    /// Reads a path.
    Read,
    /// Writes a path.
    Write,
    /// Writes the path that is its second argument.
    WriteSecond,
    /// Fetches a URL.
    Fetch,
    /// Runs code of the same language.
    Eval,
    /// Runs a statement of SQL.
    Sql,
    /// Runs a statement of SQL that is its second argument.
    SqlSecond,
    /// Calls the function that its first argument names.
    Callback,
    /// Something that is not followed.
    Reach,
}

impl Act {
    fn named(name: &str) -> Self {
        match name {
            "shell" => Self::Shell,
            "run" => Self::Run,
            "spawn" => Self::Spawn,
            "words" => Self::Words,
            "exec" => Self::Exec,
            "exec-list" => Self::ExecList,
            "remove" => Self::Like(&["rm", "-f"]),
            "remove-tree" => Self::Like(&["rm", "-rf"]),
            "mv" => Self::Like(&["mv"]),
            "cp" => Self::Like(&["cp"]),
            "cp-tree" => Self::Like(&["cp", "-r"]),
            "ln" => Self::Like(&["ln", "-s"]),
            "chmod" => Self::Like(&["chmod"]),
            "chmod-path" => Self::Turned(&["chmod"]),
            "open" => Self::Open,
            "read" => Self::Read,
            "write" => Self::Write,
            "write-second" => Self::WriteSecond,
            "fetch" => Self::Fetch,
            "eval" => Self::Eval,
            "sql" => Self::Sql,
            "sql-second" => Self::SqlSecond,
            "callback" => Self::Callback,
            _ => Self::Reach,
        }
    }
}

/// What a function does, by its whole name; nothing where it stays inside the program. `loose` says that the module its
/// name begins with is not known, so that the last part of the name is enough for those marked with `?`.
pub(super) fn act(language: Language, name: &str, loose: bool) -> Option<Act> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let mut found: Option<(u8, Act)> = None;
    for line in table(language).lines() {
        let Some((act, names)) = line.trim().split_once(": ") else { continue };
        for pattern in names.split(' ') {
            let (exact, marked) = match (pattern.strip_prefix('?'), pattern.strip_prefix('~')) {
                (Some(exact), _) => (exact, true),
                (None, Some(exact)) => (exact, !name.contains('.')),
                (None, None) => (pattern, false),
            };
            let strength = if exact == name {
                4
            } else if exact.strip_prefix("*.").is_some_and(|method| ends(name, method)) {
                3
            } else if marked && loose && exact.rsplit('.').next() == Some(last) {
                2
            } else if exact.strip_suffix(".*").is_some_and(|module| begins(name, module)) {
                1
            } else {
                continue;
            };
            if found.is_none_or(|(best, _)| strength > best) {
                found = Some((strength, Act::named(act)));
            }
        }
    }
    found.map(|(_, act)| act)
}

fn ends(name: &str, method: &str) -> bool {
    name.strip_suffix(method).is_some_and(|before| before.ends_with('.') && before.len() > 1)
}

fn begins(name: &str, module: &str) -> bool {
    name.strip_prefix(module).is_some_and(|rest| rest.starts_with('.') && !rest.contains("()"))
}

const fn table(language: Language) -> &'static str {
    match language {
        Language::Python => PYTHON,
        Language::JavaScript => JAVASCRIPT,
        Language::Perl => PERL,
        Language::Ruby => RUBY,
        Language::Php => PHP,
        Language::Lua => LUA,
        Language::R => R,
        Language::Julia => JULIA,
        Language::Jvm => JVM,
        Language::Lisp => LISP,
        Language::PowerShell
        | Language::Tcl
        | Language::Awk
        | Language::Sed
        | Language::Jq
        | Language::Vim
        | Language::Gdb
        | Language::Other => OTHER,
    }
}

// A line names what functions do, and the functions: by whole name; `name.*` for all of a module, `*.name` for a method of
// whatever it is called on, `?name` for one that counts where the module is not
// known, too, `~name` for one that then counts only without any.

const PYTHON: &str = "
    shell: ?os.system ?os.popen subprocess.getoutput subprocess.getstatusoutput commands.getoutput
    shell: ?asyncio.create_subprocess_shell
    words: ?asyncio.create_subprocess_exec
    run: subprocess.run subprocess.call ?subprocess.check_call ?subprocess.check_output ?subprocess.Popen
    run: pty.spawn
    exec: ?os.execv ?os.execve ?os.execvp ?os.execvpe ?os.posix_spawn ?os.posix_spawnp
    exec-list: ?os.execl ?os.execle ?os.execlp ?os.execlpe
    reach: ?os.spawnv ?os.spawnve ?os.spawnvp ?os.spawnl ?os.spawnlp os.startfile os.fork os.forkpty
    reach: shutil.make_archive os.truncate ~os.chown os.lchown shutil.chown os.kill os.killpg os.setuid
    reach: os.setgid os.setreuid os.mknod os.dup2 os.chroot fileinput.input urllib.request.urlretrieve
    reach: requests.* httpx.* http.client.* aiohttp.* socket.socket socket.create_connection
    reach: socket.create_server socketserver.* http.server.* smtplib.* ftplib.* telnetlib.* paramiko.*
    reach: fabric.* xmlrpc.* pexpect.* sh.* ctypes.* cffi.* marshal.loads ~pickle.loads pickle.load runpy.*
    reach: code.* pip.* imp.* winreg.* execfile __import__ importlib.import_module importlib.util.*
    reach: importlib.machinery.* __builtins__.* globals().* *.__subclasses__ *.__globals__ *.__builtins__
    reach: *.__dict__ sys.modules.* *.to_sql multiprocessing.* mmap.mmap fcntl.* pty.*
    reach: sqlite3.connect().backup *.extractall os.putenv operator.attrgetter operator.methodcaller
    remove: ~os.remove ~os.unlink os.rmdir os.removedirs *.unlink *.rmdir
    remove-tree: ?shutil.rmtree *.rmtree
    mv: os.rename os.replace os.renames ~shutil.move
    cp: ~shutil.copy ~shutil.copy2 ~shutil.copyfile
    cp-tree: ?shutil.copytree
    ln: ?os.symlink os.link
    chmod-path: ~os.chmod
    chmod: *.chmod
    open: open io.open codecs.open gzip.open os.open zipfile.ZipFile tarfile.open os.fdopen
    open: pathlib.Path().open
    read: *.read_text *.read_bytes linecache.getlines numpy.loadtxt
    write: *.write_text *.write_bytes
    fetch: urllib.request.urlopen urllib.urlopen urllib2.urlopen urllib.request.Request requests.get
    fetch: requests.head httpx.get
    eval: exec eval compile builtins.exec builtins.eval timeit.timeit
    sql: *.execute *.executemany *.executescript *.read_sql
";

const JAVASCRIPT: &str = "
    shell: ~child_process.exec ?child_process.execSync Bun.$ $
    spawn: ?child_process.execFile ?child_process.execFileSync ?child_process.spawn ?child_process.spawnSync
    spawn: Deno.Command
    reach: ?child_process.fork Deno.run fs.chown ?fs.chownSync Deno.connect Deno.listen Deno.serve Deno.kill
    reach: Deno.dlopen Bun.serve Bun.connect http.request https.request http.createServer https.createServer
    reach: net.* tls.* dgram.* http2.* axios.* axios got.* WebSocket XMLHttpRequest ssh2.* shelljs.* execa.*
    reach: process.binding process.dlopen process.kill process.setuid require import module.createRequire
    reach: worker_threads.* cluster.* *.constructor.constructor Reflect.* run load runProgram
    run: Bun.spawn Bun.spawnSync
    remove: ?fs.unlink ?fs.unlinkSync fs.promises.unlink
    remove-tree: fs.rm ?fs.rmSync ?fs.rmdir ?fs.rmdirSync fs.promises.rm fs.promises.rmdir Deno.remove
    remove-tree: Deno.removeSync rimraf rimraf.* fs-extra.remove fs-extra.removeSync fs-extra.emptyDirSync del
    mv: fs.rename ?fs.renameSync fs.promises.rename Deno.rename Deno.renameSync
    cp: fs.copyFile ?fs.copyFileSync fs.promises.copyFile Deno.copyFile
    cp-tree: fs.cp ?fs.cpSync fs.promises.cp
    ln: ?fs.symlinkSync fs.symlink
    chmod-path: fs.chmod ?fs.chmodSync Deno.chmod
    write: ?fs.truncateSync fs.truncate ?fs.writeFileSync ?fs.writeFile fs.promises.writeFile
    write: ?fs.appendFileSync ?fs.appendFile fs.promises.appendFile ?fs.createWriteStream Deno.writeTextFile
    write: Deno.writeTextFileSync Deno.writeFile Bun.write
    read: ?fs.readFileSync ?fs.readFile fs.promises.readFile ?fs.createReadStream Deno.readTextFile
    read: Deno.readTextFileSync Deno.readFile Bun.file
    open: fs.open ?fs.openSync fs.promises.open Deno.open
    fetch: fetch http.get https.get axios.get node-fetch
    eval: eval Function vm.* globalThis.eval
    callback: setTimeout
";

const PERL: &str = "
    words: system exec
    open: open sysopen IO.File.new
    remove: unlink rmdir
    remove-tree: rmtree remove_tree File.Path.rmtree File.Path.remove_tree
    mv: rename move File.Copy.move
    cp: copy File.Copy.copy
    ln: symlink link
    chmod: chmod
    reach: chown do require syscall kill fork socket connect bind ioctl IO.Socket.* IO.Socket.INET.* LWP.*
    reach: HTTP.Tiny.* Net.* IPC.* Socket.* DynaLoader.* & getstore mirror
    write: truncate *.spew
    eval: eval evalbytes
    shell: readpipe
    fetch: LWP.Simple.get HTTP.Tiny.new().get
    sql: *.do *.prepare *.selectall_arrayref
    read: *.slurp
";

const RUBY: &str = "
    words: system exec spawn Kernel.system Kernel.exec Kernel.spawn Process.spawn Process.exec IO.popen
    words: PTY.spawn PTY.getpty Open3.*
    open: Kernel.open File.open File.new open
    reach: Process.kill Process.daemon FileUtils.chown FileUtils.chown_R File.chown IO.copy_stream Net.*
    reach: OpenURI.* TCPSocket.* TCPServer.* UDPSocket.* UNIXSocket.* Socket.* WEBrick.* HTTParty.* Faraday.*
    reach: RestClient.* Marshal.load syscall fork load *.send *.public_send *.__send__ send *.const_get
    reach: Fiddle.* DL.* *.delete_all *.destroy_all *.update_all *.drop_table *.truncate_tables
    remove: File.delete File.unlink Dir.rmdir Dir.delete Dir.unlink FileUtils.rm FileUtils.rm_f
    remove: FileUtils.remove FileUtils.rmdir Pathname.new().delete Pathname.new().unlink Pathname().delete
    remove-tree: FileUtils.rm_rf FileUtils.rm_r FileUtils.rmtree FileUtils.remove_dir FileUtils.remove_entry
    remove-tree: FileUtils.remove_entry_secure ?rm_rf ?rm_r ?remove_entry *.rmtree
    mv: File.rename FileUtils.mv FileUtils.move
    cp: FileUtils.cp FileUtils.copy FileUtils.install
    cp-tree: FileUtils.cp_r
    ln: FileUtils.ln_s FileUtils.ln_sf File.symlink
    chmod: FileUtils.chmod FileUtils.chmod_R File.chmod
    write: File.truncate FileUtils.touch File.write IO.write File.binwrite IO.binwrite
    read: File.read IO.read File.binread IO.binread File.readlines IO.readlines File.foreach IO.foreach
    read: YAML.load_file CSV.read CSV.foreach Shellwords.escape
    fetch: URI.open Net.HTTP.get Net.HTTP.get_response
    eval: eval Kernel.eval binding.eval *.eval ?instance_eval ?class_eval ?module_eval
    sql: *.execute *.exec_query *.find_by_sql
";

const PHP: &str = "
    shell: system exec shell_exec passthru popen
    run: proc_open
    spawn: pcntl_exec
    remove: unlink rmdir
    mv: rename
    cp: copy
    ln: symlink link
    chmod-path: chmod
    reach: chown chgrp move_uploaded_file mail curl_exec curl_multi_exec fsockopen pfsockopen
    reach: stream_socket_client stream_socket_server socket_connect socket_create ftp_connect ssh2_connect
    reach: create_function include include_once require require_once array_filter array_walk usort dl putenv
    reach: posix_kill posix_setuid unserialize ftruncate FFI.*
    write: file_put_contents touch
    open: fopen
    read: file_get_contents readfile file show_source highlight_file parse_ini_file simplexml_load_file
    eval: eval assert
    callback: call_user_func call_user_func_array array_map register_shutdown_function ReflectionFunction
    sql: *.query *.exec *.prepare *.multi_query
    sql-second: mysqli_query mysqli_multi_query pg_query
";

const LUA: &str = "
    shell: os.execute io.popen vim.fn.system
    remove: os.remove lfs.rmdir vim.fn.delete
    mv: os.rename
    open: io.open
    read: io.lines io.input
    write: io.output
    eval: load loadstring
    reach: dofile loadfile package.loadlib socket.* socket ffi.* require _G.[] os.[] io.[] debug.* vim.loop.*
    reach: vim.uv.* redis.*
";

const R: &str = "
    shell: system shell pipe
    spawn: system2
    remove-tree: unlink fs.dir_delete
    remove: file.remove fs.file_delete
    mv: file.rename
    cp: file.copy
    reach: file.append cat source sys.source download.file socketConnection eval dyn.load processx.*
    reach: sys.exec_wait httr.* curl.* Sys.setenv
    ln: file.symlink
    chmod-path: Sys.chmod
    read: readLines read.csv read.table readRDS scan readChar
    open: file
    write-second: writeLines write write.csv write.table saveRDS
    write: sink
    fetch: url
    callback: do.call get match.fun
    sql-second: DBI.dbExecute dbExecute dbGetQuery dbSendQuery DBI.dbGetQuery
";

const JULIA: &str = "
    remove-tree: rm
    mv: mv
    cp-tree: cp
    chmod-path: chmod
    shell: run success
    reach: chown truncate download Downloads.* HTTP.* Sockets.* connect listen eval Meta.parse Core.eval
    reach: include include_string ccall Cmd getfield Base.invokelatest
    ln: symlink
    write: write
    open: open
    read: read readlines eachline
";

const JVM: &str = "
    words: *.execute execute *.getRuntime().exec Runtime.runtime.exec Runtime.* ProcessBuilder Process
    shell: sh *.! *.!!
    remove-tree: *.deleteDir
    remove: *.delete *.deleteOnExit Files.delete Files.deleteIfExists
    reach: *.renameTo Socket ServerSocket Class.forName Eval.* GroovyShell GroovyShell().* GroovyClassLoader
    reach: System.load System.loadLibrary sys.process.* scala.sys.process.* HttpURLConnection HttpClient.*
    reach: Sql.* Grape.* ScriptEngineManager
    write: *.write *.setText *.append *.withWriter Files.write Files.writeString FileWriter FileOutputStream
    write: PrintWriter
    read: *.text *.getText *.readLines *.eachLine Files.readString Files.readAllBytes Files.readAllLines
    read: FileInputStream
    mv: Files.move
    cp: Files.copy
";

const LISP: &str = "
    shell: shell-command shell-command-to-string async-shell-command call-process-shell-command process-file-
    shell: shell-command compile system process open-input-pipe open-output-pipe open-pipe run-shell-command
    reach: call-process process-file start-process start-process-shell-command make-process process-lines
    reach: call-process-region shell-command-on-region rename-file copy-file write-region append-to-file eval
    reach: load load-file url-retrieve url-retrieve-synchronously make-network-process open-network-stream
    reach: module-load eval-buffer funcall apply intern read-from-string system* execl execlp run-program sh
    reach: primitive-fork set-file-modes package-install term ansi-term tramp-* dbus-call-method kill-process
    reach: signal-process
    remove: delete-file
    remove-tree: delete-directory delete-directory/files
    write: write-file with-output-to-file call-with-output-file spit
    read: insert-file-contents find-file getenv slurp
";

const OTHER: &str = "
    shell: ?system ?exec ?shell popen System.shell os.cmd syscmd esyscmd unix ?callCommand
    spawn: System.cmd ?readProcess ?callProcess
    reach: ?cmd ?readCreateProcess Code.eval_string Port.open gen_tcp.* httpc.* do tell eval urlwrite websave
    remove: ?removeFile File.rm File.rm! file.delete delete rmdir unlink
    remove-tree: ?removeDirectoryRecursive ?File.rm_rf File.rm_rf! file.del_dir_r
    write: ?writeFile ?appendFile File.write File.write!
    read: ?readFile File.read File.read!
    fetch: urlread
    open: fopen
";
