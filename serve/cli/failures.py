"""How a command fails: one line `[code] message`, an exit code, and a traceback only on request."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

import typer

from pipeline.errors import ParleyError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 + SIGINT."""

P = ParamSpec("P")
_debugging = False


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, for people and for scripts."""

    code: str
    message: str
    exit_code: int

    def __str__(self) -> str:
        return f"[{self.code}] {self.message}"


def debug(on: bool) -> None:
    """Whether unexpected errors are shown with their traceback."""
    global _debugging
    _debugging = _debugging or on


def debugging() -> bool:
    """Whether `--debug` was given."""
    return _debugging


def cause(error: BaseException) -> BaseException:
    """The error worth telling: the first of ours in a group, else the first that is in it."""
    if not isinstance(error, BaseExceptionGroup):
        return error
    causes = [cause(e) for e in error.exceptions]
    return next((c for c in causes if isinstance(c, ParleyError)), causes[0])


def failure(error: BaseException) -> Failure:
    """What to tell of `error`."""
    error = cause(error)
    if isinstance(error, ParleyError):
        return Failure(error.code, error.message, error.exit_code)
    text = " ".join(str(error).split()) or "no message"
    if isinstance(error, ModuleNotFoundError) and error.name:
        told = f"{error.name} is not installed. Run: pip install 'parley[models]'."
    elif isinstance(error, ImportError):
        told = f"a library cannot be loaded: {text[:300]}. `parley doctor` says which."
    else:
        told = (
            f"unexpected {type(error).__name__}: {text[:300]}. This should not happen; --debug "
            "shows where it did."
        )
    return Failure(ParleyError.code, told, ParleyError.exit_code)


def trace(error: BaseException) -> None:
    """The traceback of `error` on standard error, if `--debug` was given."""
    if _debugging:
        sys.stderr.write("".join(traceback.format_exception(error)))


def tell(told: Failure | str) -> None:
    """A line on standard error; control characters in it are shown, not obeyed."""
    from pipeline.exports.reading import UNPRINTABLE

    text = UNPRINTABLE.sub("\ufffd", str(told)).replace("\r", "\ufffd")
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def reported(command: Callable[P, None]) -> Callable[P, None]:
    """`command`, whose errors end it with a line and an exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            tell("Stopped.")
            raise typer.Exit(INTERRUPTED) from None
        except Exception as error:
            trace(error)
            told = failure(error)
            tell(told)
            raise typer.Exit(told.exit_code) from None

    return run
