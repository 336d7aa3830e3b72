import pandas as pd
import pytest

from helpers.segments import segment_accounts
from helpers.segments.carry import carry_names, compare_with_quarter_before, usual_number
from helpers.segments.levels import RISING
from helpers.segments.names import MARGIN
from helpers.segments.selection import Rule
from helpers.segments.study import segment_in_line
from tests.segments.frames import AS_OF, make_dictionary, make_features

BEFORE = AS_OF - pd.Timedelta(days=90)
QUICK = Rule(n_draws=2, n_chance=1, n_gap=1)


def segment(features, **options):
    options = {"seed": 1, "k_min": 4, "k_max": 4, "rule": QUICK} | options
    return segment_accounts(features, make_dictionary(features), **options)


@pytest.fixture(scope="module")
def quarters():
    """The same accounts a quarter ago and now, and the run of a quarter ago."""
    now = make_features(240, seed=5).sort_values("account_id")
    then = now.assign(as_of=BEFORE)
    both = pd.concat([then, now], ignore_index=True)
    return both, segment(then), segment(both)


def test_segments_of_the_same_accounts_go_on(quarters):
    features, before, today = quarters
    found, continuity = carry_names(features, today, before.assignments)
    table = continuity.table
    assert set(table["status"]) == {"goes on"}
    assert (table["segment"] == table["segment_before"]).all()
    assert continuity.agreement == 1.0
    assert (table["overlap"] == 1).all()
    assert found.assignments.equals(today.assignments)
    assert continuity.emerging.empty


def test_a_name_is_kept_where_the_family_is_the_same(quarters):
    features, before, today = quarters
    earlier = before.assignments.copy()
    earlier["segment"] = earlier["segment"].replace("Power Users", "Champions")
    found, continuity = carry_names(features, today, earlier)
    assert "Champions" in set(found.newest["segment"])
    assert "Power Users" not in set(found.assignments["segment"])
    assert "Power Users" not in set(found.assignments["neighbour"])
    row = continuity.table.set_index("segment").loc["Champions"]
    assert row["status"] == "goes on"
    told = found.naming.set_index("segment").loc["Champions", "rule"]
    assert "by today's numbers alone: Power Users" in told


def test_a_name_does_not_outlive_what_it_says(quarters):
    features, before, today = quarters
    earlier = before.assignments.copy()
    earlier["segment"] = earlier["segment"].replace("At Risk", "Scaling Champions")
    found, continuity = carry_names(features, today, earlier)
    assert "At Risk" in set(found.newest["segment"])
    row = continuity.table.set_index("segment").loc["At Risk"]
    assert row["status"] == "renamed"
    assert row["reason"] == "no longer what Scaling Champions says"


@pytest.mark.parametrize(("short_of", "status"), [(0.5, "goes on"), (2.0, "renamed")])
def test_a_name_does_not_change_for_a_point_more_or_less(quarters, short_of, status):
    """Growing accounts are those whose use rises; a little below that bound the name is kept."""
    features, before, today = quarters
    earlier = before.assignments.copy()
    earlier["segment"] = earlier["segment"].replace("Power Users", "Scaling Champions")
    power = today.newest.index[today.newest["segment"] == "Power Users"]
    close, name = features.copy(), "events__change_30d"
    now = close["as_of"] == AS_OF
    usual = close.loc[now, name].median()
    rise = RISING - short_of * MARGIN  # beyond what the season brings
    close.loc[now & close["account_id"].isin(power), name] = (1 + rise) * (1 + usual) - 1

    found, continuity = carry_names(close, today, earlier)

    row = continuity.table.set_index("segment_before").loc["Scaling Champions"]
    assert row["status"] == status
    kept = status == "goes on"
    assert ("Scaling Champions" in set(found.newest["segment"])) == kept
    told = "the nearest, and no further than 7% from what Scaling Champions says"
    assert (row["reason"] == told) == kept


def test_an_alarm_is_not_kept_alive_by_being_near(quarters):
    features, before, today = quarters
    earlier = before.assignments.copy()
    earlier["segment"] = earlier["segment"].replace("Casual Users", "At Risk (low activity)")
    casual = today.newest.index[today.newest["segment"] == "Casual Users"]
    close, name = features.copy(), "events__change_30d"
    now = close["as_of"] == AS_OF
    close.loc[now & ~close["account_id"].isin(casual), name] += 0.6  # the season is good to others
    close.loc[now & close["account_id"].isin(casual), name] -= 0.13
    found, continuity = carry_names(close, today, earlier)
    row = continuity.table.set_index("segment_before").loc["At Risk (low activity)"]
    assert (row["segment"], row["status"]) == ("Casual Users", "renamed")
    assert "At Risk (low activity)" not in set(found.newest["segment"])


def test_a_segment_that_moved_far_but_is_called_the_same_has_not_emerged(quarters):
    features, before, today = quarters
    casual = before.assignments["segment"] == "Casual Users"
    few = before.assignments[~casual | (before.assignments.index % 9 == 0)]
    hidden = set(few.loc[few["segment"] == "Casual Users", "account_id"])
    far, then = features.copy(), features["as_of"] == BEFORE
    mine = then & far["account_id"].isin(hidden)
    for name in ("adoption__share_90d", "features_used__n_30d", "stickiness_30d"):
        if name in far:
            far.loc[mine, name] *= 3
    _, continuity = carry_names(far, today, few)
    row = continuity.table.set_index("segment_before").loc["Casual Users"]
    assert row["distance"] > row["limit"]
    assert (row["status"], row["segment"]) == ("goes on", "Casual Users")
    assert continuity.emerging.empty


def test_without_a_run_before_segments_keep_the_names_of_the_page(quarters):
    features, _, today = quarters
    names = set(today.naming["segment"])
    alone = compare_with_quarter_before(features, make_dictionary(features), today, seed=1)
    assert set(alone.table["segment"]) - {""} == names


def test_an_emerging_segment_is_told():
    """A quarter ago nobody was at risk; the accounts of now are new in this behaviour."""
    now = make_features(240, seed=5).sort_values("account_id")
    calm = now[now.index == "casual"].head((now.index == "at risk").sum())
    then = now.assign(as_of=BEFORE).reset_index(names="kind")
    risky = then["kind"] == "at risk"
    for column in then.columns.difference(["account_id", "as_of", "kind"]):
        then.loc[risky, column] = calm[column].to_numpy()
    then = then.drop(columns="kind")
    before = segment(then, k_min=3, k_max=3)
    features = pd.concat([then, now], ignore_index=True)
    _, continuity = carry_names(features, segment(features), before.assignments)
    assert continuity.emerging["segment"].tolist() == ["At Risk"]
    alone = compare_with_quarter_before(
        features, make_dictionary(features), segment(features), seed=1
    )
    assert "At Risk" in set(alone.emerging["segment"])


def test_what_cannot_be_carried_says_why(quarters):
    features, before, today = quarters
    assert carry_names(features, today, None)[1].note == "there is no run before this one"
    far = before.assignments.assign(as_of=BEFORE - pd.Timedelta(days=200))
    assert carry_names(features, today, far)[1].note.startswith("no snapshot lies within 45 days")
    rules = before.assignments.assign(cluster=pd.array([pd.NA] * len(before.assignments), "Int64"))
    assert carry_names(features, today, rules)[1].note == "the run before found no clusters"
    few = before.assignments.head(3)
    assert "fewer than 5 accounts" in carry_names(features, today, few)[1].note
    assert usual_number(None) is None
    assert usual_number(rules) is None
    assert usual_number(before.assignments) == 4


def test_the_number_of_the_run_before_wins_a_near_tie_only():
    from helpers.segments.selection import choose
    from tests.segments.test_cluster import measured

    picked = choose(measured(), 400, usual=5)
    assert picked.loc[picked["chosen"], "n_clusters"].tolist() == [5]
    picked = choose(measured(), 400, usual=6)  # less separated: no tie
    assert picked.loc[picked["chosen"], "n_clusters"].tolist() == [4]


def test_shuffled_rows_another_thread_count_and_one_account_more_keep_every_name(quarters):
    """One account more may move an account that stands on a border; nobody else."""
    from threadpoolctl import threadpool_limits

    features, before, _ = quarters
    dictionary = make_dictionary(features)
    options = {"seed": 1, "k_min": 4, "k_max": 4, "rule": QUICK}
    base, _ = segment_in_line(features, dictionary, before.assignments, **options)
    shuffled = features.sample(frac=1, random_state=4)
    with threadpool_limits(limits=2):
        again, _ = segment_in_line(shuffled, dictionary, before.assignments, **options)
    assert again.newest["segment"].equals(base.newest["segment"])
    extra = features[features["as_of"] == AS_OF].iloc[[7]].assign(account_id="zzz")
    more, _ = segment_in_line(
        pd.concat([features, extra]), dictionary, before.assignments, **options
    )
    assert set(more.newest["segment"]) == set(base.newest["segment"])
    changed = more.newest["segment"].drop("zzz") != base.newest["segment"]
    assert changed.sum() <= 2
    assert (base.newest.loc[changed, "certainty"] < 0.05).all()
