"""Sound in: any recording becomes 16 kHz mono, decoded once and read from disk ever after."""

from pipeline.audio.decoding import decode
from pipeline.audio.growing import GrowingSound, Unwanted, arriving
from pipeline.audio.pcm import Decoded, PcmFile, content_hash, open_decoded
from pipeline.audio.reading import Reading

__all__ = [
    "Decoded",
    "GrowingSound",
    "PcmFile",
    "Reading",
    "Unwanted",
    "arriving",
    "content_hash",
    "decode",
    "open_decoded",
]
