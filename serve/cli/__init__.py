"""The command line: `parley`.

Only what draws the help is imported here; a command imports what it needs when it runs.
"""

from __future__ import annotations

import os
import sys
import threading

_QUIET = {
    "PYANNOTE_METRICS_ENABLED": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


def main() -> int:
    """Run the command of `sys.argv` and return its exit code."""
    from serve.cli.app import app
    from stages.threads import limit_threads

    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    limit_threads()
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="replace")  # an odd letter never stops a command
    try:
        app(prog_name="parley")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    else:
        code = 0
    if code and threading.active_count() > 1:
        # A model that is still computing cannot be stopped, and nobody waits for it any more;
        # checkpoints and results are written whole or not at all.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
