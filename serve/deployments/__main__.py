"""`python -m serve.deployments CONFIG`: Ray, Serve and the applications of a file, in one."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from pipeline.errors import ParleyError
from serve.deployments.config import read_config
from serve.deployments.start import run_models, start_ray, start_serve, stop_ray


def main(arguments: list[str] | None = None) -> int:
    """Run until a signal comes; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m serve.deployments", description=__doc__)
    parser.add_argument("config", type=Path, help="a Serve configuration")
    parser.add_argument("--address", help="the cluster to join; by default one is started here")
    parser.add_argument("--cpus", type=int, help="cores to share out; by default all")
    parser.add_argument("--gpus", type=int, default=0)
    parser.add_argument("--object-store-mb", type=int, default=100)
    chosen = parser.parse_args(arguments)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    started = False
    try:
        config = read_config(chosen.config)
        http, proxy = config.http_options, config.proxy_location.value
        started = start_ray(
            chosen.address,
            num_cpus=chosen.cpus,
            num_gpus=chosen.gpus,
            object_store_mb=chosen.object_store_mb,
        )
        start_serve(http.host, http.port, proxy)
        print(f"running: {', '.join(run_models(chosen.config))}", flush=True)
        stopped.wait()
    except ParleyError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    finally:
        stop_ray(started)
    return 0


if __name__ == "__main__":
    sys.exit(main())
