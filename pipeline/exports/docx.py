"""Word: the minutes with a table of action items, each reference a link into the transcript."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from pipeline.exports.reading import ExportContext, Passage, Reading, Reference
from pipeline.minutes import Minutes
from pipeline.types import Transcript

PROPERTY = 255
"""Characters a document property may have."""


def to_docx(transcript: Transcript, minutes: Minutes | None, context: ExportContext) -> bytes:
    """A .docx document; the same values give the same bytes."""
    import docx

    reading = Reading(transcript, minutes, context)
    document = docx.Document()
    _describe(document, reading)
    document.add_heading(reading.title, 0)
    document.add_paragraph(reading.facts)
    for notice in reading.notices:
        document.add_paragraph().add_run(notice).bold = True
    if minutes is not None:
        document.add_heading("Minutes", 1)
        _minutes(document, reading)
    document.add_heading("Transcript", 1)
    style = document.styles["Normal"]
    for number, passage in enumerate(reading.passages):
        _passage(document.add_paragraph(style=style), passage, number)
    if not reading.passages:
        document.add_paragraph().add_run("No speech.").italic = True
    return _packed(document)


def _minutes(document: Any, reading: Reading) -> None:
    for section in reading.sections:
        document.add_heading(section.title, section.level + 1)
        for point in section.points:
            paragraph = document.add_paragraph(point.text, style="List Bullet")
            _cite(paragraph, point.references)
        if section.tasks:
            table = _table(document, ("Task", "Owner", "Due", "Said at"))
            for task in section.tasks:
                cells = table.add_row().cells
                for cell, text in zip(cells, (task.task, task.owner, task.due), strict=False):
                    cell.text = text
                _cite(cells[3].paragraphs[0], task.references)
    if reading.keywords:
        document.add_heading("Keywords", 2)
        document.add_paragraph(", ".join(reading.keywords))
    if reading.talk_time:
        document.add_heading("Talk time", 2)
        table = _table(document, ("Speaker", "Time", "Share"))
        for row in reading.talk_time:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
    for line in reading.method:
        document.add_paragraph().add_run(line).italic = True


def _table(document: Any, heads: tuple[str, ...]) -> Any:
    table = document.add_table(rows=1, cols=len(heads), style="Table Grid")
    for cell, head in zip(table.rows[0].cells, heads, strict=True):
        cell.paragraphs[0].add_run(head).bold = True
    return table


def _passage(paragraph: Any, passage: Passage, number: int) -> None:
    if passage.speaker is None:
        paragraph.add_run(passage.text).italic = True
        return
    _element(paragraph, "w:bookmarkStart", {"w:id": str(number), "w:name": passage.anchor})
    paragraph.add_run(passage.speaker).bold = True
    _element(paragraph, "w:bookmarkEnd", {"w:id": str(number)})
    paragraph.add_run(f" ({passage.time}): {passage.text}")


def _cite(paragraph: Any, references: tuple[Reference, ...]) -> None:
    for i, reference in enumerate(references):
        paragraph.add_run(", " if i else " (")
        link = _element(paragraph, "w:hyperlink", {"w:anchor": reference.anchor})
        run = paragraph.add_run(reference.time)
        run.underline = True
        link.append(run._r)
    if references:
        paragraph.add_run(")")


def _element(paragraph: Any, name: str, attributes: dict[str, str]) -> Any:
    """An element that python-docx has no method for, added to the paragraph."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    element = OxmlElement(name)
    for key, value in attributes.items():
        element.set(qn(key), value)
    paragraph._p.append(element)
    return element


def _describe(document: Any, reading: Reading) -> None:
    properties = document.core_properties
    properties.title = reading.title[:PROPERTY]
    properties.author = "Parley"
    properties.keywords = ", ".join(reading.keywords)[:PROPERTY]
    properties.language = (reading.transcript.language or "")[:PROPERTY]
    properties.comments = " ".join(reading.notices)[:PROPERTY]
    for element in list(properties._element):
        if element.tag.rpartition("}")[2] in ("created", "modified"):  # the template's, of 2013
            properties._element.remove(element)


def _packed(document: Any) -> bytes:
    """The document as bytes that do not tell when they were written."""
    first, second = io.BytesIO(), io.BytesIO()
    document.save(first)
    with zipfile.ZipFile(first) as old, zipfile.ZipFile(second, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, old.read(name))
    return second.getvalue()
