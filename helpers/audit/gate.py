"""The last look before publication: tables that contradict each other are not published."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from helpers.artifacts import Run
from helpers.audit.drift import jumps
from helpers.config import CompanyConfig
from helpers.contract import OUTPUTS
from helpers.contract.outputs import COMPANY_WIDE
from helpers.errors import GateError

__all__ = ["gate"]


def gate(run: Run, config: CompanyConfig, notebooks: Sequence[str]) -> None:
    """Refuse to publish what cannot be right.

    Parameters
    ----------
    run : Run
        Whose stage holds the tables.
    config : CompanyConfig
        In force; its as-of date must be the newest in the tables.
    notebooks : sequence of str
        Those that were run.

    Raises
    ------
    GateError
        With every reason at once: rows lost, infinite values, an account twice or not
        in ``accounts``, an account that opted out, a probability outside [0, 1], a median of the
        data that has jumped since the run before.
    """
    problems: list[str] = []
    for notebook in notebooks:
        for table in OUTPUTS[notebook]:
            frame = run.read(notebook, table)
            problems += _infinite(frame, f"{notebook}/{table}")
    problems += _reconciled(run.read("01_data_audit", "reconciliation"))
    accounts = run.read("01_data_audit", "accounts", columns=["account_id", "opted_out"])
    out = set(accounts.loc[accounts["opted_out"].fillna(False).astype(bool), "account_id"])
    known = set(accounts["account_id"])
    for notebook in notebooks:
        for table, columns in OUTPUTS[notebook].items():
            if "account_id" in columns:
                frame = run.read(notebook, table)
                company = {COMPANY_WIDE} if table == "alerts" else set()
                problems += _accounts(frame, f"{notebook}/{table}", known | company, out)
                if (notebook, table) in _ONE_ROW_A_DATE:
                    problems += _twice(frame, f"{notebook}/{table}")
    if "06_churn_model" in notebooks:
        problems += _probabilities(run.read("06_churn_model", "predictions"))
    if "02_feature_engineering" in notebooks:
        problems += _dates(run.read("02_feature_engineering", "features", ["as_of"]), config)
    if run.has("01_data_audit", "changes"):
        problems += jumps(run.read("01_data_audit", "changes"))
    if problems:
        raise GateError(
            "computed, but not published, because the results contradict each other or what came "
            "before:\n" + "\n".join(f"  {problem}" for problem in problems)
        )


_ONE_ROW_A_DATE = (
    ("02_feature_engineering", "features"),
    ("02_feature_engineering", "labels"),
    ("03_segmentation", "assignments"),
    ("06_churn_model", "predictions"),
    ("06_churn_model", "health"),
)


def _infinite(frame: pd.DataFrame, name: str) -> list[str]:
    numbers = frame.select_dtypes("number")
    return [
        f"{name}: {column} holds {n:,} infinite values"
        for column in numbers
        if (n := int(np.isinf(numbers[column].to_numpy(float, na_value=np.nan)).sum()))
    ]


def _reconciled(rows: pd.DataFrame) -> list[str]:
    explained = rows["rows_kept"] + rows["rows_quarantined"] + rows["rows_duplicate"]
    wrong = rows[rows["rows_in"] != explained]
    return [
        f"{row.table}: {row.rows_in:,} rows in, but {row.rows_kept:,} kept + "
        f"{row.rows_quarantined:,} quarantined + {row.rows_duplicate:,} duplicate"
        for row in wrong.itertuples()
    ]


def _accounts(frame: pd.DataFrame, name: str, known: set[str], out: set[str]) -> list[str]:
    problems = []
    ids = frame["account_id"].dropna()
    if unknown := sorted(set(ids) - known):
        problems.append(f"{name}: {len(unknown):,} accounts unknown, e.g. {unknown[0]!r}")
    if shown := sorted(set(ids) & out):
        problems.append(f"{name}: {len(shown):,} accounts that opted out, e.g. {shown[0]!r}")
    return problems


def _twice(frame: pd.DataFrame, name: str) -> list[str]:
    n = int(frame.duplicated(["account_id", "as_of"]).sum())
    return [f"{name}: {n:,} accounts twice at one as-of date"] if n else []


def _probabilities(predictions: pd.DataFrame) -> list[str]:
    values = predictions["churn_probability"].astype(float).dropna()
    if len(values) and not values.between(0, 1).all():
        return ["06_churn_model/predictions: a probability outside 0 to 1"]
    if len(values) > 10 and values.eq(values.iloc[0]).all():
        return ["06_churn_model/predictions: every account has the same probability"]
    return []


def _dates(features: pd.DataFrame, config: CompanyConfig) -> list[str]:
    newest = pd.Timestamp(features["as_of"].max())
    if len(features) and newest != pd.Timestamp(config.as_of):
        return [f"features are as of {newest:%Y-%m-%d}, the run as of {config.as_of}"]
    return []
