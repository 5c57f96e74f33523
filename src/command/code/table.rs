//! Code and what is found in it, as a table.

use super::effects::Effect;
use super::found;

/// What is found, in short.
fn shown(program: &str, code: &str) -> String {
    let text = |word: &crate::model::Word| word.display().to_string_lossy().into_owned();
    let effects = found(code, program).into_iter().map(|effect| match effect {
        Effect::Reach(name) => format!("?{name}"),
        Effect::Shell(word) => format!("sh {}", text(&word)),
        Effect::Argv(words) => words.iter().map(text).collect::<Vec<_>>().join(" "),
        Effect::Read(word) => format!("<{}", text(&word)),
        Effect::Write(word) => format!(">{}", text(&word)),
        Effect::Sql(word) => format!("sql {}", text(&word)),
        Effect::Does(verb) => format!("does {verb}"),
    });
    effects.collect::<Vec<_>>().join(" | ")
}

pub(super) fn check(program: &str, rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(code, expected)| {
            let found = shown(program, code);
            (found != *expected).then(|| format!("{code}\n   found:    {found}\n   expected: {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{program}:\n{}", wrong.join("\n"));
}

#[test]
fn python_is_judged_by_whole_names_in_code_position() {
    check(
        "ruby",
        &[
            ("Dir.glob('/etc/*.conf').each { |f| File.delete(f) }", "rm -f /etc/*.conf"),
            ("%w[/etc/a /etc/b].each do |f| File.delete f end", "rm -f /etc/a /etc/b"),
            ("for f in ['/etc/a'] do File.delete(f) end", "rm -f /etc/a"),
        ],
    );
    check(
        "node",
        &[
            ("for (const f of ['/etc/a', '/etc/b']) require('fs').unlinkSync(f)", "rm -f /etc/a /etc/b"),
            ("['/etc/a'].forEach(f => require('fs').unlinkSync(f))", "rm -f /etc/a"),
            ("const fs = require('fs'); fs.readdirSync('/etc').map((f) => fs.unlinkSync(f))", "rm -f /etc/*"),
        ],
    );
    check(
        "perl",
        &[("for my $f (glob('/etc/*.conf')) { unlink $f }", "rm -f /etc/*.conf"), ("unlink for ('/etc/a')", "?unlink")],
    );
    check("php", &[("foreach (glob('/etc/*') as $f) { unlink($f); }", "rm -f /etc/*")]);
    check(
        "python3",
        &[
            ("print('rm -rf /')", ""),
            ("import shlex; print(shlex.split('aws s3 rm s3://b --recursive'))", ""),
            ("import re\nprint(re.sub(r'rm -rf', 'trash', 'run rm -rf build'))", ""),
            ("print('os.system(\"x\") is dangerous')", ""),
            ("import shutil; print(shutil.disk_usage('/'), shutil.which('rm'))", ""),
            ("import os; print(os.getcwd(), os.path.exists('/etc'), os.listdir('.'))", ""),
            ("import platform; print(platform.system())", ""),
            ("import ast\nfor n in ast.walk(ast.parse('x')):\n  if n.func.id == 'system': print(n)", ""),
            ("# os.system('rm -rf /')\nprint(1)", ""),
            ("\"\"\"os.system('x')\"\"\"", ""),
            ("import os\nos.system('rm -rf /srv')", "sh rm -rf /srv"),
            ("import os as o; o.system('id')", "sh id"),
            ("from os import system as s; s('id')", "sh id"),
            ("from os import *\nsystem('id')", "sh id"),
            ("__import__('os').system('id')", "sh id"),
            ("import importlib; importlib.import_module('os').system('id')", "sh id"),
            ("import os; getattr(os, 'sys'+'tem')('id')", "sh id"),
            ("import os; getattr(os, n)('id')", "?a function whose name is built"),
            ("x = getattr(args, 'name', None)\nprint(x)", ""),
            ("import subprocess; subprocess.run(['git', 'status'], check=True)", "git status"),
            (
                "import subprocess as sp; print(sp.check_output(['git','rev-parse','HEAD']).decode())",
                "git rev-parse HEAD",
            ),
            ("import subprocess; subprocess.run('rm -rf x', shell=True)", "sh rm -rf x"),
            ("import subprocess; subprocess.Popen(cmd)", "?subprocess.Popen"),
            ("import subprocess, sys; subprocess.run(['git', 'log', sys.argv[1]])", "git log $(…)"),
            ("import subprocess,shlex; subprocess.run(shlex.split('git status -s'))", "git status -s"),
            ("import subprocess; subprocess.run('git status'.split())", "git status"),
            ("import os\nc = 'rm -rf ' + '/srv/shop'\nos.system(c)", "sh rm -rf /srv/shop"),
            ("import os\nc = input()\nos.system(c)", "?os.system"),
            ("import os; os.system(f'rm -rf {d}')", "sh rm -rf $(…)"),
            ("import os; os.execvp('rm', ['rm', '-rf', '/srv'])", "rm -rf /srv"),
            ("import os; os.execlp('rm', 'rm', '-rf', '/srv')", "rm -rf /srv"),
            ("import shutil; shutil.rmtree('/srv/shop/data')", "rm -rf /srv/shop/data"),
            ("from shutil import rmtree; rmtree('build', ignore_errors=True)", "rm -rf build"),
            ("import os; os.remove('/srv/a')", "rm -f /srv/a"),
            ("from pathlib import Path; Path('/srv/a').unlink()", "rm -f /srv/a"),
            ("from pathlib import Path\np = Path('/srv') / 'a'\np.unlink()", "rm -f /srv/a"),
            ("import os; [os.unlink(f) for f in os.listdir('.')]", "rm -f ./*"),
            ("import glob, os; [os.remove(f) for f in glob.glob('/srv/*.db')]", "rm -f /srv/*.db"),
            ("import os; list(map(os.remove, fs))", "?os.remove"),
            ("import os; os.rename('a', 'b')", "mv a b"),
            ("import shutil; shutil.copy('a', '/etc/x')", "cp a /etc/x"),
            ("import os; os.chmod('/srv', 0o777)", "chmod 777 /srv"),
            ("import os; os.chmod('/srv', 2541)", "chmod 4755 /srv"),
            ("import os\nos.chmod('/srv', stat.S_IRWXU)", "chmod $(…) /srv"),
            ("import pathlib; pathlib.Path('/srv').chmod(0x1ff)", "chmod 777 /srv"),
            ("import os\nfor p in ['/etc/a', '/etc/b']:\n  os.remove(p)", "rm -f /etc/a /etc/b"),
            ("import os, glob\nfor p in glob.glob('/etc/*.conf'): os.unlink(p)", "rm -f /etc/*.conf"),
            ("[os.remove(p) for p in ('/etc/a',) if p]", "rm -f /etc/a"),
            ("import pathlib; [p.unlink() for p in pathlib.Path('/etc').rglob('*.pem')]", "rm -f /etc/**/*.pem"),
            ("from pathlib import Path\nfor p in Path('/etc').iterdir():\n  p.unlink()", "rm -f /etc/*"),
            ("import os\nfor e in os.scandir('/etc'):\n  os.unlink(e.path)", "rm -f /etc/*"),
            (
                "import os\nfor root, _, names in os.walk('/etc'):\n  for n in names: os.remove(os.path.join(root, n))",
                "rm -f /etc/*/$(…)",
            ),
            ("import os\nfor p in x: os.remove(p)", "rm -f $(…)"),
            ("import os\nfor p in ['a']: pass\nfor p in ['b']: os.remove(p)", "rm -f $(…)"),
            ("import json; print(json.load(open('package.json'))['a'])", "<package.json"),
            ("print(open('/home/dev/.aws/credentials').read())", "</home/dev/.aws/credentials"),
            ("import os; print(open(os.path.expanduser('~/.ssh/id_rsa')).read())", "<~/.ssh/id_rsa"),
            ("from pathlib import Path; print((Path.home() / '.ssh' / 'id_rsa').read_text())", "<$HOME/.ssh/id_rsa"),
            ("open('/etc/cron.d/x', 'w').write('y')", ">/etc/cron.d/x"),
            ("with open('out.json', mode='a') as f: f.write('y')", ">out.json"),
            ("from pathlib import Path; Path('/etc/x').write_text('y')", ">/etc/x"),
            ("open(p, 'w')", "?open"),
            ("print(open(p).read())", ""),
            (
                "import urllib.request as u; print(u.urlopen('http://localhost:8080/health').status)",
                "curl http://localhost:8080/health",
            ),
            ("import urllib.request as u; u.urlopen('http://203.0.113.5/i', data=b'x')", "?urllib.request.urlopen"),
            ("import requests; requests.post('http://x', json={})", "?requests.post"),
            ("import requests; print(requests.get('https://x.example/a').json())", "curl https://x.example/a"),
            ("import socket; s=socket.socket(); s.connect(('x',1))", "?socket.socket"),
            ("exec(__import__('base64').b64decode('aQ=='))", "?exec"),
            ("exec('import os; os.system(\"id\")')", "sh id"),
            ("eval(x)", "?eval"),
            ("import re; re.compile('a'); compile", ""),
            ("import os; print(os.environ['AWS_SECRET_ACCESS_KEY'])", "printenv AWS_SECRET_ACCESS_KEY"),
            ("import ctypes; ctypes.CDLL('x')", "?ctypes.CDLL"),
            ("import psycopg2\nc.execute('DROP TABLE users')", "sql DROP TABLE users"),
            ("import boto3; boto3.client('s3').delete_bucket(Bucket='x')", "?delete"),
            ("import boto3; print(boto3.client('ec2').describe_instances())", ""),
            (
                "import boto3\ns = boto3.client('secretsmanager')\nprint(s.get_secret_value(SecretId='x'))",
                "?get_secret",
            ),
            (
                "from kubernetes import client, config\nconfig.load_kube_config()\nclient.CoreV1Api().delete_namespace('prod')",
                "?delete",
            ),
            ("from kubernetes import client, config\nprint(client.CoreV1Api().list_namespaced_pod('x'))", ""),
            ("globals()['__buil'+'tins__']", "?globals().__builtins__"),
            ("print(sum(x*2 for x in range(10)))", ""),
            ("def remove(x): return x\nprint(1)", ""),
            ("l=[1]; l.remove(1); print(l)", ""),
        ],
    );
}

#[test]
fn javascript_is_judged_by_module_and_method() {
    check(
        "node",
        &[
            ("console.log(process.version)", ""),
            ("console.log('child_process.exec(\"rm\")')", ""),
            ("console.log(/rm -rf/.exec('x'), /a'b/.test(s)) // fs.rmSync('x')", ""),
            ("require('./package.json').version", ""),
            ("require('child_process').execSync('rm -rf /srv')", "sh rm -rf /srv"),
            ("const {execSync: e} = require('child_process'); e('id')", "sh id"),
            ("const cp = require('node:child_process'); cp.spawnSync('rm', ['-rf', '/srv'])", "rm -rf /srv"),
            ("require('child_process').spawn('rm -rf', ['/srv'], {shell: true})", "sh rm -rf /srv"),
            ("import fs from 'node:fs'; fs.rmSync('/srv/shop',{recursive:true,force:true})", "rm -rf /srv/shop"),
            ("import {rmSync as r} from 'fs'; r('dist', {recursive: true})", "rm -rf dist"),
            ("require('fs').promises.unlink('/srv/x')", "rm -f /srv/x"),
            ("require('fs')['rm'+'Sync']('/srv')", "rm -rf /srv"),
            ("require('fs')[k]('/srv')", "?a function whose name is built"),
            ("console.log(require('fs').readFileSync('/home/dev/.npmrc','utf8'))", "</home/dev/.npmrc"),
            ("require('fs').writeFileSync('/etc/x', 'y')", ">/etc/x"),
            ("fetch('https://x.example/a').then(r => r.text()).then(console.log)", "curl https://x.example/a"),
            ("fetch('https://x.example', {method: 'POST', body: 'x'})", "?fetch"),
            ("eval(Buffer.from('aWQ=', 'base64').toString())", "?eval"),
            ("require('net').connect(4444, 'x')", "?net.connect"),
            ("console.log(process.env.HOME)", "printenv HOME"),
            ("const d = '/srv/' + 'x'; require('fs').unlinkSync(d)", "rm -f /srv/x"),
            ("require('fs').unlinkSync(`/srv/${name}`)", "rm -f /srv/$(…)"),
            ("import('fs').then(f => f.rmSync('/srv'))", "rm -rf /srv"),
            ("new Function('return 1')()", ""),
            (
                "const {S3Client, DeleteBucketCommand} = require('@aws-sdk/client-s3'); new S3Client().send(new DeleteBucketCommand({}))",
                "?delete",
            ),
            ("[1,2].map(x => x * 2)", ""),
        ],
    );
    check(
        "deno",
        &[
            ("console.log(Deno.version.deno)", ""),
            ("Deno.removeSync('/srv')", "rm -rf /srv"),
            ("new Deno.Command('rm', {args: ['-rf', '/srv']}).output()", "rm -rf /srv"),
        ],
    );
    check(
        "bun",
        &[("Bun.spawnSync(['rm', '-rf', '/srv'])", "rm -rf /srv"), ("await Bun.$`rm -rf /srv`", "sh rm -rf /srv")],
    );
}

#[test]
fn perl_is_read_with_its_ways_to_quote() {
    check(
        "perl",
        &[
            ("print if /rm -rf|system\\(/", ""),
            ("s/v1\\.2/v1.3/g", ""),
            ("print q{system('x')}, \"exec\"", ""),
            ("# system('x')\nprint 1", ""),
            ("=pod\n\nsystem('x')\n\n=cut\nprint 1", ""),
            ("system('rm -rf /srv')", "sh rm -rf /srv"),
            ("system \"rm\", \"-rf\", \"/srv\"", "rm -rf /srv"),
            ("exec qw(rm -rf /srv)", "rm -rf /srv"),
            ("print `id`", "sh id"),
            ("print qx{id -u}", "sh id -u"),
            ("$x = 'rm -rf '.'/srv'; system($x)", "sh rm -rf /srv"),
            ("system($ARGV[0])", "?system"),
            ("unlink '/srv/a', '/srv/b'", "rm -f /srv/a /srv/b"),
            ("unlink glob('/srv/*')", "rm -f /srv/*"),
            ("unlink glob '/var/lib/mysql/*'", "rm -f /var/lib/mysql/*"),
            ("use File::Path; rmtree('/srv')", "rm -rf /srv"),
            ("open(F, '>', '/etc/x')", ">/etc/x"),
            ("open F, '>/etc/x'", ">/etc/x"),
            ("open(my $f, '<', '/etc/shadow'); print <$f>", "</etc/shadow"),
            ("open(P, 'rm -rf /srv |')", "sh rm -rf /srv"),
            ("open(P, '-|', 'rm', '-rf', '/srv')", "rm -rf /srv"),
            ("eval 'system(\"id\")'", "sh id"),
            ("eval $x", "?eval"),
            ("eval { 1 }; print $@", ""),
            ("s/(.*)/system($1)/e", "?system"),
            ("s/(.*)/uc($1)/e", ""),
            ("y/a-z/A-Z/; tr/a/b/", ""),
            ("use IO::Socket; IO::Socket::INET->new('x:1')", "?IO.Socket.INET.new"),
            ("print $ENV{HOME}", "printenv HOME"),
            ("my %h = (a => 1, s => 2); print $h{s}, $h{y}", ""),
            ("print join(',', map { $_ * 2 } 1..3)", ""),
        ],
    );
}

#[test]
fn ruby_is_read_with_its_ways_to_quote() {
    check(
        "ruby",
        &[
            ("puts RUBY_VERSION", ""),
            ("puts JSON.parse(File.read(\"package.json\"))[\"name\"]", "<package.json"),
            ("puts 'system(\"x\")' # `id`", ""),
            ("puts %q(system('x')), :system", ""),
            ("system('rm', '-rf', '/srv')", "rm -rf /srv"),
            ("system \"rm -rf /srv\"", "sh rm -rf /srv"),
            ("exec \"rm\",\"-rf\",\"/srv/files\"", "rm -rf /srv/files"),
            ("puts `id`", "sh id"),
            ("puts %x(id -u)", "sh id -u"),
            ("IO.popen(['rm', '-rf', '/srv'])", "rm -rf /srv"),
            ("require 'open3'; Open3.capture2e('rm -rf /srv')", "sh rm -rf /srv"),
            ("FileUtils.rm_rf('/srv/shop')", "rm -rf /srv/shop"),
            ("FileUtils.send(:rm_rf, '/srv/shop')", "rm -rf /srv/shop"),
            ("FileUtils.send(x, '/srv/shop')", "?FileUtils.send"),
            ("File.write('/etc/x', 'y')", ">/etc/x"),
            ("File.delete('/srv/x')", "rm -f /srv/x"),
            ("File.open('/etc/x', 'w') { |f| f.puts 1 }", ">/etc/x"),
            ("Dir.glob('*.rb').each { |f| puts f }", ""),
            ("d = '/srv'; FileUtils.rm_rf(\"#{d}/shop\")", "rm -rf /srv/shop"),
            ("open('|id')", "sh id"),
            ("require 'socket'; TCPSocket.new('x', 1)", "?TCPSocket.new"),
            ("eval(STDIN.read)", "?eval"),
            ("puts ENV['HOME']", "printenv HOME"),
            ("puts <<~E\n  system('x')\nE\nputs 1", ""),
            ("puts [3,1].sort.map { |x| x % 2 }.inspect", ""),
        ],
    );
}

#[test]
fn php_lua_r_julia_and_groovy_are_judged_by_name() {
    check(
        "php",
        &[
            ("echo PHP_VERSION, PHP_EOL;", ""),
            ("echo ini_get(\"disable_functions\");", ""),
            ("echo 'system(\"x\")'; // exec('x')", ""),
            ("system('rm -rf /srv');", "sh rm -rf /srv"),
            ("echo `id`;", "sh id"),
            ("array_map('unlink', glob('/srv/shop/uploads/*'));", "?unlink"),
            ("array_map('strtoupper', ['a']);", ""),
            ("call_user_func('system', 'id');", "?system"),
            ("$f = 'sys'.'tem'; $f('id');", "sh id"),
            ("$f = $_GET['x']; $f('id');", "?a function whose name is built"),
            ("unlink('/srv/x');", "rm -f /srv/x"),
            ("echo file_get_contents('/home/dev/.aws/credentials');", "</home/dev/.aws/credentials"),
            ("file_put_contents('/etc/x', 'y');", ">/etc/x"),
            ("eval(base64_decode('aQ=='));", "?eval"),
            ("echo base64_decode('aQ==');", ""),
            ("$p = new PDO('x'); $p->exec('DROP TABLE users');", "sql DROP TABLE users"),
            ("echo json_encode(['exec' => 1]);", ""),
        ],
    );
    check(
        "lua",
        &[
            ("print(_VERSION)", ""),
            ("os.execute(\"dropdb \"..(\"shop\"))", "sh dropdb shop"),
            ("os[\"exec\"..\"ute\"](\"id\")", "sh id"),
            ("io.popen('id'):read('*a')", "sh id"),
            ("os.remove('/srv/x')", "rm -f /srv/x"),
            ("print(os.date(), os.time()) -- os.execute('x')", ""),
            ("io.open('/etc/x', 'w'):write('y')", ">/etc/x"),
            ("print([[os.execute('x')]])", ""),
        ],
    );
    check(
        "Rscript",
        &[
            ("summary(read.csv('orders.csv')$total)", "<orders.csv"),
            ("unlink('/srv/shop/data', recursive = TRUE)", "rm -rf /srv/shop/data"),
            ("system('id', intern = TRUE)", "sh id"),
            ("system2('rm', c('-rf', '/srv'))", "rm -rf /srv"),
            ("x <- c(1,2); print(mean(x)) # system('x')", ""),
        ],
    );
    check(
        "julia",
        &[
            ("using Pkg; Pkg.test()", ""),
            ("run(`redis-cli -h cache.prod flushall`)", "sh redis-cli -h cache.prod flushall"),
            ("rm(\"/srv\", recursive=true)", "rm -rf /srv"),
            ("println(\"run(`x`)\")", ""),
        ],
    );
    check(
        "groovy",
        &[
            ("println 'rm -rf x'", ""),
            ("'rm -rf /srv'.execute()", "sh rm -rf /srv"),
            ("['rm', '-rf', '/srv'].execute()", "rm -rf /srv"),
            ("new File('/srv').deleteDir()", "rm -rf /srv"),
            ("println 'rm -rf /srv'.execute().text", "sh rm -rf /srv"),
        ],
    );
    check(
        "emacs",
        &[
            ("(message \"(shell-command 1)\")", ""),
            ("(shell-command \"id\")", "sh id"),
            ("(delete-file \"/srv/x\")", "rm -f /srv/x"),
            ("(princ (+ 1 2)) ; (shell-command \"x\")", ""),
        ],
    );
}

#[test]
fn the_mongodb_shell_is_judged_by_its_methods() {
    check(
        "mongosh",
        &[
            ("db.audit.find({cmd:\"db.dropDatabase()\"}).limit(1)", ""),
            ("db.dropDatabase()", "does drop"),
            ("db[\"drop\"+\"Database\"]()", "does drop"),
            ("db[x]()", "?a function whose name is built"),
            ("db.users.drop()", "does drop"),
            ("db.getCollection('users').deleteMany({})", "does delete-all"),
            ("db.users.deleteMany({age: 3})", ""),
            ("db.users.remove({})", "does delete-all"),
            ("db.users.updateMany({}, {$set: {a: 1}})", "does update-all"),
            ("db.createUser({user: 'x'})", "does grant"),
            ("db.shutdownServer()", "does ddl"),
            ("db.adminCommand({shutdown: 1})", "does ddl"),
            ("db.runCommand({ping: 1})", ""),
            ("db.adminCommand('listDatabases')", ""),
            ("db.users.countDocuments()", ""),
            ("db.users.aggregate([{$match: {a: 1}}, {$out: 'x'}])", "does drop"),
            ("show dbs", ""),
            ("rs.status().ok", ""),
        ],
    );
}
