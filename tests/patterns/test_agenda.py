"""Advanced features for a business review: B-10."""

import numpy as np
import pandas as pd

from helpers.patterns.agenda import (
    AGENDA_COLUMNS,
    IN_USE_DAYS,
    MIN_USING,
    N_ITEMS,
    advanced_features,
)
from helpers.patterns.contact import read_marked
from helpers.patterns.reading import open_patterns
from tests.patterns.made import make_feature_days
from tests.patterns.small import CATALOGUE, accounts, events, small_run

MARKED = ("automations", "timeline", "workload")


def two_kinds():
    """Thirty makers of whom most use the timeline, thirty sellers of whom most automate."""
    days = {}
    for number in range(30):
        days[f"m{number:02d}"] = {"boards": 40, "sketches": 9} | (
            {"timeline": 12} if number < 24 else {}
        )
        days[f"s{number:02d}"] = {"leads": 40, "quotes": 9} | (
            {"automations": 12} if number < 18 else {}
        )
    days["s29"] |= {"timeline": 5}
    days["m29"] |= {"timeline": IN_USE_DAYS - 1}  # tried twice: hardly used
    return days


def test_what_alike_accounts_use_comes_with_both_shares():  # B-10
    table = advanced_features(make_feature_days(two_kinds()), MARKED)

    maker, seller = (table[table["account_id"] == name].iloc[0] for name in ("m29", "s28"))
    assert (maker["feature"], seller["feature"]) == ("timeline", "automations")
    assert (maker["n_using"], maker["n_alike"], maker["own_days"]) == (24, 25, IN_USE_DAYS - 1)
    assert maker["share"] == 24 / 25
    assert maker["base_rate"] == 25 / 60
    assert maker["low"] < maker["share"] < maker["high"]
    assert table["marked"].all()
    assert tuple(table.columns) == AGENDA_COLUMNS


def test_what_is_in_use_or_used_by_nobody_alike_is_not_on_it():  # B-10
    days = make_feature_days(two_kinds())
    table = advanced_features(days, MARKED)

    used = days[days["n_days"] >= IN_USE_DAYS]
    pairs = set(zip(used["account_id"], used["feature"], strict=True))
    assert not pairs & set(zip(table["account_id"], table["feature"], strict=True))
    assert "workload" not in set(table["feature"])  # nobody uses it
    assert table["n_using"].min() >= MIN_USING
    assert "m00" not in set(table["account_id"])  # no maker automates, and it has the timeline


def test_what_the_alike_use_less_than_all_others_speaks_for_nobody():  # B-10
    days = two_kinds()
    for number in range(6):
        days[f"m{number:02d}"] |= {"automations": 9}  # of makers a fifth, of all two fifths
    table = advanced_features(make_feature_days(days), MARKED)

    makers = table[table["account_id"].str.startswith("m")]
    assert "automations" not in set(makers["feature"])
    assert (table["share"] > table["base_rate"]).all()
    assert "automations" in set(table["feature"])  # for sellers


def test_most_used_by_the_alike_first_and_four_at_most():  # B-10
    rng = np.random.default_rng(3)
    names = [f"f{number}" for number in range(8)]
    chances = np.linspace(0.9, 0.2, 8)
    days = {
        f"a{number:02d}": {"boards": 40}
        | {name: 9 for name, chance in zip(names, chances, strict=True) if rng.random() < chance}
        for number in range(60)
    } | {"none": {"boards": 40}}
    table = advanced_features(make_feature_days(days), names)

    mine = table[table["account_id"] == "none"]
    assert mine["n_using"].is_monotonic_decreasing
    assert mine["place"].tolist() == [1, 2, 3, 4]
    assert table.groupby("account_id").size().max() == N_ITEMS


def test_where_nothing_is_marked_rare_features_stand_in_and_say_so():  # B-10
    table = advanced_features(make_feature_days(two_kinds()), ())

    assert not table["marked"].any()
    shares = table.drop_duplicates("feature").set_index("feature")["base_rate"]
    assert shares.max() < 0.5
    assert table[table["account_id"] == "m29"]["feature"].tolist() == ["timeline"]


def test_a_shop_has_articles_and_no_agenda():
    days = {
        f"a{number:02d}": {f"article {n}": 5 for n in range(number, number + 60)}
        for number in range(60)
    }
    assert advanced_features(make_feature_days(days), ()).empty
    assert advanced_features(make_feature_days({}), MARKED).empty


def test_the_catalogue_says_what_is_advanced(tmp_path):  # B-10
    log = events(("A", "A-1", "automation_run", "2026-06-30 09:00"))
    tables = {"accounts": accounts("A"), "events": log}
    for number, (catalogue, marked) in enumerate(
        [
            (CATALOGUE, ("automations",)),
            (CATALOGUE.assign(premium=False), ()),
            (CATALOGUE.assign(premium=pd.array([None] * 4, "boolean")), ()),
        ]
    ):
        given = tables | {"feature_catalogue": catalogue}
        run = small_run(tmp_path / str(number), given)
        with open_patterns(run) as staged:
            assert read_marked(staged) == marked


def test_order_and_names_of_rows_change_nothing():
    days = make_feature_days(two_kinds())
    shuffled = days.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        advanced_features(days, MARKED), advanced_features(shuffled, MARKED)
    )
