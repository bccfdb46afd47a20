"""One pass over a recording: packets to frames, frames onto the recording's clock, all to disk.

Times are kept as a player shows them. Where timestamps jump ahead (a browser dropped packets, a
packet was corrupt, sound begins after the picture) silence fills the gap, so that a word's time
in the work file is its time in the recording.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pipeline.audio.containers import (
    CONTINUOUS,
    COUNTED,
    check_readable,
    counted_length,
    missing_end,
    open_container,
)
from pipeline.audio.growing import GrowingSound
from pipeline.audio.mixing import Conversion, Frames
from pipeline.audio.pcm import Decoded, PcmWriter, Source, open_decoded
from pipeline.errors import AudioCorrupt, AudioEmpty
from pipeline.ports import Progress
from pipeline.types import Samples, clock

GAP = 0.1
"""Seconds timestamps must run ahead of the sound for silence to be put in."""
LONGEST_GAP = 3600.0
"""Seconds; a longer one, where the recording's length is unknown, is a broken clock, not a gap."""
RESET = 1.0
"""Seconds timestamps must fall behind the sound to be taken for a clock set anew."""
DAMAGE = 1.0
"""Seconds of sound lost to damage, or missing at the end, that make a recording partly read."""
LEAP = 2048
"""Bytes between two packets of a file with nothing but sound that only damage explains."""
GIVE_UP = 16
"""Failures to read on, one after another, after which the rest is given up."""
SURE = 10.0
"""Seconds, not silent and mostly undamaged, after which a stream counts whatever comes later."""
SHOWN_GAPS = 5


def decode(
    source: Path,
    target: Path,
    channels: Literal["mix", "separate"] = "mix",
    progress: Progress = lambda _: None,
    growing: GrowingSound | None = None,
) -> Decoded:
    """Decode `source` once, as a stream, to the work file `target` at 16 kHz.

    channels: "mix" makes one sound of all channels, "separate" one sound of each. growing: shows
    a single sound from when it is sure to be kept. Memory stays the same whatever the length. A
    file that breaks off or is damaged half-way gives what could be read, with `partial` saying what
    is missing; damaged stretches are silent, later times right. Of several audio streams the
    default one is taken, or the first with any sound in it.
    Raises AudioMissing, AudioEmpty, NotAudio, NoAudioStream, AudioCorrupt, AudioEncrypted, and
    ParleyError if PyAV is missing or the disk is full.
    """
    check_readable(source)
    with open_container(source) as container:
        streams = [(s.index, s.disposition) for s in container.streams.audio]
    order = [index for index, flags in sorted(streams, key=lambda s: not s[1] & 1)]
    # A silent stream is passed over for one with sound, but silence everywhere is a recording too.
    attempts = [(i, False) for i in order] + [(order[0], True)] if order[1:] else [(order[0], True)]
    for index, anyhow in attempts:
        with open_container(source) as container:
            reading = _Reading(source, container, container.streams[index], progress)
            reading.anyhow, reading.growing = anyhow, growing
            if reading.run(target, channels):
                break
    decoded = open_decoded(target)
    if decoded is None:
        raise AudioCorrupt(f"{source}: its decoded sound vanished from {target} while in use.")
    progress(1.0)
    return decoded


@dataclass
class _Gap:
    """A stretch without sound: where on the recording's clock, how long, and whether by damage."""

    at: float
    seconds: float
    damaged: bool


@dataclass
class _Losses:
    """What went wrong on the way."""

    bad_packets: int = 0
    good_packets: int = 0
    gaps: list[_Gap] = field(default_factory=list)
    resets: list[float] = field(default_factory=list)
    broke_off: str | None = None
    clipped: int = 0
    channels_changed: bool = False

    def damage(self) -> float:
        return sum(g.seconds for g in self.gaps if g.damaged)

    def hopeless(self) -> bool:
        return self.bad_packets > 9 * max(1, self.good_packets)


class _Reading:
    """The state of one pass over one audio stream."""

    def __init__(self, source: Path, container: Any, stream: Any, progress: Progress) -> None:
        self.source, self.container, self.stream = source, container, stream
        self.progress, self.done = progress, 0.0
        self.form = container.format.name.split(",")[0]
        self.losses = _Losses()
        self.position = 0.0  # seconds of sound so far, silence put in included
        self.origin = None if container.start_time is None else container.start_time / 1e6
        self.shift = 0.0  # seconds that the timestamps of COUNTED containers have missed
        self.bytes = 0  # of sound that was decoded
        self.at_byte = 0  # of the file
        self.alone = len(container.streams) == 1
        self.doubtful = False  # bad packets since the last good frame
        self.length = _declared_length(source, container, stream)
        self.conversion: Conversion | None = None
        self.frames = Frames()
        self.waiting: list[Samples] = []
        self.anyhow = False  # silence is taken too
        self.growing: GrowingSound | None = None
        self.sure = False  # the stream is the one to hear, whatever comes later

    def run(self, target: Path, channels: Literal["mix", "separate"]) -> bool:
        """Decode to `target`; False if there is no sound and another stream may have some.

        Raises AudioEmpty or AudioCorrupt if there is none and `anyhow` is set.
        """
        frames = self._frames()
        first = next(frames, None)
        if first is None or self.losses.hopeless():
            return self._nothing()
        rate, count = first.rate, first.layout.nb_channels
        with PcmWriter(target, 1 if channels == "mix" else count) as writer:
            self._take(first, writer)
            for frame in frames:
                self._take(frame, writer)
            self._drain(writer, last=True)
            if self.losses.hopeless() and not self.sure:
                return self._nothing()
            if not writer.peak and not self.anyhow:
                return False
            codec = self.stream.codec_context.name
            partial, warnings = self._partial(), tuple(self._warnings(channels, count))
            writer.commit(Source(self.form, codec, rate, count, partial, warnings))
        return True

    def _nothing(self) -> bool:
        if not self.anyhow:
            return False
        name, codec = self.source, _name(self.stream)
        if self.losses.bad_packets or self.losses.broke_off:
            raise AudioCorrupt(
                f"{name}: none of its sound ({codec}) can be decoded; the file is damaged or "
                "protected. Copy or export it again."
            )
        raise AudioEmpty(f"{name}: its audio stream ({codec}) holds no sound (length 0).")

    def _frames(self) -> Iterator[Any]:
        """Decoded frames; what cannot be decoded is counted and skipped."""
        import av

        for packet in self._packets():
            try:
                frames = packet.decode()
            except (av.FFmpegError, ValueError):
                self._lost(packet)
                continue
            self.losses.good_packets += bool(frames)
            self.bytes += packet.size
            self._follow(packet)
            for frame in frames:
                if frame.samples and frame.rate:
                    yield frame

    def _packets(self) -> Iterator[Any]:
        import av

        failures = 0
        while True:
            try:
                for packet in self.container.demux(self.stream):
                    failures = 0
                    yield packet
                return
            except (av.FFmpegError, ValueError) as error:
                failures += 1
                self.doubtful = True
                if failures == GIVE_UP:
                    self.losses.broke_off = str(getattr(error, "strerror", None) or error)
                    return

    def _lost(self, packet: Any) -> None:
        self.losses.bad_packets += 1
        self.doubtful = True
        if self.form in COUNTED and self.bytes and packet.size:
            nominal = float((packet.duration or 0) * (packet.time_base or 0))
            self.shift += max(0.0, packet.size * self.position / self.bytes - nominal)

    def _take(self, frame: Any, writer: PcmWriter) -> None:
        """Put one frame where it belongs on the recording's clock."""
        rate, channels = frame.rate, frame.layout.nb_channels
        old = self.conversion
        if old is None or (rate, channels) != (old.rate, old.channels):
            if old is not None:
                self._drain(writer, last=True)
                self.losses.channels_changed |= channels != old.channels
            self.conversion = Conversion(rate, channels, writer.channels)
            self.frames = Frames()
        if (time := frame.time) is not None:
            self._keep_time(time + self.shift, writer)
        self.waiting.append(self.frames.read(frame))
        self.position += frame.samples / rate
        if sum(map(len, self.waiting)) >= rate:
            self._drain(writer)
        self.doubtful = False

    def _keep_time(self, time: float, writer: PcmWriter) -> None:
        if self.origin is None:
            self.origin = time
        ahead = time - self.origin - self.position
        total = self.container.duration
        limit = LONGEST_GAP if total is None else total / 1e6 + 1 - self.position
        if ahead < -RESET or ahead > max(limit, GAP):
            self.origin = time - self.position
            self.losses.resets.append(self.position)
        elif ahead > GAP:
            damaged = self.doubtful or (self.form in CONTINUOUS and self.position > 0)
            self.losses.gaps.append(_Gap(self.position, ahead, damaged))
            self._silence(ahead, writer)

    def _silence(self, seconds: float, writer: PcmWriter) -> None:
        conversion = self.conversion
        assert conversion is not None  # noqa: S101 - set by the frame that came after the gap
        left = round(seconds * conversion.rate)
        self.position += left / conversion.rate
        while left:
            block = min(left, conversion.rate)
            self.waiting.append(np.zeros((block, conversion.channels), np.float32))
            self._drain(writer)
            left -= block

    def _drain(self, writer: PcmWriter, last: bool = False) -> None:
        """Write out what waits; `last` also empties the filter."""
        if self.conversion is None:
            return
        if self.waiting:
            self._report()
            writer.write(self.conversion.push(np.concatenate(self.waiting)))
            self.waiting = []
        if last:
            writer.write(self.conversion.flush())
            self.losses.clipped += self.conversion.clipped
        self._show(writer)

    def _show(self, writer: PcmWriter) -> None:
        """Let the sound so far be heard, once this stream is sure to be kept."""
        following = self.growing if writer.channels == 1 else None
        if not self.sure:
            heard = self.position >= SURE and (writer.peak > 0 or self.anyhow)
            self.sure = heard and self.losses.bad_packets <= self.losses.good_packets
            if not self.sure or following is None:
                return
            following.begin(writer.flush(), self.length)
        if following is not None:
            writer.flush()
            following.grow(writer.length)

    def _follow(self, packet: Any) -> None:
        """Note how far in the file we are, and whether a good part of it was jumped over."""
        if packet.pos is not None:
            if self.alone and packet.pos - self.at_byte > LEAP and self.at_byte:
                self.doubtful = True
            self.at_byte = packet.pos + packet.size

    def _report(self) -> None:
        done = self.done
        if self.length:
            done = self.position / self.length
        elif self.container.size > 0:
            done = self.at_byte / self.container.size
        self.done = max(self.done, min(done, 1.0))
        self.progress(self.done)

    def _partial(self) -> str | None:
        at = clock(self.position)
        if self.losses.broke_off:
            return f"the file is damaged from {at} on ({self.losses.broke_off})"
        if self.length and self.length - self.position > DAMAGE + self.length / 1000:
            return f"the sound breaks off at {at} of {clock(self.length)}"
        if reason := missing_end(self.source):
            return f"the sound breaks off at {at}: {reason}"
        if self.losses.damage() >= DAMAGE:
            return (
                f"{self.losses.damage():.1f} s of sound are damaged and silent, "
                f"the first at {clock(min(g.at for g in self.losses.gaps if g.damaged))}"
            )
        return None

    def _warnings(self, channels: str, count: int) -> Iterator[str]:
        streams = self.container.streams.audio
        if len(streams) > 1:
            place = [s.index for s in streams].index(self.stream.index) + 1
            yield f"the file has {len(streams)} audio streams; number {place} was used"
        if channels == "separate" and count == 1:
            yield "channels were to be kept apart, but the recording has only one"
        losses = self.losses
        if losses.bad_packets:
            yield f"damaged pieces of sound left out: {losses.bad_packets}"
        # A second without packets may be what a codec makes of silence, and is not worth a word.
        gaps = [g for g in losses.gaps if g.damaged or g.seconds >= DAMAGE]
        for gap in gaps[:SHOWN_GAPS]:
            yield (
                f"the recording has no sound from {clock(gap.at)} for {gap.seconds:.1f} s; "
                "it is silent there"
            )
        if more := gaps[SHOWN_GAPS:]:
            yield f"{len(more)} more such gaps, {sum(g.seconds for g in more):.1f} s together"
        if losses.resets:
            yield f"timestamps begin anew at {clock(losses.resets[0])}; times count on from there"
        if losses.channels_changed:
            yield "the number of channels changes within the recording"
        if losses.clipped > 0.01 * self.position * 16_000:
            yield "the sound is louder than full scale and was clipped"


def _declared_length(source: Path, container: Any, stream: Any) -> float | None:
    """Seconds of sound the container says there are; None where it only guesses."""
    form = container.format.name
    start, ends = (container.start_time or 0) / 1e6, []
    if form in ("aac", "amr"):
        return None
    if form == "mp3":
        counted = counted_length(source, stream.rate or 44_100)
        if counted is None:
            return None
        ends.append(counted)
    if container.duration is not None:
        ends.append(container.duration / 1e6)
    if stream.duration is not None and stream.time_base is not None:
        first = float((stream.start_time or 0) * stream.time_base)
        ends.append(first - start + float(stream.duration * stream.time_base))
    elif tag := stream.metadata.get("DURATION"):
        ends.append(_seconds(tag) - start)
    elif len(container.streams) > 1:
        return None  # the picture may go on longer than the sound
    ends = [end for end in ends if end > 0]
    return min(ends) if ends else None


def _seconds(tag: str) -> float:
    """Matroska's HH:MM:SS.nnnnnnnnn in seconds; 0 if it is something else."""
    try:
        hours, minutes, seconds = tag.strip("\x00 ").split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return 0.0


def _name(stream: Any) -> str:
    return str(stream.codec_context.name) if stream.codec_context else "codec unknown"
