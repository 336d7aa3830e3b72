"""The three worked rules, recomputed from the raw files as an analyst would."""

import json

import pandas as pd
import pytest

from tests.sources.demo.conftest import Written

END = pd.Timestamp("2026-07-01")


@pytest.fixture(scope="module")
def outcomes(brightdesk: Written) -> pd.DataFrame:
    table = brightdesk.csv("cs/outcomes.csv")
    when = pd.to_datetime(table["when"], utc=True).dt.tz_convert("Europe/Berlin")
    return table.assign(day=when.dt.tz_localize(None).dt.normalize())


@pytest.fixture(scope="module")
def snapshots(brightdesk: Written, outcomes: pd.DataFrame) -> list[tuple[pd.Timestamp, list[str]]]:
    """Days 30 apart whose next 90 days are known, with the accounts live on them."""
    accounts = brightdesk.csv("crm/accounts.csv").set_index("customer_id")
    signup = pd.to_datetime(accounts["created_at"], utc=True).dt.tz_localize(None).dt.normalize()
    left = outcomes[outcomes["what"] == "churned"].set_index("customer_id")["day"]
    left = left.reindex(signup.index).fillna(pd.Timestamp("2099-01-01"))
    days = [END - pd.Timedelta(days=90 + 30 * k) for k in range(11)]
    return [(day, list(signup.index[(signup < day) & (left >= day)])) for day in days]


def test_premium_feature_a_comes_with_feature_b(brightdesk: Written) -> None:
    #
    found = brightdesk.frame(
        """WITH w AS (SELECT a, date_diff('day', d, DATE '2026-06-30') // 30 AS k,
             max((e = 'automation_run')::INT) x, max((e = 'workload_planned')::INT) y
           FROM ev GROUP BY 1, 2)
        SELECT avg(x) share_a, avg(y) share_b, sum(x * y) / sum(x) confidence FROM w WHERE k < 15"""
    ).iloc[0]
    row = brightdesk.planted.loc["A-02.confidence"]
    assert found["confidence"] == pytest.approx(row["realised"], abs=1e-6)
    assert found["confidence"] == pytest.approx(0.85, abs=row["tolerance"])
    assert 0.24 < found["share_a"] < 0.36
    assert 0.32 < found["share_b"] < 0.45


def test_ticket_and_bulk_import_have_the_realised_lift(
    brightdesk: Written, outcomes: pd.DataFrame, snapshots: list[tuple[pd.Timestamp, list[str]]]
) -> None:
    #
    imports = brightdesk.frame("SELECT DISTINCT a, d FROM ev WHERE e = 'bulk_import_run'")
    lines = (brightdesk.folder / "support/tickets.jsonl").read_text().splitlines()
    tickets = pd.DataFrame(map(json.loads, lines))
    tickets["day"] = pd.to_datetime(tickets["opened"], format="%Y-%m-%d %H:%M:%S", errors="coerce")
    tickets["a"] = tickets["org"].str.strip().str.upper()
    left = outcomes[outcomes["what"] == "churned"]
    n = hits = exposed = both = 0
    for day, live in snapshots:
        since, alive = day - pd.Timedelta(days=30), set(live)
        seen = set(imports[(imports.d >= since) & (imports.d < day)].a) & alive
        seen &= set(tickets[(tickets.day >= since) & (tickets.day < day)].a)
        gone = set(left[(left.day >= day) & (left.day < day + pd.Timedelta(days=90))].customer_id)
        gone &= alive
        n, hits = n + len(alive), hits + len(gone)
        exposed, both = exposed + len(seen), both + len(seen & gone)
    row = brightdesk.planted.loc["A-03.lift"]
    assert (both / exposed) / (hits / n) == pytest.approx(row["realised"], rel=0.02)
    assert row["realised"] == pytest.approx(3.2, abs=row["tolerance"])
    assert 0.07 < exposed / n < 0.12


def test_many_invitations_come_before_an_annual_plan(
    brightdesk: Written, outcomes: pd.DataFrame, snapshots: list[tuple[pd.Timestamp, list[str]]]
) -> None:
    #
    invites = brightdesk.frame("SELECT a, d FROM ev WHERE e = 'user_invited'")
    annual = outcomes[outcomes["reason"] == "annual plan"]
    assert (annual["mrr_change"] > 0).all()
    exposed = both = 0
    for day, live in snapshots:
        recent = invites[(invites.d >= day - pd.Timedelta(days=30)) & (invites.d < day)]
        many = recent.a.value_counts()
        many = many[(many > 5) & many.index.isin(live)].index
        soon = annual[(annual.day >= day) & (annual.day < day + pd.Timedelta(days=90))]
        exposed, both = exposed + len(many), both + many.isin(soon.customer_id).sum()
    row = brightdesk.planted.loc["A-04.confidence"]
    assert exposed > 40
    assert both / exposed == pytest.approx(row["realised"], abs=0.03)
    assert row["realised"] == pytest.approx(0.67, abs=row["tolerance"])


def test_an_annual_plan_shows_in_the_subscription_and_the_invoices(
    brightdesk: Written, outcomes: pd.DataFrame
) -> None:
    terms = brightdesk.csv("billing/subscriptions.csv")
    annual = outcomes[outcomes["reason"] == "annual plan"]
    for account, day in zip(annual["customer_id"], annual["day"], strict=True):
        mine = terms[(terms.customer_id == account) & (terms.valid_from >= f"{day:%Y-%m-%d}")]
        assert mine.iloc[0]["billing_period"] == "annual", account
        before = terms[(terms.customer_id == account) & (terms.valid_from < f"{day:%Y-%m-%d}")]
        assert before.iloc[-1]["billing_period"] == "monthly", account


def test_every_churn_ends_subscription_and_status(
    brightdesk: Written, outcomes: pd.DataFrame
) -> None:
    # D-16
    left = set(outcomes[outcomes["what"] == "churned"].customer_id)
    accounts = brightdesk.csv("crm/accounts.csv")
    assert set(accounts[accounts.status == "cancelled"].customer_id) == left
    last = brightdesk.csv("billing/subscriptions.csv").groupby("customer_id").tail(1)
    assert set(last[last.valid_to.notna()].customer_id) == left
    assert len(left) == brightdesk.planted.loc["D-16.churned", "realised"]
    upgrades = (outcomes["what"] == "upgraded").sum()
    assert upgrades == brightdesk.planted.loc["D-16.upgraded", "realised"]
