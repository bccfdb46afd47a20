"""Sound in: any recording becomes 16 kHz mono, decoded once and read from disk ever after."""

from pipeline.audio.decoding import decode
from pipeline.audio.pcm import Decoded, PcmFile, content_hash, iter_chunks, open_decoded

__all__ = ["Decoded", "PcmFile", "content_hash", "decode", "iter_chunks", "open_decoded"]
