"""A run's first page: whom to call, five numbers, what each notebook found, what data it had.

Beside it, ``accounts.html``: the evidence, playbook and first message of each account to call.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.artifacts import Run
from helpers.contract import NOTEBOOKS, TABLES
from helpers.report.briefs import briefs
from helpers.report.calls import calls, desks, ranked_actions
from helpers.report.numbers import previous_folder, tiles
from helpers.report.page import POLICY, TITLES, navigation, write_page
from helpers.report.style import fill_template
from helpers.report.table import show
from helpers.report.text import visible

__all__ = ["write_index"]

N_CALLS = 10
_PLANTED = {"what": "planted pattern", "realised": "in this sample", "verdict": "verdict"}


@dataclass(frozen=True)
class Card:
    """One notebook on the first page; ``state`` is done, failed or absent."""

    name: str
    title: str
    question: str
    state: str
    headline: str = ""
    caveats: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def write_index(
    folder: Path, *, previous: Path | None = None, failed: Mapping[str, str] | None = None
) -> Path:
    """Write ``index.html`` of a run, and ``accounts.html`` behind it.

    Parameters
    ----------
    folder : Path
        The run: tables, findings, ``settings.json`` and, where there are any, pages,
        ``manifest.json``, ``planted.parquet`` and exports. Every table may be absent; the
        page then says what is missing.
    previous : Path, optional
        The published run to compare with; default: the newest earlier one of the same
        company beside this run.
    failed : mapping of notebook to message, optional
        Notebooks that stopped.

    Returns
    -------
    Path
        The page.
    """
    folder = Path(folder)
    run = Run(folder, folder.name, folder)
    settings, manifest = _json(folder / "settings.json"), _json(folder / "manifest.json")
    company = settings.get("company") or manifest.get("configuration", {}).get("company") or {}
    currency = str(company.get("currency") or "")
    earlier = previous if previous is not None else previous_folder(folder)
    before = None if earlier is None else Run(earlier, earlier.name, earlier)
    numbers, since = tiles(run, before=before, currency=currency)
    actions = ranked_actions(run)
    pages = [name for name in NOTEBOOKS if (folder / f"{name}.html").is_file()]
    cards = _cards(folder, failed or {})
    page = {
        "title": "Whom to call first",
        "subtitle": "",
        "company": visible(company.get("name") or "Customer success"),
        "as_of": str(_as_of(settings, manifest) or ""),
        "run_id": str(manifest.get("run_id") or folder.name),
        "links": navigation(pages, current="index"),
    }
    why = _why_no_calls(run, cards)
    behind = page | {"links": navigation(pages, current="accounts")}
    _write_accounts(run, behind, actions, currency, why)
    context = {
        "page": page,
        "currency": currency,
        "numbers": numbers,
        "since": since,
        "calls": None if actions is None else calls(actions, limit=N_CALLS),
        "n_actions": 0 if actions is None else len(actions),
        "desks": [] if actions is None else desks(actions),
        "cards": cards,
        "no_calls": why,
        "reconciliation": _reconciliation(run),
        "freshness": _freshness(run, settings, manifest),
        "planted": _planted(folder),
        "exports": sorted(path.name for path in (folder / "exports").glob("*.csv")),
        "packages": manifest.get("packages") or {},
        "python": str(manifest.get("python") or ""),
        "n_inputs": len(manifest.get("inputs") or ()),
    }
    return write_page(folder / "index.html", _render("run.html.j2", context))


def _write_accounts(
    run: Run, page: Mapping[str, Any], actions: pd.DataFrame | None, currency: str, no_calls: str
) -> None:
    told = [] if actions is None else briefs(run, actions, currency=currency)
    by_manager = [
        {"csm": csm, "briefs": list(mine)} for csm, mine in groupby(told, key=lambda one: one.csm)
    ]
    heads = {
        "title": "Account by account",
        "subtitle": "Why, what to do, and a first message. A person decides and sends.",
    }
    context = {
        "page": {**page, **heads},
        "managers": by_manager,
        "n_accounts": len(told),
        "no_calls": no_calls,
    }
    write_page(run.stage / "accounts.html", _render("accounts.html.j2", context))


def _render(template: str, context: Mapping[str, Any]) -> str:
    return fill_template(template, {"policy": POLICY, **context})


def _json(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _as_of(settings: Mapping[str, Any], manifest: Mapping[str, Any]) -> str | None:
    decided = (settings.get("analysis") or {}).get("as_of") or manifest.get("as_of")
    return None if decided in (None, "None") else str(decided)


def _cards(folder: Path, failed: Mapping[str, str]) -> list[Card]:
    findings = _json(folder / "findings.json")
    cards = []
    for name in NOTEBOOKS:
        title, question = TITLES[name]
        finding = findings.get(name) or _json(folder / "findings" / f"{name}.json")
        if name in failed:
            cards.append(Card(name, title, question, "failed", headline=failed[name]))
        elif finding:
            said = [tuple(map(visible, finding.get(key) or ())) for key in ("caveats", "missing")]
            headline = visible(finding["headline"])
            cards.append(Card(name, title, question, "done", headline, said[0], said[1]))
        else:
            cards.append(Card(name, title, question, "absent"))
    return cards


def _why_no_calls(run: Run, cards: list[Card]) -> str:
    if run.has("06_churn_model", "actions"):
        return "no account meets the conditions of an action in this run"
    card = next(card for card in cards if card.name == "06_churn_model")
    if card.state == "failed":
        return "the notebook that ranks the accounts stopped with an error"
    return "the notebook that ranks the accounts is not part of this run"


def _reconciliation(run: Run) -> dict[str, Any] | None:
    if not run.has("01_data_audit", "reconciliation"):
        return None
    table = run.read("01_data_audit", "reconciliation")
    names = ("rows_in", "rows_kept", "rows_quarantined", "rows_duplicate")
    counts: dict[str, Any] = {name: int(table[name].sum()) for name in names}
    total = max(counts["rows_in"], 1)
    return counts | {f"{name}_share": counts[name] / total for name in names[1:]}


def _freshness(
    run: Run, settings: Mapping[str, Any], manifest: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return newest day and age of each dated table; the newest row counts, not the file."""
    as_of = _as_of(settings, manifest)
    limit = int((settings.get("thresholds") or {}).get("stale_after_days", 7))
    rows = []
    for name, table in TABLES.items():
        if table.when is None or not run.has("01_data_audit", name):
            continue
        newest = run.read("01_data_audit", name, columns=[table.when])[table.when].max()
        if pd.isna(newest) or as_of is None:
            continue
        day = pd.Timestamp(newest).tz_localize(None).normalize()
        age = (pd.Timestamp(as_of) - day).days
        rows.append({"table": name, "day": f"{day:%Y-%m-%d}", "age": age, "stale": age > limit})
    return sorted(rows, key=lambda row: (-row["age"], row["table"]))


def _planted(folder: Path) -> dict[str, Any] | None:
    """Return the made-up company's truth beside what the notebooks found, if it is there."""
    path = folder / "planted.parquet"
    if not path.is_file():
        return None
    table = pd.read_parquet(path)
    wanted = [name for name in ("what", "key", "requirement") if name in table.columns][:1]
    wanted += [n for n in ("unit", "planted", "realised", "found", "tolerance") if n in table]
    verdict = next((name for name in table.columns if name.startswith("within")), None)
    view = table[wanted].copy()
    known = table["found"].notna() if "found" in table.columns else pd.Series(False, table.index)
    if verdict is not None:
        hit = table[verdict].fillna(value=False).astype(bool)
        view["verdict"] = hit.map({True: "found", False: "missed"}).where(known, "not looked for")
    counted = int(hit[known].sum()) if verdict is not None else None
    shown = show(
        view,
        caption="Planted in the made-up company, and found by the notebooks",
        limit=None,
        headings={n: t for n, t in _PLANTED.items() if n in view},
        formats={n: "figures" for n in ("planted", "realised", "found", "tolerance") if n in view},
        bands={"verdict": {"found": "green", "missed": "red", "not looked for": "grey"}}
        if verdict is not None
        else (),
    )
    return {"html": shown.html, "n_found": counted, "n_known": int(known.sum()), "n": len(table)}
