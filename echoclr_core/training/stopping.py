"""Stop on a signal: finish the step, save, exit with a code of its own."""

import logging
import signal
import threading
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
EXIT_STOPPED = 75  # EX_TEMPFAIL of sysexits.h: not done, try again
logger = logging.getLogger(__name__)


class StopRequest(Exception):  # noqa: N818 - a message within the loop, not an error
    """Raised by :meth:`Stopper.check` at a place where the state may be saved."""


class Stopped(SystemExit):
    """The run received a signal to stop and has saved; started again it goes on. Ends the process with
    EXIT_STOPPED.
    """

    def __init__(self, step: int):
        super().__init__(EXIT_STOPPED)
        self.step = step


class Stopper:
    """Notes SIGTERM and SIGUSR1 while its context lasts; the handlers before it are put back at the end.

    Outside the main thread Python allows no handlers; then only :meth:`request` stops a run.
    """

    def __init__(self):
        self.requested = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> "Stopper":
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        self._before = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.request()

    def request(self) -> None:
        """Ask for a stop at the next step."""
        self.requested = True

    def check(self) -> None:
        """Raise :class:`StopRequest` if a stop was asked for."""
        if self.requested:
            raise StopRequest
