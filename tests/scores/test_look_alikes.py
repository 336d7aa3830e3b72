import numpy as np
import pandas as pd
import pytest

from helpers.scores.look_alikes import look_alikes, neighbour_learner
from helpers.scores.panel import build_panel
from helpers.scores.upgrades import UPGRADE_INPUTS
from tests.scores.made import HORIZON


def tables(n=200, *, seed=1, planted=True):
    """Accounts that fill their seats upgrade, at three dates; the newest has no outcome yet."""
    rng = np.random.default_rng(seed)
    dates = [pd.Timestamp("2026-01-01") + pd.Timedelta(days=45 * k) for k in range(4)]
    full = rng.random(n)
    rows = []
    for date in dates:
        chance = np.where(full > 0.8, 0.7, 0.03) if planted else np.full(n, 0.15)
        rows.append(
            pd.DataFrame(
                {
                    "account_id": [f"a{i:03d}" for i in range(n)],
                    "as_of": date,
                    "seats__share": np.clip(full + rng.normal(0, 0.02, n), 0, 1),
                    "invites__n_30d": rng.poisson(np.where(full > 0.8, 8, 1)).astype(float),
                    "is_live": True,
                    "upgraded": rng.random(n) < chance,
                }
            )
        )
    table = pd.concat(rows, ignore_index=True)
    known = table["as_of"] + pd.Timedelta(days=HORIZON) <= dates[-1]
    labels = table[["account_id", "as_of"]].assign(
        horizon_days=HORIZON, upgraded=table["upgraded"].astype("boolean").where(known)
    )
    return table.drop(columns="upgraded"), labels


def panel_of(*made):
    return build_panel(*made, inputs=UPGRADE_INPUTS, target="upgraded")


@pytest.fixture(scope="module")
def panel():
    return panel_of(*tables())


def test_accounts_like_those_that_upgraded_are_listed(panel):  # P-08
    table = look_alikes(panel)

    now = panel.rows[panel.at(panel.newest)].reset_index(drop=True)
    share = panel.recorded[panel.at(panel.newest)]["seats__share"].reset_index(drop=True)
    full = set(now.loc[share > 0.8, "account_id"])
    first = set(table["account_id"].head(len(full)))
    assert len(full & first) / len(full) > 0.9
    assert (table["share"] > table["base_rate"]).all()
    assert (table["low"] <= table["share"]).all()
    assert (table["share"] <= table["high"]).all()


def test_neighbours_are_other_accounts_that_did_upgrade(panel):
    known = panel.rows[panel.known_at(panel.newest)]
    upgraded = {
        f"{account} on {date:%Y-%m-%d}"
        for account, date in known.loc[known["outcome"] > 0, ["account_id", "as_of"]].values
    }
    for row in look_alikes(panel).head(20).itertuples():
        assert 1 <= len(row.alike) <= 3
        assert set(row.alike) <= upgraded
        assert not any(text.startswith(f"{row.account_id} ") for text in row.alike)
        assert len({text.split(" on ")[0] for text in row.alike}) == len(row.alike)
        assert row.n_upgraded <= row.n_alike <= 25


def test_what_they_have_in_common_is_told_in_numbers(panel):
    first = look_alikes(panel).iloc[0]

    assert first["because"]
    assert any("seats in use" in text or "invitations" in text for text in first["because"])


def test_the_nearest_are_those_of_the_slow_twin():
    rng = np.random.default_rng(0)
    rows, asked = rng.normal(size=(90, 3)), rng.normal(size=(7, 3))
    outcome = (rng.random(90) < 0.3).astype(float)

    scores = neighbour_learner(5)(rows, outcome, np.zeros(90, np.int64))(rows, outcome)(asked)

    spread, centre = rows.std(axis=0), rows.mean(axis=0)
    scaled = np.clip((rows - centre) / spread, -4, 4)
    base = (outcome.sum() + 0.5) / 91
    for number, point in enumerate(np.clip((asked - centre) / spread, -4, 4)):
        near = np.argsort(((scaled - point) ** 2).sum(axis=1))[:5]
        share = (outcome[near].sum() + 5 * base) / 10
        assert scores[number] == pytest.approx(np.log(share / (1 - share)), abs=1e-6)


def test_names_do_not_matter(panel):
    features, labels = tables()
    renamed = {f"a{i:03d}": f"z{999 - i:03d}" for i in range(200)}
    other = panel_of(
        *(t.assign(account_id=t["account_id"].map(renamed)) for t in (features, labels))
    )

    first = look_alikes(panel).set_index("account_id")["share"].rename(renamed).sort_index()
    second = look_alikes(other).set_index("account_id")["share"].sort_index()

    pd.testing.assert_series_equal(first, second, check_index_type=False)


def test_without_upgrades_nobody_is_listed():
    features, labels = tables()
    none = labels.assign(upgraded=labels["upgraded"].where(labels["upgraded"].isna(), False))

    assert look_alikes(panel_of(features, none)).empty
