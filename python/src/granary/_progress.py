"""How far a long work is, in a notebook or on a terminal."""

from __future__ import annotations

import sys
from typing import Any, Callable, Mapping, Optional, Union

ProgressCallback = Callable[[Mapping[str, Any]], None]
#: True shows a line, False nothing; a function is given ``label``, ``done``, ``total`` (or None) and ``unit``.
Progress = Union[bool, ProgressCallback]


def line_of(record: Mapping[str, Any]) -> str:
    """``scatter: 12 of 48 granules (25%)``."""
    done, total = record.get("done", 0), record.get("total")
    text = f"{record.get('label', '')}: {done:,}"
    if total is not None:
        text += f" of {total:,}"
    text += f" {record.get('unit', '')}"
    if total:
        text += f" ({100 * done // total}%)"
    return text


class Display:
    """A line on stderr that is redrawn: notebooks and terminals both know the carriage return."""

    def __init__(self, progress: Progress) -> None:
        self._callback: Optional[ProgressCallback] = progress if callable(progress) else None
        self._shown = bool(progress) and self._callback is None
        self._width = 0
        self._label: Optional[str] = None

    def update(self, record: Mapping[str, Any]) -> None:
        if self._callback is not None:
            self._callback(record)
        if not self._shown:
            return
        label = str(record.get("label", ""))
        if self._label is not None and self._label != label:
            self.close()
        self._label = label
        text = line_of(record)
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)

    def say(self, text: str) -> None:
        if self._width > 0:
            self.close()
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def close(self) -> None:
        if self._shown and self._width > 0:
            sys.stderr.write("\n")
            sys.stderr.flush()
        self._width = 0
        self._label = None
