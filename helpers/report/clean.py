"""HTML from notebook outputs made harmless: only tables and plain text markup remain.

The page's content security policy is the main guard; this is the second one. What is not on
the lists below is dropped: scripts, handlers, forms, frames, objects, style sheets, and every
address outside the page.

References
----------
nh3 0.3 (ammonia): a parser-based allow-list, see its documentation of ``Cleaner``.
"""

import re
from functools import lru_cache

from helpers.report.style import css

__all__ = ["clean_html"]

TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "figure"),
    *("figcaption", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p"),
    *("pre", "s", "samp", "small", "span", "strong", "sub", "sup", "u", "ul"),
    *("table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td"),
}
_DROPPED_WITH_CONTENT = {"script", "style", "template", "noscript", "iframe", "object", "svg"}
_CELL = {"colspan", "rowspan", "class", "style", "title", "scope"}
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"src", "alt"},
    "td": _CELL,
    "th": _CELL,
    "ol": {"start"},
    **{tag: {"class"} for tag in ("caption", "div", "p", "table", "li", "ul")},
    **{tag: {"class", "style"} for tag in ("i", "span", "tr")},
}
_STYLE = re.compile(r"\s*(width:\s*\d{1,2}%|width:\s*100%|text-align:\s*(left|right|center));?\s*")
_COUNT = re.compile(r"[1-9]\d{0,2}")
_PICTURE = re.compile(r"data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]+")
_PAGE = re.compile(r"([A-Za-z0-9_-]+\.(?:html|ipynb|csv))?(#[A-Za-z0-9_-]+)?")


def clean_html(html: str) -> str:
    """Return the harmless part of an HTML fragment; all text stays readable.

    Tags that are not allowed vanish and leave their text; scripts and style sheets vanish
    whole. Links stay only within the run's folder (``06_churn_model.ipynb`` becomes the
    page of that notebook), pictures only if embedded.
    """
    import nh3

    cleaned: str = nh3.clean(
        html,
        tags=TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"data"},
        link_rel=None,
        strip_comments=True,
    )
    return cleaned


def _attribute(_tag: str, name: str, value: str) -> str | None:
    if name == "class":
        kept = [word for word in value.split() if word in _classes()]
        return " ".join(kept) or None
    if name == "style":
        return value.strip() if _STYLE.fullmatch(value) else None
    if name in ("colspan", "rowspan", "start"):
        return value if _COUNT.fullmatch(value) else None
    if name == "src":
        return value if _PICTURE.fullmatch(value) else None
    if name == "href":
        return value.replace(".ipynb", ".html") if value and _PAGE.fullmatch(value) else None
    return value


@lru_cache(maxsize=1)
def _classes() -> frozenset[str]:
    """Classes of what notebooks display, and of pandas' own tables."""
    return frozenset(re.findall(r"\.(pb[\w-]*)", css("pieces.css"))) | {"dataframe"}
