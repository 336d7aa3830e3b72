import numpy as np
import pandas as pd
import pytest

from helpers.errors import ParameterError
from helpers.segments import (
    composition,
    describe_segments,
    follow_segments,
    segment_accounts,
)
from helpers.segments import profiles as profiles_module
from helpers.segments.agreement import adjusted_rand
from helpers.segments.selection import Rule
from helpers.segments.vocabulary import FAMILY_NAMES
from tests.segments.frames import AS_OF, NAMES, SHARES, kinds_of, make_dictionary, make_features

QUICK = Rule(n_draws=4, n_chance=2)


def segments_of(segmentation):
    return segmentation.assignments.set_index("account_id")["segment"]


def run(features, **options):
    options = {"seed": 1, "rule": QUICK, "k_min": 4, "k_max": 4} | options
    return segment_accounts(features, make_dictionary(features), **options)


def test_planted_segments_are_found_named_and_sized(planted):  # G-01, G-07, G-08, G-11
    features, segmentation = planted
    found = segments_of(segmentation)
    truth = kinds_of(features).map(NAMES)
    assert set(found) == set(NAMES.values())
    assert adjusted_rand(truth, found.reindex(truth.index)) > 0.8
    shares = found.value_counts(normalize=True)
    for kind, name in NAMES.items():
        assert shares[name] == pytest.approx(SHARES[kind], abs=0.04)
    assert segmentation.agreement > 0.6  # G-05
    assert segmentation.reason == ""


def test_every_account_has_one_of_each(planted):
    features, segmentation = planted
    table = segmentation.assignments
    assert len(table) == len(features)
    columns = ["segment", "rfm_segment", "lifecycle_stage", "engagement_level", "certainty"]
    assert table[columns].notna().all(axis=None)
    assert table["certainty"].between(0, 1).all()


def test_row_order_and_account_names_change_nothing(planted):
    features, _ = planted
    base = run(features)
    renamed = features.assign(account_id=features["account_id"].str.replace("acc", "zz"))
    shuffled = renamed.sample(frac=1, random_state=2)
    again = segments_of(run(shuffled))
    again.index = again.index.str.replace("zz", "acc")
    assert again.reindex(segments_of(base).index).equals(segments_of(base))


def test_fault_E14_one_more_account_keeps_the_names(planted):
    features, _ = planted
    base = segments_of(run(features))
    extra = features.iloc[[0]].assign(account_id="acc-9999", adoption__share_90d=0.5)
    more = segments_of(run(pd.concat([features, extra])))
    assert set(more) == set(base)
    assert (more.reindex(base.index) == base).mean() > 0.98


@pytest.mark.parametrize("column", ["events__n_30d", "adoption__share_90d", "nps_last"])
def test_units_change_no_segment(planted, column):  # F-21
    features, _ = planted
    scaled = run(features.assign(**{column: 1000 * features[column]}))
    base = run(features).assignments.set_index("account_id")["cluster"]
    assert adjusted_rand(base, scaled.assignments.set_index("account_id")["cluster"]) == 1.0


@pytest.mark.parametrize("n", [0, 1, 2, 29])
def test_fault_E01_too_few_accounts_are_named_by_rule(planted, n):
    features, _ = planted
    few = features.iloc[:n]
    segmentation = run(few)
    assert segmentation.reason == f"needs at least 30 live accounts, there are {n}"
    assert segmentation.warnings[0].startswith("No clusters: needs at least 30")
    assert len(segmentation.assignments) == n
    assert segmentation.assignments["cluster"].isna().all()
    assert segmentation.assignments["segment"].notna().all()
    assert not segmentation.selection["chosen"].any()
    profiles, people = describe_segments(few, segmentation)
    assert people["n_accounts"].sum() == n
    assert set(profiles["segment"]) == set(segmentation.assignments["segment"])
    assert {"traits", "because", "family", "touch", "owner"} <= set(people.columns)
    movement = follow_segments(few, segmentation, seed=1)
    assert movement.migration.empty
    assert composition(segmentation)["n_accounts"].sum() == n


def test_fault_E06_without_structure_segments_follow_the_rules():
    rng = np.random.default_rng(0)
    features = make_features(120).query("kind == 'casual'")
    blurred = pd.concat([features] * 4, ignore_index=True)
    blurred["account_id"] = [f"acc-{i:03d}" for i in range(len(blurred))]
    for name in blurred.select_dtypes("float"):
        if name != "age_days":
            blurred[name] = rng.normal(10, 1, len(blurred))
    segmentation = run(blurred, k_max=8)
    assert segmentation.reason.startswith("no structure found")
    assert segmentation.assignments["cluster"].isna().all()
    assert set(segmentation.assignments["segment"]) <= set(FAMILY_NAMES.values())
    assert segmentation.naming.empty
    assert np.isnan(segmentation.agreement)


def test_fault_E05_all_features_constant():
    features = make_features(60)
    numbers = features.select_dtypes("float").columns.difference(["age_days"])
    flat = features.assign(**dict.fromkeys(numbers, 1.0), is_short_history=False)
    assert run(flat).reason == "no feature of behaviour varies between accounts"


def test_accounts_no_longer_live_are_churned_and_in_no_cluster(planted):
    features, _ = planted
    gone = features.reset_index(drop=True)
    gone.loc[:9, "is_live"] = False
    table = run(gone).assignments.set_index("account_id")
    left = table.loc[gone.loc[:9, "account_id"]]
    assert set(left["segment"]) == {"Churned"}
    assert left["cluster"].isna().all()
    assert left["rfm_segment"].isna().all()
    assert set(left["lifecycle_stage"]) == {"Churned"}


def test_earlier_dates_are_put_on_the_newest_map(planted):  # O-02
    features, _ = planted
    earlier = features.assign(as_of=AS_OF - pd.Timedelta(days=90))
    both = run(pd.concat([earlier, features]))
    alone = run(features)
    newest = both.assignments[both.assignments["as_of"] == AS_OF]
    oldest = both.assignments[both.assignments["as_of"] != AS_OF]
    assert newest["segment"].tolist() == alone.assignments["segment"].tolist()
    assert oldest["segment"].tolist() == newest["segment"].tolist()  # the same behaviour


def test_more_than_seven_or_fewer_than_four_segments_warn(planted):  # G-02, Z-01
    features, _ = planted
    coarse = run(features, k_min=2, k_max=2)
    assert "2 segments are too coarse" in " ".join(coarse.warnings)
    fine = Rule(
        n_draws=3, n_chance=1, min_share=0.0, min_accounts=1, min_stability=0, min_jaccard=0
    )
    many = run(features, k_min=10, k_max=10, rule=fine)
    assert "10 segments: more than seven overwhelm a team" in " ".join(many.warnings)


def test_impossible_numbers_are_refused(planted):
    features, _ = planted
    with pytest.raises(ParameterError, match="expected 2 <= k_min <= k_max, got k_min=5, k_max=4"):
        run(features, k_min=5, k_max=4)


def test_profiles_by_hand(planted):  # G-07
    features, segmentation = planted
    profiles, people = describe_segments(features, segmentation)
    segments = features["account_id"].map(segments_of(segmentation)).to_numpy()
    power = features[segments == "Power Users"]
    row = profiles.query("segment == 'Power Users' and metric == 'adoption__share_90d'").iloc[0]
    assert row["mean"] == pytest.approx(power["adoption__share_90d"].mean())
    assert row["overall_mean"] == pytest.approx(features["adoption__share_90d"].mean())
    others = features[segments != "Power Users"]["adoption__share_90d"]
    assert row["rest_mean"] == pytest.approx(others.mean())
    assert row["n_accounts"] == len(power)
    assert row["mrr"] == pytest.approx(power["mrr"].sum())
    assert row["low"] < row["effect"] < row["high"]
    assert row["effect"] > 1
    absent = profiles.query("metric == 'tenure_days'")
    assert len(absent) == 4
    assert absent["effect"].isna().all()
    assert people["share"].sum() == pytest.approx(1)
    assert people["mrr_share"].sum() == pytest.approx(1)
    traits = people.set_index("segment")["traits"]
    assert any("share of features in use" in text for text in traits["Power Users"])
    assert people.set_index("segment").loc["At Risk", "objective"] == "retention"


def test_effects_are_against_the_rest_with_the_interval_of_welch():  # G-07
    from scipy import stats

    rng = np.random.default_rng(4)
    values = pd.Series(np.r_[rng.normal(3, 1, 60), rng.normal(0, 2, 20)])
    members = np.arange(80) < 60
    row = profiles_module._compare(values, members)
    tamed = values.clip(values.quantile(0.01), values.quantile(0.99))
    mine, rest = tamed[members], tamed[~members]
    size = tamed.std(ddof=0)
    told = stats.ttest_ind(mine, rest, equal_var=False).confidence_interval(0.95)
    assert row["effect"] == pytest.approx((mine.mean() - rest.mean()) / size)
    assert (row["low"], row["high"]) == pytest.approx((told.low / size, told.high / size))
    whole = profiles_module._compare(values, np.ones(80, dtype=bool))
    assert np.isnan(whole["effect"])  # nobody is left to compare with


def test_shuffled_segments_differ_in_nothing(planted):
    features, segmentation = planted
    shuffled = features.sample(frac=1, random_state=8)
    mixed = features.assign(account_id=shuffled["account_id"].to_numpy())
    profiles, _ = describe_segments(mixed, segmentation)
    effects = profiles.dropna(subset="effect")
    outside = (effects["low"] > 0) | (effects["high"] < 0)
    assert outside.mean() < 0.15


@pytest.mark.parametrize("seed", [0, 1])
def test_columns_dealt_out_anew_have_no_structure(planted, seed):
    """Each feature keeps its own distribution; what goes together does not go together now."""
    features, _ = planted
    rng = np.random.default_rng(seed)
    dealt = features.reset_index(drop=True)
    for name in dealt.columns.difference(["account_id", "as_of", "is_live"]):
        dealt[name] = dealt[name].to_numpy()[rng.permutation(len(dealt))]
    found = run(dealt, k_max=6, rule=Rule(n_draws=3, n_gap=1))
    assert found.reason.startswith("no structure found")
    assert found.young_cluster is None


def test_new_accounts_have_one_name_whatever_their_median_age(planted):
    features, _ = planted
    younger = features.assign(age_days=features["age_days"].mask(features["age_days"] < 90, 10.0))
    assert set(segments_of(run(younger))) == set(NAMES.values())
    assert run(younger).naming["rule"].iloc[-1] == "in the first 90 days"


def test_many_accounts_are_clustered_in_batches_as_few_are(planted, monkeypatch):
    """The route for large companies on a small one: the same kinds, the same names."""
    from helpers.segments import cluster

    features, base = planted
    monkeypatch.setattr(cluster, "MAX_FULL_ACCOUNTS", 50)
    monkeypatch.setattr(cluster, "CHUNK", 7)
    batched = segments_of(run(features))
    same = batched.reindex(segments_of(base).index) == segments_of(base)
    assert same.mean() > 0.97
