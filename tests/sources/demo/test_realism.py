"""Beside another simulator's CRM company: where we are alike, and where we differ on purpose."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from tests.sources.demo.conftest import Written

OTHER = Path(__file__).resolve().parents[4] / "shared/data/fightchurn_crm5/events.parquet"


def profile(db: duckdb.DuckDBPyConnection, source: str) -> dict[str, float]:
    """Skew over accounts, share of weekends, concentration over event names, events a day."""
    n = np.sort(db.sql(f"SELECT count(*) n FROM ({source}) GROUP BY a").df().n.to_numpy())
    weekend = db.sql(f"SELECT avg((isodow(d) > 5)::INT) w FROM ({source})").df().w[0]
    share = db.sql(f"SELECT count(*) n FROM ({source}) GROUP BY e").df().n.to_numpy()
    days = db.sql(f"SELECT count(*) n FROM ({source}) GROUP BY a, d").df().n
    rank = 2 * np.arange(1, len(n) + 1) - len(n) - 1
    return {
        "top_tenth": float(n[-len(n) // 10 :].sum() / n.sum()),
        "gini": float(rank @ n / (len(n) * n.sum())),
        "weekend": float(weekend),
        "herfindahl": float(((share / share.sum()) ** 2).sum()),
        "median_active_day": float(days.median()),
    }


def test_skew_is_that_of_a_real_looking_company(brightdesk: Written) -> None:
    ours = profile(brightdesk.db, "SELECT * FROM ev")
    assert 0.40 < ours["top_tenth"] < 0.62
    assert 0.55 < ours["gini"] < 0.75
    assert 0.05 < ours["weekend"] < 0.12
    assert ours["herfindahl"] < 0.15


def test_beside_fight_churn(brightdesk: Written) -> None:
    if not OTHER.is_file():
        pytest.skip("../shared/data/fightchurn_crm5 is not there")
    ours = profile(brightdesk.db, "SELECT * FROM ev")
    other = profile(
        duckdb.connect(),
        f"SELECT account_id a, event_type e, CAST(event_time AS DATE) d FROM '{OTHER}'",
    )
    assert abs(ours["top_tenth"] - other["top_tenth"]) < 0.15
    assert abs(ours["gini"] - other["gini"]) < 0.15
    assert abs(ours["herfindahl"] - other["herfindahl"]) < 0.06
    assert 0.2 < ours["median_active_day"] / other["median_active_day"] < 3
    assert ours["weekend"] < other["weekend"]  # office software, on purpose: docs/demo-company.md
