"""Entry point of `echoclr`: parses the command line and runs one command."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from workflow_scripts.cli.errors import EXIT_CODES, FAILED, OK, USAGE, CommandError

COMMANDS = {
    "doctor": "check this machine, the configuration and the inputs before a run",
    "new": "write overlay, key and tables to fill in for a study of your own",
    "deidentify": "deidentify a folder of DICOM files: videos, audit, contact sheet; no labels needed",
    "run": "run the study, or a part of it; goes on where an earlier run stopped",
    "status": "what of a study is done, running, failed and to go",
    "why": "what a run would do, and because of what",
    "export": "write bundles of the trained models, with which new patients are scored",
    "predict": "score new patients with an exported bundle, without a workflow",
    "evaluate": "metrics, tests, calibration, decision curves and subgroups of anybody's predictions",
}
"""Name of each command, which is that of its module, to its line in the help."""
TRACEBACK = "ECHOCLR_TRACEBACK"
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors of the user are one message, never a traceback."""
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser(words[0] if words else "").parse_args(words)
    if not arguments.command:
        _parser("").print_help()
        return USAGE
    try:
        return importlib.import_module(f"workflow_scripts.cli.{arguments.command}").run(arguments)
    except CommandError as error:
        print(f"echoclr {arguments.command}: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print(f"echoclr {arguments.command}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe, `head` say, has enough
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 (stays open until the process ends)
        return OK
    except Exception as error:
        if os.environ.get(TRACEBACK):
            raise
        print(
            f"echoclr {arguments.command}: {type(error).__name__}: {error}\n"
            f"(set {TRACEBACK}=1 to see where it was raised)",
            file=sys.stderr,
        )
        return FAILED


def _parser(chosen: str) -> argparse.ArgumentParser:
    """The parser; only the chosen command's module is imported, so that `--help` answers at once."""
    parser = argparse.ArgumentParser(
        prog="echoclr",
        description="The EchoCLR study, and each of its stages as a tool.",
        epilog=f"`echoclr COMMAND --help` shows examples. {EXIT_CODES}",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, line in COMMANDS.items():
        module = importlib.import_module(f"workflow_scripts.cli.{name}") if name == chosen else None
        command = commands.add_parser(
            name,
            help=line,
            description=line[0].upper() + line[1:] + ".",
            epilog=f"examples:\n{module.EXAMPLES}\n{EXIT_CODES}" if module else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if module:
            module.add_arguments(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
