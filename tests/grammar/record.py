#!/usr/bin/env python3
"""Writes down what a real tool says of its own command line: tests/grammar/facts/TOOL.jsonl.

    tests/grammar/record.py TOOL [PROGRAM]      git, kubectl, docker, terraform, psql or curl
    tests/grammar/record.py options             writes policies/options.yaml from all that is recorded

Run it when a tool has a new version. Names come from the tool's own help. Whether an option takes a value is not read
from there but asked of the tool's own parser: after the option stand two words that nothing knows, `--gate1 --gate2`.
If the parser complains of the first, the option took no value; if it complains of the second, it took the first for
one. Every call ends in that complaint, so that nothing is ever done; it runs in an empty directory all the same.

The first line is {"tool", "version"}; each other one a subcommand: its path, whether its first operand ends the options,
and its options as [spellings, "no" | "needed" | "joined" | "equals", a value that its parser takes]; what `equals` has is
needed and stands after `=`.
"""

import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

TOOL = sys.argv[1]
PROGRAM = sys.argv[2] if len(sys.argv) > 2 else TOOL
HERE = os.path.dirname(os.path.abspath(__file__))
PLACE = tempfile.mkdtemp(prefix="gate-record-")
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": PLACE, "LC_ALL": "C", "DOCKER_HOST": "tcp://127.0.0.1:1",
    "KUBECONFIG": PLACE + "/kubeconfig", "CHECKPOINT_DISABLE": "1", "GIT_TERMINAL_PROMPT": "0", "COLUMNS": "200",
}
SAMPLES = ["alpha", "3", "10s", "alpha=beta", "true", "127.0.0.1", "linux/amd64", "2024-01-01T00:00:00Z", "always", "10m",
           "file", "/dev/null", "http", "1.2", "SRP", "alpha:beta", "client", "/alpha", "json", "merge", "text", "auto", "on-demand", "127.0.0.0/24", "1",
           "HEAD", "mbox", "ours", "warn", "debug", "stdin", "alpha:127.0.0.1", "type=bind,source=/alpha,target=/beta", "a.b=1",
           "nofile=1", "/dev/alpha:3", "blob:none", "+x", "spread=a.b", "protocol=cfssl,url=http://127.0.0.1:1", "replace",
           "warning", "/dev/alpha:1mb", "c 1:3 r", "myers", "border"]
DASH = "-" if TOOL == "terraform" else "--"
UNKNOWN = {"psql": "unrecognized option", "curl": "is unknown"}.get(TOOL) or r"unknown|not defined|unrecogni[sz]ed|invalid option"
FIRST, SECOND = DASH + "gate1", DASH + "gate2"

GIT = """add am apply archive blame branch cat-file check-attr checkout cherry cherry-pick clean clone commit commit-tree
config count-objects describe fetch for-each-ref format-patch fsck gc grep hash-object init interpret-trailers log
ls-files ls-remote ls-tree maintenance merge merge-base mv name-rev notes pack-refs prune pull push range-diff read-tree
rebase remote repack replace rerere reset restore revert rev-list rm shortlog show show-branch show-ref sparse-checkout
stash status submodule switch symbolic-ref tag update-index update-ref update-server-info verify-commit verify-tag
worktree write-tree""".split()


def run(words):
    try:
        done = subprocess.run([PROGRAM, *words], cwd=PLACE, env=ENVIRONMENT, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", timeout=20)
        return done.stdout
    except subprocess.TimeoutExpired:
        return ""


def complaint(words):
    """Which of the two words the tool's parser did not know."""
    said = run(words)
    for line in said.splitlines():
        if re.search(UNKNOWN, line):
            return 1 if "gate1" in line else 2 if "gate2" in line else 0
    return 0


def tail():
    return ["--help"] if TOOL in ("kubectl", "docker") else []


def option(path, spellings):
    """The option as its parser takes it, or None if it says neither."""
    name = spellings[-1]
    asked = complaint([*path, name, FIRST, SECOND, *tail()])
    if asked == 0 and any(complaint([*path, name, sample, FIRST, *tail()]) == 1 for sample in SAMPLES[:6]):
        asked = 2
    if asked == 0:
        # Its values are checked; the second word is never reached, and the first is the complaint's subject.
        asked = 2 if re.search(r'invalid argument "--?gate1|gate1', run([*path, name, FIRST, SECOND, *tail()])) else 0
    if asked == 2:
        for sample in SAMPLES:
            if complaint([*path, name, sample, FIRST, *tail()]) == 1:
                return [spellings, "needed", sample]
        return None
    if asked == 1:
        if TOOL == "curl":
            return [spellings, "no", ""]
        if TOOL in ("kubectl", "docker", "terraform"):
            # A switch takes `=true` and the like too, and no other word.
            if re.search(r"ParseBool|boolean value", run([*path, f"{name}=alpha", FIRST, *tail()])):
                return [spellings, "no", ""]
            for sample in SAMPLES:
                if sample not in ("true", "1") and complaint([*path, f"{name}={sample}", FIRST, *tail()]) == 1:
                    return [spellings, "joined", sample]
            return [spellings, "no", ""]
        for sample in SAMPLES:
            if name.startswith("--") and complaint([*path, f"{name}={sample}", FIRST, *tail()]) == 1:
                return [spellings, "joined", sample]
        return [spellings, "no", ""]
    return None


def cobra_options(text):
    for line in text.splitlines():
        found = re.match(r"^\s{2,}(?:(-\w), )?(--[a-z][\w-]*)(?:=.*:|\s.*)?$", line)
        if found and "--help" != found[2]:
            yield [spelling for spelling in (found[1], found[2]) if spelling]


def cobra(path, found):
    text = run([*path, "--help"])
    usage = re.search(r"^Usage:\s*(.*)$", text, re.M)
    usage = usage[1] if usage else ""
    subcommands = []
    section = ""
    for line in text.splitlines():
        if line and not line.startswith(" "):
            section = line
        named = re.match(r"^  ([a-z][a-z-]*)\s{2,}\S", line)
        if named and "ommands" in section and named[1] not in ("help", "completion", "options"):
            subcommands.append(named[1])
    stops = TOOL == "docker" and bool(re.search(r"\[ARG\.\.\.\]|COMMAND ", usage)) and not subcommands
    if path and not subcommands or TOOL == "docker" and not path:
        found.append((path, stops, list(cobra_options(text))))
    if TOOL == "kubectl" and not path:
        found.append((path, False, list(cobra_options(run(["options"])))))
    for name in subcommands:
        cobra([*path, name], found)


def commands():
    found = []
    if TOOL in ("kubectl", "docker"):
        cobra([], found)
    elif TOOL == "git":
        subprocess.run([PROGRAM, "init", "-q", PLACE], env=ENVIRONMENT, check=True)
        known = ["-c", "user.name=alpha", "-c", "user.email=alpha@localhost"]
        subprocess.run([PROGRAM, *known, "commit", "-q", "--allow-empty", "-m", "alpha"], env=ENVIRONMENT, check=True,
                       cwd=PLACE)
        for name in GIT:
            options = []
            for line in run([name, "-h"]).splitlines():
                spelled = re.match(r"^    (-\w)?(?:, )?(?:--(\[no-\])?([a-z][\w-]*))?", line)
                if spelled and (spelled[1] or spelled[3]):
                    options.append([s for s in (spelled[1], spelled[3] and "--" + spelled[3]) if s])
            found.append(([name], False, options))
    elif TOOL == "terraform":
        names = re.findall(r"^  ([a-z]+) {2,}\S", run(["-help"]), re.M)
        paths = []
        for name in names:
            inner = re.findall(r"^    ([a-z-]+) {2,}\S", run([name, "-help"]), re.M)
            paths += [[name, one] for one in inner] or [[name]]
        for path in paths:
            spelled = re.findall(r"^\s{2,}(-[a-z][a-z-]*)", run([*path, "-help"]), re.M)
            found.append((path, True, [[one] for one in dict.fromkeys(spelled) if one != "-help"]))
    else:
        text = run(["--help", "all"] if TOOL == "curl" else ["--help"])
        options = []
        for line in text.splitlines():
            spelled = re.match(r"^\s+(-[\w#?:])?(?: \(\S+\))?(?:, )?(--[a-z][\w.-]*)?", line)
            if spelled and (spelled[1] or spelled[2]) and spelled[2] not in ("--help", "--version", "--manual"):
                options.append([s for s in (spelled[1], spelled[2]) if s])
        found.append(([], False, options))
    return found


# What stands before the subcommand of tools whose parser answers otherwise there; from git(1) and `terraform -help`.
BEFORE = {
    "git": [[["-C"], "needed", "."], [["-c"], "needed", "alpha.beta=x"], [["-p", "--paginate"], "no", ""],
            [["-P", "--no-pager"], "no", ""], [["--git-dir"], "needed", ".git"], [["--work-tree"], "needed", "."],
            [["--namespace"], "needed", "alpha"], [["--no-optional-locks"], "no", ""], [["--literal-pathspecs"], "no", ""]],
    "terraform": [[["-chdir"], "equals", "."]],
}


def version():
    words = {"kubectl": ["version", "--client"], "terraform": ["version"]}.get(TOOL, ["--version"])
    said = re.search(r"\d+\.\d+(\.\d+)?", run(words))
    return said[0] if said else ""


def list_options():
    """What is recorded, as the packs say it."""
    listed = {}
    for name in sorted(os.listdir(HERE + "/facts")):
        lines = [json.loads(line) for line in open(f"{HERE}/facts/{name}", encoding="utf-8")]
        for line in lines[1:]:
            takes = {"no": "", "needed": "=", "joined": "[=]", "equals": "="}
            words = ["/".join(spellings) + takes[kind] for spellings, kind, _ in line["options"]]
            words += ["--"] * line["stops"]
            if words:
                listed.setdefault(lines[0]["tool"], {})[" ".join(line["path"])] = words
    with open(HERE + "/../../policies/options.yaml", "w", encoding="utf-8") as out:
        out.write("# What tools say of their own options, and what their own parsers say that each takes. Written by\n"
                  "# tests/grammar/record.py; what is said of a subcommand where its tool is described comes first.\n"
                  "gate: 1\nname: gate\n\noptions:\n")
        for tool, commands_of in listed.items():
            out.write(f"  {tool}:\n")
            for path, words in commands_of.items():
                out.write(f'    {json.dumps(path)}: "{" ".join(words)}"\n')


def main():
    if TOOL == "options":
        return list_options()
    found = commands()
    asked = {}
    for path, _, options in found:
        for spellings in options:
            asked.setdefault(json.dumps([path, spellings]), (path, spellings))
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        answers = dict(zip(asked, pool.map(lambda one: option(*one), asked.values())))
    with open(f"{HERE}/facts/{TOOL}.jsonl", "w", encoding="utf-8") as out:
        out.write(json.dumps({"tool": TOOL, "version": version()}) + "\n")
        if TOOL in BEFORE:
            out.write(json.dumps({"path": [], "stops": False, "options": BEFORE[TOOL]}, separators=(",", ":")) + "\n")
        for path, stops, options in found:
            known = [answers[json.dumps([path, spellings])] for spellings in options]
            line = {"path": path, "stops": stops, "options": [one for one in known if one]}
            out.write(json.dumps(line, separators=(",", ":")) + "\n")
            silent = [spellings for spellings, one in zip(options, known) if not one]
            if silent:
                print(f"{TOOL} {' '.join(path)}: nothing known of {silent}", file=sys.stderr)


main()
