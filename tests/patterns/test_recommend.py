import numpy as np
import pandas as pd
import pytest

from helpers.patterns import recommend
from helpers.patterns.baskets import Baskets
from helpers.patterns.recommend import CHECK_COLUMNS, COLUMNS, N_SHOWN, recommend_features

KINDS = {
    "makers": ["boards", "sketches", "layers", "exports", "colours", "grids"],
    "sellers": ["leads", "quotes", "mailings", "deals", "forecasts", "targets"],
}


def baskets_of(uses, dates):
    """{(account, date number): set of features} as baskets."""
    rows = sorted(set(uses), key=lambda key: (key[1], key[0]))
    baskets = pd.DataFrame(
        [(n, account, dates[d], False) for n, (account, d) in enumerate(rows)],
        columns=["basket", "account_id", "as_of", "known"],
    )
    items = [(n, f"uses {feature}") for n, key in enumerate(rows) for feature in sorted(uses[key])]
    return Baskets(baskets, pd.DataFrame(items, columns=["basket", "item"]), 30)


def made(n=80, *, seed=0, alike=True):
    """Two kinds of account; each month one more feature is taken up, mostly of its own kind."""
    rng = np.random.default_rng(seed)
    every = [feature for mine in KINDS.values() for feature in mine]
    uses = {}
    for number in range(n):
        kind = KINDS["makers" if number % 2 else "sellers"]
        pool = kind if alike else every
        have = set(rng.choice(pool, 2, replace=False))
        for date in range(6):
            uses[f"a{number:02d}", date] = set(have)
            rest = sorted(set(pool if rng.random() < 0.9 else every) - have)
            if rest and rng.random() < 0.6:
                have.add(str(rng.choice(rest)))
    return baskets_of(uses, pd.date_range("2026-01-01", periods=6, freq="30D"))


def test_accounts_that_look_alike_say_what_comes_next():  # B-12 B-13
    found = recommend_features(made())
    check = found.check.set_index("method")
    assert check.loc["accounts alike", "used"]
    assert not check.loc["popularity", "used"]
    assert check.loc["accounts alike", "hit_rate"] > check.loc["popularity", "hit_rate"] + 0.1
    assert check.loc["accounts alike", "p_value"] < 0.01
    lacking = found.table.groupby("account_id").filter(lambda rows: rows["lift"].max() > 1.3)
    first = lacking[lacking["place"] == 1]
    own = [
        row.feature in KINDS["makers" if int(row.account_id[1:]) % 2 else "sellers"]
        for row in first.itertuples()
    ]
    assert len(own) > 25
    assert np.mean(own) > 0.9
    assert (found.table["low"] <= found.table["confidence"]).all()
    assert (found.table["confidence"] <= found.table["high"]).all()
    assert np.allclose(found.table["lift"], found.table["confidence"] / found.table["base_rate"])


def test_where_nobody_is_alike_popularity_is_taken():
    methods = [
        set(recommend_features(made(seed=seed, alike=False)).table["method"]) for seed in range(6)
    ]
    assert methods.count({"popularity"}) >= 5


def test_nothing_known_is_recommended_and_at_most_three():
    together = made(30)
    found = recommend_features(together).table
    newest = together.baskets["as_of"].max()
    recent = together.baskets[(newest - together.baskets["as_of"]).dt.days < 90]
    held = together.items.merge(recent, on="basket")
    known = set(zip(held["account_id"], held["item"].str.removeprefix("uses "), strict=True))
    assert not known & set(zip(found["account_id"], found["feature"], strict=True))
    assert found.groupby("account_id").size().max() <= N_SHOWN
    assert found["place"].between(1, N_SHOWN).all()


def test_the_hit_rate_is_that_of_a_walk_through_the_months():
    """Popularity by the slow way: of each date, the most used features that an account lacks."""
    together = made(30, seed=2)
    held = together.baskets.merge(together.items, on="basket", how="left")
    uses = held.groupby(["as_of", "account_id"])["item"].agg(set).to_dict()
    dates = sorted(held["as_of"].unique())
    hits = n = 0
    for number, date in enumerate(dates[:-1]):
        here = {a: items for (d, a), items in uses.items() if d == date}
        count = pd.Series([item for items in here.values() for item in items]).value_counts()
        ranked = sorted(
            sorted({i for s in uses.values() for i in s}), key=lambda i: -count.get(i, 0)
        )
        for account in here:
            known = set().union(
                *(uses[d, account] for d in dates[: number + 1] if (date - d).days < 90)
            )
            new = uses[dates[number + 1], account] - known
            if new:
                n += 1
                top = [item for item in ranked if item not in known][:N_SHOWN]
                hits += bool(new & set(top))
    row = recommend_features(together).check.set_index("method").loc["popularity"]
    assert row["n"] == n
    assert row["hit_rate"] == pytest.approx(hits / n)


def test_the_order_of_baskets_changes_nothing():
    together = made(20)
    turned = Baskets(together.baskets.iloc[::-1], together.items.iloc[::-1], 30)
    one, two = recommend_features(together), recommend_features(turned)
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.check, two.check)


def test_without_features_there_is_nothing_to_recommend():
    none = Baskets(
        pd.DataFrame({"basket": [0], "account_id": ["a"], "as_of": [pd.Timestamp("2026-01-01")]}),
        pd.DataFrame({"basket": [0], "item": ["ticket opened"]}),
        30,
    )
    found = recommend_features(none)
    assert tuple(found.table.columns) == COLUMNS
    assert tuple(found.check.columns) == CHECK_COLUMNS
    assert found.check["n"].tolist() == [0, 0]
    assert found.check["used"].tolist() == [True, False]


def test_neighbours_do_not_depend_on_how_many_are_compared_at_once(monkeypatch):
    uses = np.random.default_rng(4).random((57, 9)) < 0.3
    uses[10:14] = uses[3]  # alike to the last bit: ties go by the order of accounts
    whole = recommend.nearest(uses, 6)

    monkeypatch.setattr(recommend, "AT_ONCE", 8)

    np.testing.assert_array_equal(recommend.nearest(uses, 6), whole)
    assert (whole != np.arange(57)[:, None]).all()  # nobody is its own neighbour
    assert set(whole[3][:4]) == {10, 11, 12, 13}
