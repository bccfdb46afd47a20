"""The command line: `parley`.

Only what draws the help is imported here; a command imports what it needs when it runs.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

_QUIET = {
    "PYANNOTE_METRICS_ENABLED": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


def main() -> int:
    """Run the command of `sys.argv` and return its exit code."""
    try:
        code = _main()
    except KeyboardInterrupt:  # before the command was even begun
        code = 130
    if code and threading.active_count() > 1:
        # A model that is still computing cannot be stopped, and nobody waits for it any more;
        # checkpoints and results are written whole or not at all.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _main() -> int:
    from serve.cli.app import app
    from stages.threads import limit_threads

    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    limit_threads()
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="replace")  # an odd letter never stops a command
    return _run(app)


def _run(app: Any) -> int:
    """The exit code of the command; what it was called with wrongly is told like any error."""
    from pipeline.errors import UsageError
    from serve.cli.failures import Failure, tell

    try:
        return int(app(prog_name="parley", standalone_mode=False) or 0)
    except BrokenPipeError:
        # Whoever read the output has gone; nothing more can be said to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except Exception as error:
        if not hasattr(error, "format_message"):  # not one of typer's, whose names vary
            return 1 if type(error).__name__ == "Abort" else _unexpected(error)
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()  # type: ignore[attr-defined]
        else:
            told = error.format_message().replace("Value error, ", "").rstrip(".")
            tell(Failure(UsageError.code, f"{told}. `--help` lists what there is.", 2))
        return UsageError.exit_code


def _unexpected(error: Exception) -> int:
    from serve.cli.failures import failure, tell, trace

    trace(error)
    told = failure(error)
    tell(told)
    return told.exit_code
