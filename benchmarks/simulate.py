"""Meetings made of read utterances, with exact answers to who spoke when.

    python benchmarks/simulate.py UTTERANCES OUT [--seed 7] [--only NAME]

UTTERANCES holds one folder of sound files a person. OUT receives `<name>.flac`, `<name>.rttm` and a
MANIFEST.jsonl. The same seed and utterances give the same meetings, sample for sample.

More people than folders are had by speed perturbation: a voice played a sixth faster or slower,
pitch and formants with it, counts as another person, as it does where speaker-verification networks
are trained (Yamamoto et al., Interspeech 2019). A turn is one utterance; pauses of half a second
and more inside it are no speech, judged by the clean utterance falling 30 dB below its loud frames.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

RATE = 16_000
FRAME = RATE // 100
PAUSE = 0.5
RATES = (0.86, 1.0, 1.16, 1.34)
"""Speeds a voice is played at; each is another person."""

Sound = npt.NDArray[np.float32]
Turn = tuple[float, float, str]


@dataclass(frozen=True)
class Recipe:
    """What a simulated meeting is like.

    minutes: about how long. overlap: share of turns that begin before the last one ended.
    interjections: share of long turns with a short one inside. level: dB of difference between
    voices, either way. band: low and high cut in Hz. snr: dB of pink noise below speech, None for
    light hiss. echo: seconds of reverberation, 0 for none. mood: how much one voice changes from
    utterance to utterance, in dB of colour and as hundredths of speed.
    """

    name: str
    people: int
    minutes: float
    overlap: float = 0.3
    interjections: float = 0.12
    level: float = 3.0
    band: tuple[float, float] | None = None
    snr: float | None = None
    echo: float = 0.0
    mood: float = 0.0


RECIPES = (
    Recipe("sim_02_busy", 2, 3.0, overlap=0.5, interjections=0.3),
    Recipe("sim_02_phone", 2, 3.0, band=(300.0, 3400.0)),
    Recipe("sim_03_noise", 3, 3.0, snr=8.0),
    Recipe("sim_04_room", 4, 4.0, echo=0.4, level=6.0),
    Recipe("sim_05", 5, 5.0),
    Recipe("sim_06_phone", 6, 5.0, band=(300.0, 3400.0), snr=20.0),
    Recipe("sim_08", 8, 6.0),
    Recipe("sim_10_short", 10, 4.0),
    Recipe("sim_12", 12, 8.0, echo=0.25),
    Recipe("sim_16", 16, 9.0),
    Recipe("sim_04_moody", 4, 6.0, mood=4.0, overlap=0.5, interjections=0.3),
    Recipe("sim_09_moody", 9, 6.0, mood=3.0),
)


def main() -> None:
    """Read the arguments and write the meetings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("utterances", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", help="name of one recipe")
    arguments = parser.parse_args()
    voices = read_voices(arguments.utterances)
    arguments.out.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, recipe in enumerate(RECIPES):
        if arguments.only in (None, recipe.name):
            random = np.random.default_rng((arguments.seed, number))
            sound, turns = meeting(recipe, voices, random)
            lines.append(json.dumps(write(arguments.out, recipe, sound, turns)))
            print(lines[-1])
    (arguments.out / "MANIFEST.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_voices(folder: Path) -> dict[str, list[Sound]]:
    """The utterances of each sub-folder of `folder`, decoded to 16 kHz mono."""
    voices = {
        person.name: [decode(path) for path in sorted(person.glob("*.flac"))]
        for person in sorted(folder.iterdir())
        if person.is_dir()
    }
    if not voices:
        raise SystemExit(f"{folder}: expected one folder of .flac files a person, found none.")
    return voices


def decode(path: Path) -> Sound:
    """All samples of a sound file at 16 kHz mono."""
    import av

    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(str(path)) as container:
        frames = [*container.decode(audio=0), None]
        parts = [f.to_ndarray()[0] for frame in frames for f in resampler.resample(frame)]
    return np.concatenate(parts).astype(np.float32)


def meeting(
    recipe: Recipe, voices: dict[str, list[Sound]], random: np.random.Generator
) -> tuple[Sound, list[Turn]]:
    """The sound of one meeting and its turns (start, end in seconds, person)."""
    people = cast(recipe.people, voices, random)
    loudness = {name: 10 ** (random.uniform(-recipe.level, recipe.level) / 20) for name in people}
    placed = list(script(recipe, people, random))
    end = max(start + len(sound) / RATE for start, _, sound in placed) + 1.0
    mix = np.zeros(int(end * RATE), np.float32)
    turns: list[Turn] = []
    for start, name, sound in placed:
        first = round(start * RATE)
        sound = coloured(sound, recipe.mood, random)
        heard = reverberated(sound, recipe.echo, random) * loudness[name]
        heard = heard[: len(mix) - first]
        mix[first : first + len(heard)] += heard
        turns += [(start + a, start + b, name) for a, b in speech(sound)]
    return finished(mix, recipe, random), sorted(turns)


def cast(
    people: int, voices: dict[str, list[Sound]], random: np.random.Generator
) -> dict[str, list[Sound]]:
    """`people` voices, real ones before changed ones, each with its utterances."""
    import soxr

    changed = [(name, rate) for name in voices for rate in RATES if rate != 1.0]
    order = [(name, 1.0) for name in voices]
    order = [order[i] for i in random.permutation(len(order))]
    order += [changed[i] for i in random.permutation(len(changed))]
    if people > len(order):
        raise SystemExit(f"expected at most {len(order)} people of {len(voices)} voices.")
    return {
        f"{name}@{rate}": [
            sound if rate == 1.0 else soxr.resample(sound, RATE * rate, RATE)
            for sound in voices[name]
        ]
        for name, rate in order[:people]
    }


def script(
    recipe: Recipe, people: dict[str, list[Sound]], random: np.random.Generator
) -> Iterator[tuple[float, str, Sound]]:
    """Who says which utterance when: (start in seconds, person, sound)."""
    names = list(people)
    queue = {n: [int(i) for i in random.permutation(len(people[n]))] for n in names}
    clock, last, free = 0.8, "", dict.fromkeys(names, 0.0)

    def take(name: str, longest: float) -> Sound:
        short = [i for i in queue[name] if len(people[name][i]) <= longest * RATE]
        pick = short[0] if short else min(queue[name], key=lambda i: len(people[name][i]))
        queue[name].remove(pick)
        if not queue[name]:
            queue[name] = [int(i) for i in random.permutation(len(people[name]))]
        return people[name][pick]

    spoken: dict[str, float] = dict.fromkeys(names, 0.0)
    while clock < recipe.minutes * 60:
        clock = max(clock, min(free.values()))
        ready = [n for n in names if free[n] <= clock and (n != last or random.random() < 0.15)]
        ready = ready or [n for n in names if free[n] <= clock]
        weight = np.array([1 / (4.0 + spoken[n]) for n in ready])
        name = ready[random.choice(len(ready), p=weight / weight.sum())]
        sound = take(name, 18.0)
        length = len(sound) / RATE
        yield clock, name, sound
        free[name], spoken[name], last = clock + length, spoken[name] + length, name
        others = [n for n in names if n != name and free[n] <= clock]
        if others and length > 6 and random.random() < recipe.interjections:
            other = others[random.integers(len(others))]
            aside = take(other, 3.6)
            at = clock + random.uniform(0.2, 0.6) * length
            yield at, other, aside
            free[other] = at + len(aside) / RATE
            spoken[other] += len(aside) / RATE
        if random.random() < recipe.overlap:
            clock += max(0.5 * length, length - random.uniform(0.2, 2.5))
        elif random.random() < 0.1:
            clock += length + random.uniform(1.5, 4.0)
        else:
            clock += length + random.exponential(0.45)


def speech(sound: Sound) -> list[tuple[float, float]]:
    """Stretches of `sound` without its pauses of half a second or more, in seconds."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    level = 10 * np.log10((frames**2).mean(1) + 1e-12)
    quiet = level < np.percentile(level, 95) - 30
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(int)))
    cuts = [(a / 100, b / 100) for a, b in edges.reshape(-1, 2) if (b - a) / 100 >= PAUSE]
    ends = [0.0, *(t for cut in cuts for t in cut), len(sound) / RATE]
    pairs = zip(ends[::2], ends[1::2], strict=True)
    return [(a, b) for a, b in pairs if b - a > 0.01]


def coloured(sound: Sound, mood: float, random: np.random.Generator) -> Sound:
    """`sound` with its spectrum bent by `mood` dB and its speed by `mood` hundredths, at random."""
    if not mood:
        return sound
    import soxr

    rate = 1 + random.normal() * mood / 300
    sound = soxr.resample(sound, RATE * rate, RATE)
    spectrum = np.fft.rfft(sound)
    bends = random.normal(size=8) * mood
    gain = np.interp(np.linspace(0, 7, len(spectrum)), np.arange(8), bends)
    return np.fft.irfft(spectrum * 10 ** (gain / 20), len(sound)).astype(np.float32)


def reverberated(sound: Sound, seconds: float, random: np.random.Generator) -> Sound:
    """`sound` in a room whose echo falls by 60 dB in `seconds`."""
    if not seconds:
        return sound
    from scipy.signal import fftconvolve

    time = np.arange(int(seconds * RATE)) / RATE
    room = random.standard_normal(len(time)) * 10 ** (-3 * time / seconds) * 0.04
    room[: RATE // 500] = 0
    room[0] = 1.0
    heard: Sound = fftconvolve(sound, room).astype(np.float32)
    return heard


def finished(mix: Sound, recipe: Recipe, random: np.random.Generator) -> Sound:
    """`mix` with its noise and band, at most full scale."""
    from scipy.signal import butter, sosfiltfilt

    power = float((mix[np.abs(mix) > 1e-4] ** 2).mean())
    spectrum = np.fft.rfft(random.standard_normal(len(mix)))
    if recipe.snr is not None:
        spectrum /= np.sqrt(np.maximum(1, np.arange(len(spectrum))))
    noise = np.fft.irfft(spectrum, len(mix))
    noise *= np.sqrt(power / (noise**2).mean()) * 10 ** (-(recipe.snr or 45.0) / 20)
    out = mix + noise
    if recipe.band:
        out = sosfiltfilt(butter(4, recipe.band, "band", fs=RATE, output="sos"), out)
    peak = float(np.abs(out).max())
    return (out * min(1.0, 0.99 / peak)).astype(np.float32)


def write(out: Path, recipe: Recipe, sound: Sound, turns: list[Turn]) -> dict[str, Any]:
    """Store sound and turns in `out`; the line of the manifest."""
    import av

    with av.open(str(out / f"{recipe.name}.flac"), "w") as container:
        stream = container.add_stream("flac", rate=RATE)
        stream.layout = "mono"
        pcm = (sound * 32767).round().astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])
    rttm = "".join(
        f"SPEAKER {recipe.name} 1 {a:.3f} {b - a:.3f} <NA> <NA> {name} <NA> <NA>\n"
        for a, b, name in turns
    )
    (out / f"{recipe.name}.rttm").write_text(rttm, encoding="utf-8")
    speakers = sorted({name for _, _, name in turns})
    return {
        "id": recipe.name, "path": f"{recipe.name}.flac", "kind": "meeting", "language": "en",
        "duration_s": round(len(sound) / RATE, 3), "n_speakers": len(speakers),
        "speakers": speakers,
        "references": [f"{recipe.name}.rttm"],
    }  # fmt: skip


if __name__ == "__main__":
    main()
