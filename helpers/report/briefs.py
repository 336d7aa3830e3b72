"""The accounts behind the first page: for each its evidence, its playbook and a first message."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.actions.agenda import plain_feature
from helpers.actions.drafts import DRAFTS, WHAT, filled
from helpers.artifacts import Run
from helpers.report.cells import EMPTY
from helpers.report.numbers import latest
from helpers.report.text import visible

__all__ = ["Brief", "anchors", "briefs", "listed"]

ALERT = "alert: "
NOBODY = "nobody yet"


@dataclass(frozen=True)
class Brief:
    """One account; every text is plain, ``draft`` keeps its line ends."""

    anchor: str
    account: str
    account_id: str
    csm: str
    facts: tuple[str, ...]
    action: str
    due: str
    reason: tuple[str, ...]
    evidence: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    agenda: tuple[str, ...]
    check: tuple[str, ...]
    offer: tuple[str, ...]
    draft: str


def anchors(actions: pd.DataFrame) -> dict[str, str]:
    """Return the place of each account on the page, by account id, in the order of the list."""
    ids = actions["account_id"].drop_duplicates()
    return {str(one): f"a{number}" for number, one in enumerate(ids, start=1)}


def briefs(run: Run, actions: pd.DataFrame, *, currency: str) -> list[Brief]:
    """Return one brief for each account that has an action, by manager, most pressing first.

    Parameters
    ----------
    run : Run
        Tables that are absent leave their part out.
    actions : DataFrame
        From :func:`helpers.report.calls.ranked_actions`.
    currency : str
        Beside the revenue.
    """
    places = anchors(actions)
    known = _Known(run)
    first = actions.drop_duplicates("account_id")
    owner = first["csm"].astype(object).where(first["csm"].notna(), NOBODY).astype(str)
    ordered = first.assign(csm=owner, _last=owner.eq(NOBODY), _place=range(len(first))).sort_values(
        ["_last", "csm", "_place"], kind="stable"
    )
    return [
        _brief(row, places[str(row["account_id"])], known, currency)
        for _, row in ordered.iterrows()
    ]


class _Known:
    """Tables of the run by account, read once."""

    def __init__(self, run: Run) -> None:
        self.plans = _by_account(_rows(run, "06_churn_model", "plans"))
        self.alerts = _by_account(_rows(run, "05_anomaly_review", "alerts"))
        scores = _rows(run, "06_churn_model", "predictions")
        self.scores = _by_account(scores if scores.empty else latest(scores))
        plays = _rows(run, "05_anomaly_review", "plays").to_dict("records")
        self.to_show = _to_show(_rows(run, "04_sequence_association_mining", "advanced_features"))
        self.plays = {str(row["kind"]): row for row in plays}


def _rows(run: Run, notebook: str, table: str) -> pd.DataFrame:
    """Return a table, empty where the run does not have it."""
    return run.read(notebook, table) if run.has(notebook, table) else pd.DataFrame()


def _by_account(table: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_dict("records"):
        found.setdefault(str(row["account_id"]), []).append(row)  # type: ignore[arg-type]
    return found


def _brief(row: "pd.Series[Any]", anchor: str, known: _Known, currency: str) -> Brief:
    key = str(row["account_id"])
    account = _said(row.get("name")) or key
    csm = _said(row.get("csm")) or NOBODY
    play = str(row.get("play") or "")
    written = known.plays.get(play.removeprefix(ALERT), {}) if play.startswith(ALERT) else {}
    message = str(written.get("message") or DRAFTS.get(play, ""))
    signed = None if csm == NOBODY else csm
    what = known.to_show.get(key, WHAT)
    return Brief(
        anchor=anchor,
        account=account,
        account_id=visible(key),
        csm=csm,
        facts=_facts(row, currency),
        action=_said(row["action"]),
        due=_day(row["due_on"]),
        reason=tuple(part for part in _said(row["reason"]).split("; ") if part),
        evidence=(
            *_scored(known.scores.get(key, [])),
            *_raised(known.alerts.get(key, [])),
            *_told(row),
        ),
        steps=_steps(row, known.plans.get(key, [])),
        agenda=_agenda(row, known.plans.get(key, [])),
        check=listed(written.get("investigate")),
        offer=listed(written.get("options")),
        draft="\n".join(
            visible(line)
            for line in filled(message, account=account, csm=signed, what=what).splitlines()
        ),
    )


def _facts(row: "pd.Series[Any]", currency: str) -> tuple[str, ...]:
    money = row.get("mrr")
    revenue = "" if money is None or pd.isna(money) else f"{currency} {float(money):,.0f} a month"
    segment = _said(row.get("segment"))
    return tuple(part for part in (segment and f"segment {segment}", revenue.strip()) if part)


def _scored(rows: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Tell the churn score with the interval of its probability, and what moves it."""
    found: list[tuple[str, str]] = []
    for row in rows:
        if pd.isna(row.get("churn_probability")):
            continue
        text = f"{row['churn_probability']:.0%} likely to churn"
        low, high = row.get("probability_low"), row.get("probability_high")
        if low is not None and pd.notna(low):
            text += f" (90% interval {low:.0%} to {high:.0%})"
        score = row.get("churn_score")
        if score is not None and pd.notna(score):
            text += f"; score {int(score)} of 100, {row.get('churn_band')}: higher = more risk"
        found.append(("Churn score", text))
        drivers = listed(row.get("drivers"))
        if drivers:
            found.append(("What moves it", "; ".join(drivers)))
    return tuple(found)


def _raised(rows: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    found = []
    for row in rows:
        kind = _said(row.get("kind")).replace("_", " ")
        text = f"{_said(row.get('severity'))}, {kind}, seen {_day(row.get('detected_on'))}"
        told = [_said(row.get(name)) for name in ("evidence", "context")]
        explained = _said(row.get("explained_by"))
        told += [f"may be explained by {explained}"] if explained else []
        found.append(("Alert", ": ".join([text, "; ".join(filter(None, told))]).rstrip(": ")))
    return tuple(found)


def _told(row: "pd.Series[Any]") -> tuple[tuple[str, str], ...]:
    named = (
        ("Seen before", "pattern"),
        ("State", "state"),
        ("Money", "impact_note"),
        ("Held back", "held_back"),
    )
    pairs = ((label, _said(row.get(name))) for label, name in named)
    return tuple((label, text) for label, text in pairs if text)


def _steps(row: "pd.Series[Any]", plan: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return the steps of the next weeks; without a plan the one action."""
    begin = _said(row.get("first_step"))
    if "accounts.html" in begin:  # its steps stand right below
        begin = ""
    if not plan:
        return tuple(filter(None, (_said(row["action"]), begin)))
    steps = [
        f"{_said(step['action'])} (within {int(step['within_days'])} days, {_said(step['owner'])})"
        for step in sorted(plan, key=lambda step: int(step["step"]))
    ]
    return tuple(filter(None, (begin and f"Before: {begin}", *steps)))


def _agenda(row: "pd.Series[Any]", plan: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return the agenda of the business review that is the action or one of the next steps."""
    agendas = (listed(one) for one in (row.get("agenda"), *(step.get("agenda") for step in plan)))
    return next((items for items in agendas if items), ())


def _to_show(advanced: pd.DataFrame) -> dict[str, str]:
    """Return account to the advanced features to be shown to it, as a sentence names them."""
    if advanced.empty:
        return {}
    names = advanced.sort_values("place").groupby("account_id")["feature"].agg(list)
    return {str(account): _in_words([visible(plain_feature(f)) for f in features[:3]])
            for account, features in names.items()}  # fmt: skip


def _in_words(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def listed(values: object) -> tuple[str, ...]:
    """Return the texts of a cell that holds a list; none of any other cell."""
    if not isinstance(values, list | tuple | np.ndarray):
        return ()
    return tuple(_said(value) for value in values)


def _said(value: object) -> str:
    if value is None or (not isinstance(value, str) and pd.isna(value)):  # type: ignore[call-overload]
        return ""
    return visible(value).strip()


def _day(value: Any) -> str:
    return EMPTY if value is None or pd.isna(value) else f"{pd.Timestamp(value):%Y-%m-%d}"
