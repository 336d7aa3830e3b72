"""The account that a brief is about, and what the run knows of it."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from helpers.artifacts import Run
from helpers.config import near_miss
from helpers.errors import ParameterError
from helpers.report.text import visible
from helpers.scores.readings import column_for

__all__ = ["Subject", "find_subject"]

DAYS_BEFORE = 90
"""How far back the brief compares: seed S0 asks for "now and 90 days ago"."""
TOLERANCE_DAYS = 20


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One account of one published run.

    Parameters
    ----------
    run : Run
        To read the account's rows from.
    account : mapping
        Its row of the accounts table.
    as_of : Timestamp
        The date of the run.
    features : DataFrame
        Of 02, all accounts and dates.
    now, before : Series
        The account's features at ``as_of`` and about 90 days earlier; empty where there are none.
    before_on : Timestamp or None
        The date of ``before``.
    dictionary : DataFrame
        Of 02: tells which tables a feature needs.
    currency : str
        Beside money.
    """

    run: Run
    account: Mapping[Hashable, Any]
    as_of: pd.Timestamp
    features: pd.DataFrame
    now: "pd.Series[Any]"
    before: "pd.Series[Any]"
    before_on: pd.Timestamp | None
    dictionary: pd.DataFrame
    currency: str

    @property
    def account_id(self) -> str:
        """As the accounts table spells it."""
        return str(self.account["account_id"])

    @property
    def name(self) -> str:
        """The account's name; its id where it has none."""
        name = self.account.get("name")
        return visible(self.account_id if name is None or pd.isna(name) else name)

    @property
    def moment(self) -> pd.Timestamp:
        """The instant at which the day of ``as_of`` begins where the company is."""
        return self.as_of.tz_localize(self.run.config().company.time_zone)

    @property
    def is_live(self) -> bool:
        """Whether it is a customer at the date of the run."""
        live = self.now.get("is_live", False)
        return bool(live) if pd.notna(live) else True

    def value(self, feature: str, *, at: str = "now") -> float | None:
        """Return a feature as a number; None where it is not known."""
        row = self.now if at == "now" else self.before
        column = column_for(feature, map(str, row.index))
        number = None if column is None else row[column]
        return None if number is None or pd.isna(number) else float(number)

    def why_not(self, feature: str) -> str:
        """Say why a feature is not known: its table is absent, or it has nothing to tell yet."""
        column = column_for(feature, self.dictionary["feature"].astype(str)) or feature
        rows = self.dictionary[self.dictionary["feature"] == column]
        if rows.empty:
            return "not computed in this run"
        tables = [name.strip() for name in str(rows.iloc[0]["sources"]).split(",") if name.strip()]
        absent = [name for name in tables if not self.run.has("01_data_audit", name)]
        return f"no {' and '.join(absent)} table" if absent else "nothing recorded yet"

    def rows(self, notebook: str, table: str, *, newest: bool = False) -> pd.DataFrame:
        """Return the account's rows of a table; empty where the run does not have it.

        Parameters
        ----------
        notebook, table : str
            Of the run.
        newest : bool
            Only those of the run's own date, for tables with several.
        """
        if not self.run.has(notebook, table):
            return pd.DataFrame()
        path = self.run.path(notebook, table)
        found = pd.read_parquet(path, filters=[("account_id", "==", self.account_id)])
        return found[found["as_of"] == self.as_of] if newest and len(found) else found


def find_subject(run: Run, wanted: str) -> Subject:
    """Return the account that is meant by an id or by a name that only one account has.

    Parameters
    ----------
    run : Run
        A published run with 01 and 02.
    wanted : str
        Blanks around it and capitals do not count.

    Raises
    ------
    ParameterError
        If no account is meant, or several; if the account opted out of profiling (E-02).
    MissingTableError
        If the run lacks the accounts or their features.
    """
    accounts = run.read("01_data_audit", "accounts")
    row = _row_of(accounts, wanted)
    if bool(row.get("opted_out")) and pd.notna(row.get("opted_out")):
        raise ParameterError(
            f"account {visible(row['account_id'])!r} opted out of profiling: no brief is written."
        )
    config = run.config()
    as_of = pd.Timestamp(config.as_of)
    features = run.read("02_feature_engineering", "features")
    mine = features[features["account_id"] == row["account_id"]].set_index("as_of").sort_index()
    before_on = _earlier(mine.index, as_of)
    return Subject(
        run=run,
        account=row,
        as_of=as_of,
        features=features,
        now=_at(mine, as_of),
        before=_at(mine, before_on),
        before_on=before_on,
        dictionary=run.read("02_feature_engineering", "dictionary"),
        currency=config.company.currency,
    )


def _row_of(accounts: pd.DataFrame, wanted: str) -> dict[Hashable, Any]:
    key = wanted.strip().casefold()
    ids = accounts["account_id"].astype(str)
    names = accounts["name"].astype(object).where(accounts["name"].notna(), "").astype(str)
    hits = accounts[ids.str.casefold() == key]
    if hits.empty:
        hits = accounts[names.str.strip().str.casefold() == key] if key else hits
    if len(hits) == 1:
        return hits.iloc[0].to_dict()
    if len(hits) > 1:
        several = ", ".join(map(visible, hits["account_id"].head(5)))
        raise ParameterError(
            f"{len(hits)} accounts are called {visible(wanted)!r}: give the id, e.g. {several}."
        )
    known = [*ids, *(name for name in names if name)]
    raise ParameterError(
        f"no account has the id or the name {visible(wanted)!r} in this run."
        f"{near_miss(wanted.strip(), known)} The accounts are in "
        "tables/01_data_audit/accounts.parquet."
    )


def _earlier(dates: pd.Index, as_of: pd.Timestamp) -> pd.Timestamp | None:
    """Return the snapshot nearest to 90 days before, if one is near enough."""
    past = [pd.Timestamp(date) for date in dates if date < as_of]
    if not past:
        return None
    target = as_of - pd.Timedelta(days=DAYS_BEFORE)
    nearest = min(past, key=lambda date: abs(date - target))
    return nearest if abs(nearest - target).days <= TOLERANCE_DAYS else None


def _at(mine: pd.DataFrame, date: pd.Timestamp | None) -> "pd.Series[Any]":
    if date is None or date not in mine.index:
        return pd.Series(dtype=object)
    return mine.loc[[date]].iloc[0].astype(object)
