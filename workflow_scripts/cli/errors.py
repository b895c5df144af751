"""Errors of the user and exit codes of every command."""

OK = 0
FAILED = 1
USAGE = 2
EXIT_CODES = "exit codes: 0 success, 1 the run or a check failed, 2 wrong usage or input"


class CommandError(ValueError):
    """Wrong usage or input; the message says what is wrong and what is allowed, and no traceback is shown."""
