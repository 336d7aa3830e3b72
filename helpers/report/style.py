"""Templates and style sheets: of what notebooks display, in JupyterLab and on pages."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["TEMPLATES", "css", "fill_template", "style_element"]

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


def fill_template(name: str, context: Mapping[str, Any], *, styles: tuple[str, ...] = ()) -> str:
    """Fill a page's template: every value is escaped, a missing one is an error.

    Parameters
    ----------
    name : str
        File in the folder of page templates.
    context : mapping
        Its values; ``css`` is added.
    styles : tuple of str
        Style sheets besides those that all pages have.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "playbook"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = "".join(map(css, ("pieces.css", "page.css", *styles)))
    return environment.get_template(name).render(css=style, **context)
