"""Snakemake without its start: one process imports it, each run is a fork of that process.

What a start imports (Snakemake, its plugins, the modules of the Snakefile) is half of what a dry run costs.
"""

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SERVER = """
import ast, atexit, gc, json, os, pathlib, sys
from snakemake import cli
cli.get_argument_parser(profiles=None)  # loads the plugins that it asks for their options
rules = ast.parse(pathlib.Path("rules/common.smk").read_text())
rules.body = [node for node in rules.body if isinstance(node, (ast.Import, ast.ImportFrom))]
exec(compile(rules, "common.smk", "exec"), {})
gc.freeze()
for line in sys.stdin:
    arguments, environment, out, err = json.loads(line)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(os.open(out, os.O_WRONLY), 1)
            os.dup2(os.open(err, os.O_WRONLY), 2)
            os.environ.clear()
            os.environ.update(environment)
            sys.argv = ["snakemake", *arguments]
            cli.main(arguments)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            atexit._run_exitfuncs()  # a fork ends by os._exit, which skips what ends a process of its own
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@cache
def _server() -> subprocess.Popen:
    """The process that forks; it ends with the one that asks it, when its input does."""
    return subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def run_snakemake(arguments: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess:
    """Run Snakemake in the repository, as ``subprocess.run`` would."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        out.touch()
        err.touch()
        server = _server()
        print(json.dumps([arguments, environment, str(out), str(err)]), file=server.stdin, flush=True)
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, out.read_text(), err.read_text())


def user_environment() -> dict[str, str]:
    """The environment of this process without a pseudonym key."""
    return {name: value for name, value in os.environ.items() if name != "ECHOCLR_PSEUDONYM_KEY"}
