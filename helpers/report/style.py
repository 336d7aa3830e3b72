"""The style sheet of what notebooks display, shared by JupyterLab and the pages."""

from functools import lru_cache
from pathlib import Path

__all__ = ["TEMPLATES", "css", "style_element"]

TEMPLATES = Path(__file__).parent / "templates"
"""Folder of the templates and style sheets."""


@lru_cache(maxsize=8)
def css(name: str) -> str:
    """Return one style sheet of the templates folder, without comments and indentation."""
    lines = (TEMPLATES / name).read_text(encoding="utf-8").splitlines()
    return "\n".join(line.strip() for line in lines if line.strip() and "/*" not in line)


def style_element() -> str:
    """Return the ``<style>`` of a displayed piece.

    JupyterLab needs it beside each piece; in a page it is cut out, since the page's own
    style sheet has the same rules.
    """
    return f"<style>{css('pieces.css')}</style>"
