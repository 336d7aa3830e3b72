"""Where in its file a setting stands, so that a later complaint can point at the line."""

from pathlib import Path

from helpers.config.strict_yaml import read_yaml

__all__ = ["Places"]


class Places:
    """The lines of a configuration file.

    Parameters
    ----------
    path : Path
        A YAML file that :func:`helpers.config.load_config` has accepted.
    """

    def __init__(self, path: Path) -> None:
        self._document = read_yaml(Path(path))

    def of(self, key: str) -> str:
        """Return e.g. ``line 12 of mine.yaml`` for a key such as ``sources.events.0.files``.

        The line is that of the deepest part of the key that the file has.
        """
        parts: list[str | int] = [int(p) if p.isdigit() else p for p in key.split(".")]
        given = self._document.values.get("sources")
        written = given.get(parts[1]) if isinstance(given, dict) and len(parts) > 1 else None
        if isinstance(written, list) and not (len(parts) > 2 and isinstance(parts[2], int)):
            parts.insert(2, 0)
        return f"line {self._document.line(tuple(parts))} of {self._document.path.name}"
