"""What one notebook concluded: a sentence whose numbers are data, with its caveats."""

import math
import re
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from helpers.artifacts import Run
from helpers.config import near_miss
from helpers.errors import ParameterError
from helpers.report.style import style_element
from helpers.report.text import escape, escape_markdown, visible

__all__ = ["Finding"]

_STAGE = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOT_KNOWN = "n/a"


@dataclass(frozen=True, kw_only=True, repr=False)
class Finding:
    """What one stage concluded; ``headline`` is a format string over ``values``.

    Parameters
    ----------
    stage : str
        The notebook, e.g. ``"06_churn_model"``.
    headline : str
        One sentence, e.g. ``"{n_flagged:,} accounts pay {mrr:,.0f} {currency} a month."``.
        It holds no digits of its own: a number enters through ``values`` only, so that
        a test can read it and none goes stale.
    values : dict of str to float, int or str
        Every number of the headline, and others worth keeping. A missing number
        (None, NaN) reads "n/a".
    caveats : tuple of str
        What a reader must know before acting on it.
    missing : tuple of str
        What could not be computed and why: "time to resolve: not computed, because there
        is no `tickets` table".

    Raises
    ------
    ParameterError
        If the headline has a digit outside its braces, names a value that is not given,
        or a value does not fit its format.
    """

    stage: str
    headline: str
    values: dict[str, Any] = field(default_factory=dict)
    caveats: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _STAGE.fullmatch(self.stage):
            raise ParameterError(
                f"stage: expected a notebook's name such as '06_churn_model', got {self.stage!r}."
            )
        for name in ("caveats", "missing"):
            if isinstance(getattr(self, name), str):
                raise ParameterError(
                    f"{name}: expected a tuple of texts, got one text. Write ({name}_text,)."
                )
        object.__setattr__(self, "values", {k: _plain(v) for k, v in self.values.items()})
        self._render(str)

    @property
    def text(self) -> str:
        """The headline with its values filled in, as plain text."""
        return visible(self._render(str))

    def save(self, run: Run) -> Path:
        """Write the finding into the run and return the file."""
        return run.save_finding(
            self.stage,
            {
                "stage": self.stage,
                "headline": self.text,
                "template": self.headline,
                "values": self.values,
                "caveats": list(self.caveats),
                "missing": list(self.missing),
            },
        )

    def __repr__(self) -> str:
        lines = [self.text]
        lines += [f"  Note: {visible(note)}" for note in self.caveats]
        lines += [f"  Missing: {visible(gap)}" for gap in self.missing]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        headline = self._render(escape, "<b>{}</b>")
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.caveats)
        gaps = "".join(f'<li class="pb-gap">{escape(gap)}</li>' for gap in self.missing)
        listed = f"<ul>{notes}{gaps}</ul>" if notes or gaps else ""
        return f'{style_element()}<div class="pb pb-finding"><p>{headline}</p>{listed}</div>'

    def _repr_markdown_(self) -> str:
        quoted = [f"**{self._render(escape_markdown)}**"]
        quoted += [escape_markdown(note) for note in (*self.caveats, *self.missing)]
        return "\n>\n".join(f"> {line}" for line in quoted)

    def _render(self, escaped: Callable[[str], str], around: str = "{}") -> str:
        pieces = []
        for literal, name, spec, conversion in _fields(self.headline):
            pieces.append(escaped(literal))
            if name is not None:
                shown = self._format(name, spec, conversion)
                pieces.append(around.format(escaped(shown)))
        return "".join(pieces)

    def _format(self, name: str, spec: str, conversion: str | None) -> str:
        if not _NAME.fullmatch(name) or conversion or "{" in spec:
            raise ParameterError(
                f"{self.stage}: the headline's field {{{name}}} is not the plain name of a value; "
                "write {name} or {name:format}."
            )
        if name not in self.values:
            hint = near_miss(name, sorted(self.values))
            raise ParameterError(
                f"{self.stage}: the headline asks for {name!r}, which values does not hold."
                f"{hint} It has {sorted(self.values)}."
            )
        value = self.values[name]
        if value is None:
            return _NOT_KNOWN
        try:
            return format(value, spec)
        except (ValueError, TypeError) as error:
            raise ParameterError(
                f"{self.stage}: the value {name}={value!r} does not fit the format {spec!r} "
                f"of the headline: {error}."
            ) from None


def _fields(template: str) -> list[tuple[str, str | None, str, str | None]]:
    try:
        parsed = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ParameterError(
            f"The headline {template!r} is not a format string: {error}."
        ) from None
    for literal, *_ in parsed:
        if any(character.isdigit() for character in literal):
            raise ParameterError(
                f"The headline types a number: {literal!r}. Put it into values and write its "
                "name in braces, e.g. '{n_days} days'."
            )
    return [(literal, name, spec or "", conversion) for literal, name, spec, conversion in parsed]


def _plain(value: Any) -> Any:
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    if value.__class__.__name__ in ("NAType", "NaTType"):
        return None
    raise ParameterError(
        f"values: expected a number or a text, got {type(value).__name__} {value!r}. "
        "Turn a date into text with its isoformat()."
    )
