"""Transcript and minutes out: one pure function a format, each file written whole or not at all."""

from pipeline.exports.document import read_json
from pipeline.exports.names import distinct_stems
from pipeline.exports.reading import ExportContext
from pipeline.exports.writing import FORMATS, Format, output_paths, write_exports

__all__ = [
    "FORMATS",
    "ExportContext",
    "Format",
    "distinct_stems",
    "output_paths",
    "read_json",
    "write_exports",
]
