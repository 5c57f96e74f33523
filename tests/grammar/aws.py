"""Command lines of aws, made from awscli's own tables and read by its own parsers; nothing is ever called.

    python aws.py SEED LINES     valid lines, one JSON object each: the words, and how awscli read them
    python aws.py facts          what policies/aws.yaml needs to know: which subcommands have operands of their own, and
                                 which options without a value may stand before one
"""

import argparse
import json
import os
import random
import sys

os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ.pop("AWS_PROFILE", None)

from awscli import argparser  # noqa: E402
from awscli.clidriver import ServiceOperation, create_clidriver  # noqa: E402
from awscli.customizations.commands import BasicCommand  # noqa: E402

# Services that people use, always among the chosen.
USUAL = ["s3", "s3api", "ec2", "iam", "lambda", "rds", "ecs", "dynamodb", "cloudformation", "logs", "ssm", "kms", "sts",
         "secretsmanager", "sqs", "eks", "route53", "autoscaling", "cloudtrail", "organizations"]
VALUES = ["alpha", "i-0abc", "arn:aws:iam::1:role/x", "file://p.json", "Name=a,Values=b", '{"a": 1}', "3", "s3://b/k", "a b"]
# They open a browser, a shell or a prompt, or their tables are made only when they run.
APART = {"configure", "history", "help", "opsworks", "emr-containers"}


class Refused(Exception):
    """The parser does not take the line."""


def refuse(_parser, message):
    raise Refused(message)


SEEN = []
WATCHED = set()


def watched(action):
    """Lets a class of actions note what it is called with."""
    if action in WATCHED or any(above in WATCHED for above in action.__mro__ if "__call__" not in vars(action)):
        return
    WATCHED.add(action)
    original = action.__call__

    def call(self, parser, namespace, values, option_string=None):
        given = values
        if option_string is not None:
            values = [] if self.nargs == 0 else values if isinstance(values, list) else [values]
            SEEN.append((self.option_strings[0], [str(value) for value in values]))
        elif isinstance(self, argparser.CommandAction):
            if values is not None:
                SEEN.append(("command", [values]))
        elif values not in (None, [], argparse.SUPPRESS):
            SEEN.append(("operands", [str(value) for value in (values if isinstance(values, list) else [values])]))
        return original(self, parser, namespace, given, option_string)

    action.__call__ = call


for one in (argparse._StoreAction, argparse._StoreTrueAction, argparse._StoreFalseAction, argparse._StoreConstAction,
            argparse._AppendAction, argparser.CommandAction):
    watched(one)
argparser.CLIArgParser.error = refuse


class Command:
    """One command of the tree, with its table of arguments."""

    def __init__(self, path, parsers):
        self.path, self.parsers = path, parsers
        for action in (action for parser in parsers for action in parser._actions):
            watched(type(action))
        self.positional = [action for action in parsers[-1]._actions
                           if not action.option_strings and not isinstance(action, argparser.CommandAction)]
        self.options = {}
        self.action = {}
        for action in parsers[-1]._actions:
            for spelling in action.option_strings:
                self.options[spelling] = action


def commands(driver, name):
    """All commands below a service."""
    table = driver._get_command_table()
    service = table[name]
    found = []

    def walk(command, path, parsers):
        if isinstance(command, BasicCommand):
            below = command._build_subcommand_table()
            command._subcommand_table = below
            command._arg_table = command._build_arg_table()
            parser = argparser.ArgTableArgParser(command.arg_table, below)
            for inner, one in list(below.items()):
                walk(one, [*path, inner], [*parsers, parser])
            if not below:
                found.append(Command(path, [*parsers, parser]))
        elif isinstance(command, ServiceOperation):
            parser = command._create_operation_parser(command.arg_table)
            found.append(Command(path, [*parsers, parser]))
        elif hasattr(command, "_get_command_table"):
            below = command._get_command_table()
            for inner, one in list(below.items()):
                if inner != "help" and inner != "wait":
                    walk(one, [*path, inner], [*parsers, command._create_parser()])

    walk(service, [name], [])
    return found


def value(action, rng):
    if action.choices:
        return str(rng.choice(list(action.choices)))
    if action.type is int:
        return str(rng.randrange(1, 90))
    return rng.choice(VALUES)


def spelled(spelling, action, rng, others):
    """An option as it may be written, with its values."""
    name = spelling
    if rng.random() < 0.02:
        short = spelling[:rng.randrange(4, len(spelling) + 1)] if len(spelling) > 5 else spelling
        if sum(other.startswith(short) for other in others) == 1:
            name = short
    if action.nargs == 0:
        return [name]
    if action.nargs in ("*", "+"):
        values = [value(action, rng) for _ in range(rng.choice([1, 1, 2, 3]))]
        return [name, *values]
    if isinstance(action.nargs, int):
        return [name, *[value(action, rng) for _ in range(action.nargs)]]
    one = value(action, rng)
    return [f"{name}={one}"] if rng.random() < 0.15 else [name, one]


def line(command, top, rng):
    known = [s for s in command.options if s not in ("--help",)]
    every = known + list(top)
    required = [s for s in known if command.options[s].required]
    chosen = required + rng.sample(known, min(len(known), rng.choice([0, 0, 1, 2, 3])))
    groups = [spelled(s, command.options[s], rng, every) for s in dict.fromkeys(chosen)]
    rng.shuffle(groups)
    operands = []
    for action in command.positional:
        many = action.nargs if isinstance(action.nargs, int) else 2 if action.nargs in ("+", "*") else 1
        operands += [[rng.choice(["s3://b/k", "out.bin", "alpha", "./d"])] for _ in range(many)]
    # A list of values would take the operands that follow it.
    ends = [group for group in groups if command.options.get(group[0].split("=")[0]) is not None
            and command.options[group[0].split("=")[0]].nargs in ("*", "+")]
    words = [group for group in groups if group not in ends]
    at = 0
    for operand in operands:
        at = rng.randrange(at, len(words) + 1)
        words.insert(at, operand)
        at += 1
    words += ends
    rng.shuffle(ends)
    extra = [spelled(s, top[s], rng, list(top)) for s in rng.sample(list(top), rng.choice([0, 0, 1, 2]))]
    before, after = [], []
    for group in extra:
        (before if rng.random() < 0.5 else after).append(group)
    # Between operands' options a global one may stand anywhere; lists end at it.
    flat = [w for group in before for w in group] + command.path + [w for group in words + after for w in group]
    return flat


def read(words, main, command):
    """How the parsers read the words, one after the other, as awscli does."""
    SEEN.clear()
    _, left = main.parse_known_args(words)
    for parser in command.parsers:
        _, left = parser.parse_known_args(left)
    if left:
        raise Refused(f"unknown: {left}")
    path = [w for name, values in SEEN if name == "command" for w in values]
    if path != command.path:
        raise Refused(f"another command: {path}")
    flags = [[name, values] for name, values in SEEN if name not in ("command", "operands")]
    operands = [w for name, values in SEEN if name == "operands" for w in values]
    return {"words": ["aws", *words], "path": path, "flags": flags, "operands": operands}


def main():
    driver = create_clidriver()
    parser = driver._create_parser(driver._get_command_table())
    top = {s: a for a in parser._actions for s in a.option_strings if s not in ("--version", "--help")}
    names = [name for name in driver._get_command_table() if name not in APART]
    if sys.argv[1] == "facts":
        return facts(driver, names, top)
    rng = random.Random(int(sys.argv[1]))
    wanted = int(sys.argv[2])
    chosen = USUAL + rng.sample([name for name in names if name not in USUAL], 8 + wanted // 400)
    every = {name: commands(driver, name) for name in dict.fromkeys(chosen) if name in names}
    # Half of the lines where most people work, and there also where operands stand.
    services = [name for name, below in every.items() if below]
    made = refused = 0
    while made < wanted:
        below = every[rng.choice(services)]
        some = [one for one in below if one.positional]
        command = rng.choice(some if some and rng.random() < 0.2 else below)
        try:
            print(json.dumps(read(line(command, top, rng), parser, command)))
            made += 1
        except Refused as why:
            refused += 1
            if os.environ.get("GATE_GRAMMAR_SHOW"):
                print(why, file=sys.stderr)
    print(json.dumps({"refused": refused}))


def facts(driver, names, top):
    switches, operands = {}, {}
    for name in names:
        for command in commands(driver, name):
            if not command.positional:
                continue
            operands[" ".join(command.path)] = [[one.dest for one in command.positional]]
            operands[" ".join(command.path)] += [[s for s, a in command.options.items() if a.nargs in ("*", "+")]]
            for spelling, action in command.options.items():
                if action.nargs == 0:
                    switches.setdefault(spelling, []).append(" ".join(command.path))
    print(json.dumps({"top": {s: a.nargs == 0 for s, a in top.items()}, "operands": operands, "switches": switches}))


main()
