"""YAML without surprises: no aliases, no duplicate keys, no `no` that means False.

The loader keeps the line of every key, so that an error can point at it. Scalars follow the
YAML 1.2 core rules: only ``true`` and ``false`` are booleans, ``0123`` and ``12:30`` are text.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from helpers.errors import ConfigError

__all__ = ["Document", "read_yaml"]

MAX_BYTES = 64 * 1024
MAX_DEPTH = 20

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONSTANTS: dict[str, Any] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
}


@dataclass(frozen=True)
class Document:
    """A parsed file: its values, and the line of each key path."""

    path: Path
    values: dict[str, Any]
    lines: dict[tuple[str | int, ...], int]

    def line(self, location: tuple[str | int, ...]) -> int:
        """Return the line of the deepest part of ``location`` that the file has."""
        for depth in range(len(location), 0, -1):
            if location[:depth] in self.lines:
                return self.lines[location[:depth]]
        return 1


def read_yaml(path: Path) -> Document:
    """Read one mapping from a YAML file.

    Parameters
    ----------
    path : Path
        The file; at most 64 KiB.

    Returns
    -------
    Document
        Values as plain Python, and the line of every key.

    Raises
    ------
    ConfigError
        If the file is missing, too large, too deep, not a mapping, or uses an alias,
        a tag or the same key twice.
    """
    text = _read_text(path)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}" if mark else "somewhere"
        raise ConfigError(f"{path.name}: {where}: not valid YAML: {error.problem}.") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{path.name}: not valid YAML: {type(error).__name__}.") from None
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(
            f"{path.name}: expected keys such as `version:` and `sources:` at the top, found "
            f"{'nothing' if node is None else type(node).__name__}. See config/demo.yaml."
        )
    builder = _Builder(path.name, text)
    return Document(path, builder.mapping(node, ()), builder.lines)


def _read_text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(
            f"configuration not found: {path}. Start from config/demo.yaml or run `playbook init`."
        ) from None
    except OSError as error:
        raise ConfigError(f"cannot read configuration {path}: {error.strerror}.") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{path.name}: {len(raw):,} bytes; expected at most {MAX_BYTES:,}.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path.name}: line {line}: not UTF-8; save the file as UTF-8.") from None


class _Builder:
    """Turns YAML nodes into values and remembers where each key stood."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines: dict[tuple[str | int, ...], int] = {}
        self.seen: set[int] = set()
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            if isinstance(token, yaml.AliasToken | yaml.TagToken):
                kind = "aliases" if isinstance(token, yaml.AliasToken) else "tags"
                self.refuse(token.start_mark.line, f"YAML {kind} are not allowed; write it out")

    def refuse(self, line: int, why: str) -> None:
        raise ConfigError(f"{self.name}: line {line + 1}: {why}.")

    def build(self, node: yaml.Node, at: tuple[str | int, ...]) -> Any:
        if len(at) > MAX_DEPTH:
            self.refuse(node.start_mark.line, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, at)
        if isinstance(node, yaml.SequenceNode):
            items = []
            for index, child in enumerate(node.value):
                self.lines[(*at, index)] = child.start_mark.line + 1
                items.append(self.build(child, (*at, index)))
            return items
        return _scalar(node)

    def mapping(self, node: yaml.MappingNode, at: tuple[str | int, ...]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, child in node.value:
            line = key_node.start_mark.line
            if not isinstance(key_node, yaml.ScalarNode):
                self.refuse(line, "a key must be plain text")
            key = str(key_node.value)
            if key in values:
                first = self.lines[(*at, key)]
                self.refuse(line, f"the key {key!r} was already given in line {first}")
            self.lines[(*at, key)] = line + 1
            values[key] = self.build(child, (*at, key))
        return values


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    if isinstance(node, yaml.ScalarNode) and node.style in ("'", '"', "|", ">"):
        return text
    if text.lower() in _CONSTANTS and text == text.lower():
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
