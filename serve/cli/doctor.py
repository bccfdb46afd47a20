"""`parley doctor`: what a run would do on this machine, and what would fail."""

from __future__ import annotations

import json
import platform
import shutil
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.errors import UsageError
from serve.cli import options as o
from serve.cli.failures import reported, tell
from serve.cli.version import version

if TYPE_CHECKING:
    from pipeline.config import Profile
    from stages.models import Registry

Quick = Annotated[
    bool,
    typer.Option("--quick", metavar="", help="Do not try whether the libraries can be imported."),
]

Calibrate = Annotated[
    bool,
    typer.Option(
        "--calibrate",
        metavar="",
        help="Measure which threads, batches and precision are fastest here, and keep them.",
    ),
]
Forget = Annotated[
    bool,
    typer.Option("--forget", metavar="", help="Remove what --calibrate kept, of every profile."),
]


@reported
def doctor(
    profile: o.ProfileName = "cpu",
    sets: o.Sets = None,
    offline: o.Offline = False,
    quick: Quick = False,
    calibrate: Calibrate = False,
    forget: Forget = False,
    as_json: o.Json = False,
    debug: o.Debug = False,
) -> None:
    """Say what a run would do on this machine, and what would fail.

    Ends with 1 if a run would fail, with 0 otherwise; notes alone are no failure.
    """
    if calibrate and forget:
        raise UsageError("--calibrate and --forget contradict each other. Give one.")
    if forget:
        _forget()
        return
    from serve.cli.settings import overrides, resolve
    from stages.models import Registry

    values = overrides(sets or ())
    resolved = resolve(profile, values)
    registry = Registry.load(offline=offline)
    if calibrate:
        _calibrate(profile, values, registry, as_json)
        return
    report = _report(profile, values, resolved, registry, quick)
    if as_json:
        typer.echo(json.dumps(report, indent=1, ensure_ascii=False, default=list))
    else:
        _print(report, profile)
    if any(f["level"] == "problem" for f in report["findings"]):
        raise typer.Exit(1)


def _report(
    profile: str, values: dict[str, Any], resolved: Profile, registry: Registry, quick: bool
) -> dict[str, Any]:
    """Everything that is said, for scripts as for people."""
    from serve.cli import calibration, checks

    report = _machine(registry)
    report["threads"] = checks.threads(resolved)
    report["models"] = [_model(s) for s in registry.status(registry.names_for(resolved))]
    report["settings"] = {
        key: {"value": value, "from": origin}
        for key, (value, origin) in checks.origins(profile, values).items()
    }
    kept = calibration.saved(profile, values)
    report["calibration"] = {"settings": dict(kept.settings), "version": kept.version}
    found = checks.findings(resolved, registry, quick=quick, calibrated=kept.note)
    report["findings"] = [asdict(f) for f in found]
    report["summary"] = checks.summarised(found)
    return report


def _calibrate(name: str, values: dict[str, Any], registry: Registry, as_json: bool) -> None:
    """Measures, shows each round as it ends, and keeps what came of it."""
    import warnings

    from serve.cli import calibration
    from serve.cli.failures import debugging
    from stages.calibration import Chosen, Round, calibrated, path

    if not debugging():
        warnings.simplefilter("ignore")  # of libraries
    profile, todo, models, notes = calibration.planned(name, values, registry)
    timing, duration = calibration.bench(profile, models)
    here = calibration.here()
    if told := calibration.busy():
        tell(told)
        notes.insert(0, told)
    if not as_json:
        typer.echo(
            f"Profile {name} on {here.processor}, {here.cores} cores: {duration:.0f} s of a "
            "telephone call, the better of two goes each.\nThis takes some minutes. Nothing is "
            "kept before the end."
        )

    def begun(asked: Round) -> None:
        if not as_json:
            typer.echo(f"\n{calibration.heading(asked)}")

    def ended(chosen: Chosen) -> None:
        if not as_json:
            typer.echo("\n".join(calibration.lines(chosen, duration)))

    done = calibrated(todo, timing, begun, ended)
    left_out = [r.title for r in todo if r not in [chosen.round for chosen in done]]
    notes += [f"{title}: too little memory is free to measure it." for title in left_out]
    settings = calibration.keep(name, profile, done)
    if as_json:
        tried = [calibration.as_json(chosen, duration) for chosen in done]
        report = {"profile": name, "processor": here.processor, "cores": here.cores}
        report |= {"rounds": tried, "settings": settings, "notes": notes, "file": str(path())}
        typer.echo(json.dumps(report, indent=1, ensure_ascii=False))
        return
    typer.echo("".join(f"\n  ! {note}" for note in notes) + "\n" * bool(notes))
    kept = ", ".join(f"{key} {shown(value)}" for key, value in settings.items())
    typer.echo(f"Kept for runs of profile {name}: {kept or 'the defaults, nothing is faster'}.")
    typer.echo(f"  {path()}; `parley doctor --forget` removes it.")


def _forget() -> None:
    from stages.calibration import forget, path

    there = forget()
    tell(f"Removed {path()}." if there else "No calibration is kept.")


def _machine(registry: Registry) -> dict[str, Any]:
    from serve.cli import machine
    from serve.cli.checks import existing
    from serve.cli.places import recordings_folder
    from stages.models.memory import free_memory
    from stages.threads import cores

    root = registry.store.root
    return {
        "version": version(),
        "python": f"{platform.python_version()} ({sys.executable})",
        "system": platform.platform(),
        "processor": machine.cpu_name(),
        "instructions": machine.cpu_features(),
        "cores": cores(),
        "memory_free": free_memory(),
        "memory_total": machine.total_memory(),
        "cuda_devices": machine.cuda_devices(),
        "cache": str(root),
        "cache_free": shutil.disk_usage(existing(root)).free,
        "recordings": str(recordings_folder()),
        "offline": registry.offline,
        "packages": machine.versions(machine.wanted_packages()),
        "ffmpeg": machine.ffmpeg_libraries(),
    }


def _model(status: Any) -> dict[str, Any]:
    return {"name": status.name, "kind": status.kind, "state": status.state, "size": status.size}


def _print(report: dict[str, Any], profile: str) -> None:
    lines = [f"Parley {report['version']}", "", *_machine_lines(report), ""]
    lines += ["Packages", *_packages_lines(report), ""]
    lines += [f"Models of profile {profile}"]
    for model in report["models"]:
        size = f"{model['size'] / 1e6:,.0f} MB" if model["size"] else "?"
        lines.append(f"  {model['name']:<42} {size:>9}  {model['state']}")
    lines += ["", f"Settings of profile {profile}"]
    for key, setting in report["settings"].items():
        origin = "" if setting["from"] == "default" else f"  (from {setting['from']})"
        lines.append(f"  {key:<32} {shown(setting['value'])}{origin}")
    lines += ["", "Findings"]
    for finding in report["findings"]:
        mark = "✗" if finding["level"] == "problem" else "!"
        lines += [f"  {mark} {finding['text']}", f"    → {finding['mend']}"]
    typer.echo("\n".join([*lines, f"  {report['summary']}"]))


def _machine_lines(report: dict[str, Any]) -> list[str]:
    threads = ", ".join(f"{name} {n}" for name, n in report["threads"].items())
    instructions = report["instructions"]
    rows = {
        "Python": report["python"],
        "System": report["system"],
        "Processor": report["processor"],
        "Instructions": "unknown" if instructions is None else " ".join(instructions) or "none",
        "Cores": f"{report['cores']} usable; threads: {threads}",
        "Memory": f"{gigabytes(report['memory_free'])} free of {gigabytes(report['memory_total'])}",
        "Graphics": f"{report['cuda_devices']} CUDA" if report["cuda_devices"] else "no CUDA card",
        "Cache": f"{report['cache']} ({gigabytes(report['cache_free'])} free)",
        "Calibration": _calibration_line(report["calibration"]),
        "Network": "not used (offline)" if report["offline"] else "used for missing models only",
    }
    return ["Machine", *(f"  {name:<13} {text}" for name, text in rows.items())]


def _calibration_line(kept: dict[str, Any]) -> str:
    if kept["version"] is None:
        return "none; `parley doctor --calibrate` measures"
    chosen = ", ".join(f"{key} {shown(value)}" for key, value in kept["settings"].items())
    return f"{chosen or 'the defaults are fastest'}; `parley doctor --forget` undoes it"


def _packages_lines(report: dict[str, Any]) -> list[str]:
    names = [f"{name} {number or 'MISSING'}" for name, number in report["packages"].items()]
    lines = [f"  {', '.join(names[i : i + 4])}" for i in range(0, len(names), 4)]
    if report["ffmpeg"]:
        reading = ("libavformat", "libavcodec", "libswresample")
        libraries = (f"{n} {report['ffmpeg'][n]}" for n in reading if n in report["ffmpeg"])
        lines.append(f"  FFmpeg inside PyAV: {', '.join(libraries)}")
    return lines


def gigabytes(count: int | None) -> str:
    """Bytes as people read them."""
    return "unknown" if count is None else f"{count / 1e9:.1f} GB"


def shown(value: Any) -> str:
    """A setting's value as it would be written in YAML."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(shown, value))}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if value != "" else '""'
