"""Making a model's prepared form after the pull, once, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipeline.errors import ModelNotPrepared
from stages.models.catalogue import Preparation
from stages.models.memory import free_memory
from stages.models.progress import Report
from stages.models.store import FileState, ModelFolder, read_json, sha256_of, write_whole

FORMAT = 2
"""Raised when the conversion changes, so that forms of before are made anew."""

GB = 1e9

Converter = Callable[[Path, Path, str, Report], None]
"""GGUF file, folder to write, quantization, report in thousandths; raises ModelNotPrepared."""


def prepared_state(
    folder: ModelFolder, plan: Preparation, *, again: bool = False
) -> dict[str, FileState]:
    """The files of the prepared form by their own manifest; empty if it was never made."""
    manifest = read_json(folder.manifest(plan.form))
    if manifest.get("format") != FORMAT:
        return {}
    return {
        name: folder.state(f"{plan.form}/{name}", sha256, again=again)
        for name, sha256 in manifest.get("files", {}).items()
    }


def is_prepared(folder: ModelFolder, plan: Preparation) -> bool:
    """Whether the prepared form is there, whole."""
    states = prepared_state(folder, plan)
    return bool(states) and all(state == "ok" for state in states.values())


def prepare(
    name: str,
    folder: ModelFolder,
    plan: Preparation,
    report: Report,
    converter: Converter | None = None,
) -> None:
    """Converts the model's GGUF file, records the hashes of what results, and puts it in place.

    The caller holds the model's lock. Raises ModelNotPrepared if memory or disk are short or the
    conversion fails; nothing of a failed one stays.
    """
    _check_room(name, folder, plan)
    target = folder.prepared(plan.form)
    for left in folder.root.glob("*.tmp-*"):
        shutil.rmtree(left, ignore_errors=True)  # of a conversion or import that was killed
    with tempfile.TemporaryDirectory(dir=folder.root, prefix=f"{plan.form}.tmp-") as scratch:
        made = Path(scratch) / plan.form
        convert = converter or (lambda *args: run_converter(name, *args))
        convert(folder.files / plan.gguf, made, plan.quantization, report)
        hashes = {p.name: sha256_of(p) for p in sorted(made.iterdir()) if p.is_file()}
        folder.manifest(plan.form).unlink(missing_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(made, target)
    folder.record({f"{plan.form}/{file}": sha256 for file, sha256 in hashes.items()})
    write_whole(
        folder.manifest(plan.form),
        json.dumps({"format": FORMAT, "gguf": plan.gguf, "files": hashes}, indent=1),
    )


def _check_room(name: str, folder: ModelFolder, plan: Preparation) -> None:
    free = free_memory()
    if free is not None and free < plan.memory:
        raise ModelNotPrepared(
            f"{name}: converting it needs {plan.memory / GB:.1f} GB of free memory, there are "
            f"{free / GB:.1f} GB. Close other programs and run `parley models pull {name}` again, "
            "or bring the converted model from another machine with `parley models export` and "
            "`import`. Until then minutes are extractive."
        )
    disk = shutil.disk_usage(folder.root).free
    if disk < plan.size * 1.05:
        raise ModelNotPrepared(
            f"{name}: converting it needs {plan.size / GB:.1f} GB on disk, {folder.root} has "
            f"{disk / GB:.1f} GB. Make room and run `parley models pull {name}` again."
        )


def run_converter(name: str, gguf: Path, out: Path, quantization: str, report: Report) -> None:
    """Converts in a child process, whose memory is given back when it ends."""
    environ = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    command = _command(gguf, out, quantization)
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environ,
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                word, _, number = line.strip().partition(" ")
                if word == "progress" and number.isdigit():
                    report(int(number))
            process.wait()
        finally:
            if process.poll() is None:
                process.kill()
        if process.returncode:
            log.seek(0)
            raise ModelNotPrepared(f"{name}: {_why(log.read(), process.returncode)}")


def _command(gguf: Path, out: Path, quantization: str) -> list[str]:
    module = "stages.models.convert"
    return [sys.executable, "-P", "-m", module, str(gguf), str(out), quantization]


def _why(log: str, code: int) -> str:
    if code in (-9, 137):
        return "the conversion was killed, most likely because memory ran out."
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return f"the conversion failed: {lines[-1] if lines else f'code {code}'}"
