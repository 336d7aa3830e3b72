"""YAML with comments, written by hand: every scalar safe, every doubt marked `# ?`."""

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["Lines", "flow", "scalar"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*")
_WORDS = {"null", "true", "false"}


def scalar(value: Any) -> str:
    """Write one value so that the strict reader gives back the same."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def flow(value: Any) -> str:
    """Write a value, a list or a mapping on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(value)


class Lines:
    """Collects lines at an indentation."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, depth: int, text: str, doubt: str = "", note: str = "") -> None:
        """Add one line; ``doubt`` marks it as unsure, ``note`` only explains it."""
        comment = f"  # ? {_one_line(doubt)}" if doubt else f"  # {_one_line(note)}" if note else ""
        self.lines.append("  " * depth + text + comment)

    def comment(self, depth: int, text: str) -> None:
        """Add a line that is a comment."""
        self.lines.append("  " * depth + "# " + _one_line(text))

    def blank(self) -> None:
        """Add an empty line, but never two."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def text(self) -> str:
        """Return everything, with a line end."""
        return "\n".join(self.lines).rstrip("\n") + "\n"


def _one_line(text: str) -> str:
    """Keep a comment a comment, whatever a file's names contain."""
    return "".join(mark if mark.isprintable() else " " for mark in text)[:240]
