"""Texts from the data made fit to be read: nothing invisible, nothing that acts as markup."""

import html
import re
import unicodedata

__all__ = ["escape", "escape_markdown", "humanise", "visible"]

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # zero width, but part of correct spelling in some scripts
_MARKDOWN = re.compile(r"[!-/:-@\[-`{-~]")
_WORDS = {
    "api": "API",
    "arr": "ARR",
    "auc": "AUC",
    "csat": "CSAT",
    "csm": "CSM",
    "gb": "GB",
    "mrr": "MRR",
    "nps": "NPS",
    "rfm": "RFM",
}
_PHRASES = {
    "account_id": "account",
    "p_value": "p-value",
    "q_value": "q-value",
    "user_id": "user",
    "as_of": "as of",
}
_WINDOW = re.compile(r"(\d+)d")


def visible(text: object) -> str:
    """Return a text on one line, without characters that hide, reorder or break it.

    Control characters, line ends and direction overrides become spaces; a lone
    surrogate, which no file can hold, becomes the replacement character.
    """
    kept = []
    for character in str(text):
        kind = unicodedata.category(character)
        if kind == "Cs":
            kept.append("\ufffd")
        elif kind in _UNSEEN and character not in _JOINERS:
            kept.append(" ")
        else:
            kept.append(character)
    return "".join(kept)


def escape(text: object) -> str:
    """Return a text that HTML shows literally, in an element or a quoted attribute."""
    return html.escape(visible(text), quote=True)


def escape_markdown(text: object) -> str:
    """Return a text that Markdown shows literally: punctuation as numeric entities.

    An entity can neither start markup nor complete a link, also in dialects that
    turn bare addresses into links.
    """
    return _MARKDOWN.sub(lambda found: f"&#{ord(found.group())};", visible(text))


def humanise(column: object) -> str:
    """Return a column name as a heading: ``outcome_rate`` gives "outcome rate".

    ``logins__n_30d`` gives "logins, 30 days"; ``due_on`` gives "due"; ``n_accounts``
    gives "accounts".
    """
    name = visible(column).strip()
    if name in _PHRASES:
        return _PHRASES[name]
    name = re.sub(r"(?<=[a-z])_(on|at)$", "", name)
    name = re.sub(r"^n_(?=[a-z])", "", name)
    name = re.sub(r"__n(?=_\d+d$)", "_", name)
    parts = [part.split("_") for part in name.split("__")]
    return ", ".join(" ".join(_word(word) for word in words if word) for words in parts)


def _word(word: str) -> str:
    window = _WINDOW.fullmatch(word)
    return f"{window[1]} days" if window else _WORDS.get(word.lower(), word)
