"""The whole feature table: against the slow twin, and what must not matter."""

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from helpers.errors import ParameterError
from helpers.features import dictionary
from helpers.features.visible import stem
from tests.company import AS_OF, make_config, make_tables
from tests.features.by_hand import at, day, events_on, features_of, one, with_config
from tests.features.naive import dated, naive_features
from tests.features.other_future import other_future

DATES = [AS_OF - pd.Timedelta(days=days) for days in (0, 47, 130)]


@pytest.fixture(scope="module")
def tables():
    return make_tables()


@pytest.fixture(scope="module")
def built(tables):
    return features_of(tables, DATES)


@pytest.mark.parametrize("as_of", DATES)
def test_agrees_with_naive(tables, built, as_of):
    rows = built[built["as_of"] == as_of].set_index("account_id")
    slow = pd.DataFrame(
        {account: naive_features(tables, account, as_of) for account in rows.index}
    ).T.astype(float)
    fast = rows[slow.columns].astype(float).set_axis(slow.index)
    history = (as_of - dated(tables["events"], "occurred_at").min()).days
    for name in slow.columns:  # a window that the events do not cover: empty, not a partial count
        window = dictionary([30, 60, 90]).set_index("feature")["window_days"].get(name)
        if pd.notna(window) and history < window:
            young = slow["age_days"] < history
            slow.loc[~young & fast[name].isna(), name] = np.nan
    assert len(slow.columns) > 100
    assert_frame_equal(fast, slow, check_names=False, rtol=1e-9, atol=1e-9)


def test_columns_are_those_of_the_dictionary_whatever_the_data(tables, built):
    described = dictionary([30, 60, 90])
    assert list(built.columns) == ["account_id", "as_of", *described["feature"]]
    bare = features_of({name: tables[name] for name in ("accounts", "events")})
    assert list(bare.columns) == list(built.columns)
    assert bare.dtypes.equals(built.dtypes)
    assert described["feature"].is_unique


def test_no_value_is_infinite_and_shares_are_shares(built):  # D13
    numbers = built.select_dtypes("number")
    assert not np.isinf(numbers.to_numpy(dtype=float)).any()
    shares = [name for name in numbers if "share" in name and name != "seats__share"]
    assert len(shares) >= 10
    known = numbers[shares].melt()["value"].dropna()
    assert known.between(0, 1).all()


def test_the_order_of_rows_and_the_number_of_threads_change_nothing(tables, built):
    rng = np.random.default_rng(3)
    shuffled = {
        name: frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
        for name, frame in tables.items()
    }
    assert_frame_equal(features_of(shuffled, DATES[::-1], threads=1), built)


def test_the_names_of_accounts_change_nothing(tables, built):
    ids = tables["accounts"]["account_id"]
    renamed = dict(zip(ids, [f"z{index:02d}" for index in range(len(ids))][::-1], strict=True))
    other = {
        name: frame.assign(account_id=frame["account_id"].map(renamed))
        if "account_id" in frame
        else frame
        for name, frame in tables.items()
    }
    back = {new: old for old, new in renamed.items()}
    found = features_of(other, DATES)
    found["account_id"] = found["account_id"].map(back).astype("string")
    found = found.sort_values(["as_of", "account_id"], ascending=[False, True], ignore_index=True)
    assert_frame_equal(found, built)


def test_an_account_that_opted_out_is_not_there(built):  # E-02
    assert "acc-09" not in built["account_id"].tolist()


def test_former_customers_stay_and_are_not_live(built):
    newest = built[built["as_of"] == AS_OF].set_index("account_id")["is_live"]
    assert not newest["acc-07"]  # churned
    assert newest["acc-08"]  # churned and came back
    assert newest.drop("acc-07").all()
    before = built[built["as_of"] == DATES[2]].set_index("account_id")["is_live"]
    assert before["acc-07"]
    assert not before["acc-08"]


def test_accounts_appear_the_day_after_they_sign_up(tables):
    signed_up = dated(tables["accounts"], "signed_up_at").iloc[9]
    dates = [signed_up, signed_up + pd.Timedelta(days=1)]
    found = features_of(tables, dates)
    account = tables["accounts"]["account_id"].iloc[9]
    assert found.loc[found["account_id"] == account, "as_of"].tolist() == [dates[1]]
    assert one(found, account, dates[1])["age_days"] == 1


def test_fault_B10_account_without_events_counts_zero_and_has_no_recency(tables, built):
    silent = one(built, "acc-06")
    assert silent["events__n_90d"] == 0
    assert silent["active_users__n_30d"] == 0
    assert silent["longest_gap_days_90d"] == 90
    assert pd.isna(silent["days_since_last_event"])
    assert pd.isna(silent["error_rate__30d"])
    fewer = {**tables, "accounts": tables["accounts"].query("account_id != 'acc-06'")}
    others = built[(built["as_of"] == AS_OF) & (built["account_id"] != "acc-06")]
    assert_frame_equal(features_of(fewer), others.reset_index(drop=True))


def test_fault_A02_absent_table_gives_missing_values_not_zeros(tables):
    without = ("tickets", "surveys", "messages", "subscriptions", "feature_catalogue", "users")
    found = features_of(tables, [AS_OF, DATES[1]], without=without)
    empty = ["tickets__n_30d", "has_tickets_90d", "tickets_open__n", "nps_last", "messages__n_90d"]
    empty += ["products__n", "core_features_used__n_30d", "users__n", "departments_active__n_30d"]
    assert found[empty].isna().all().all()
    assert found["events__n_30d"].notna().all()
    newest = found["as_of"] == AS_OF  # accounts.mrr is a value of the extract
    assert found.loc[newest, "mrr"].notna().all()
    assert found.loc[~newest, "mrr"].isna().all()
    assert found.loc[newest, "plan"].notna().all()
    assert found.loc[~newest, "plan"].isna().all()


def test_a_role_that_is_not_configured_is_missing_not_zero(tables):
    config = with_config(roles={"pricing_page": [], "login": []})
    found = features_of(tables, config=config)
    assert (
        found[["pricing_page__n_30d", "logins__n_30d", "days_since_last_login"]].isna().all().all()
    )
    assert (found["competitor_search__n_90d"] >= 0).all()


def test_a_source_that_begins_later_is_missing_before(tables):
    late = tables["tickets"][dated(tables["tickets"], "opened_at") >= day(100)]
    found = features_of({**tables, "tickets": late}, [AS_OF, day(120)])
    assert found.loc[found["as_of"] == AS_OF, "tickets__n_90d"].notna().all()
    assert found.loc[found["as_of"] == day(120), "tickets__n_90d"].isna().all()


def test_a_window_longer_than_the_events_is_missing_for_older_accounts(tables):  # C14
    as_of = dated(tables["events"], "occurred_at").min() + pd.Timedelta(days=45)
    old = tables["accounts"].copy()
    old.loc[0, "signed_up_at"] = at(500)
    row = one(features_of({**tables, "accounts": old}, [as_of]), "acc-01", as_of)
    assert row["events__n_30d"] > 0
    assert pd.isna(row["events__n_60d"])
    assert pd.isna(row["events__slope_90d"])
    assert row["is_short_history"]


def test_fault_C12_event_at_midnight_belongs_to_the_day_that_begins():
    rows = pd.DataFrame(
        {
            "account_id": "a",
            "event": "task_created",
            "occurred_at": [at(1, 23.999), at(0, 0.0), at(30, 0.0), at(31, 23.999), at(99)],
        }
    )
    accounts = pd.DataFrame({"account_id": ["a"], "signed_up_at": [at(200)]})
    found = one(features_of({"accounts": accounts, "events": rows}))
    assert found["events__n_30d"] == 2  # [as_of - 30 days, as_of): the first instant counts
    assert found["events__n_60d"] == 3
    assert found["events__n_90d"] == 3


def test_fault_C16_half_a_day_after_the_cutoff_changes_nothing(tables, built):
    half = events_on("acc-01", [0] * 200, user_id="acc-01-u1")
    events = pd.concat([tables["events"], half], ignore_index=True)
    found = features_of({**tables, "events": events}, DATES)
    assert_frame_equal(found, built)


def test_fault_C10_the_zone_of_the_machine_changes_nothing(tables, built, monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    assert_frame_equal(features_of(tables, DATES), built)


@hypothesis.settings(max_examples=5, deadline=None)
@hypothesis.given(
    st.sampled_from([1, 33, 90, 151]), st.integers(0, 99), st.sampled_from(["drop", "replace"])
)
def test_fault_E11_nothing_after_the_cutoff_changes_a_feature(days, seed, how):
    tables = make_tables(weeks=32)
    cutoff = AS_OF - pd.Timedelta(days=days)
    dates = [cutoff, cutoff - pd.Timedelta(days=30)]
    config = make_config(as_of=(AS_OF + pd.Timedelta(days=90)).date().isoformat())
    before = features_of(tables, dates, config=config)
    after = features_of(other_future(tables, cutoff, seed, how), dates, config=config)
    assert_frame_equal(after, before, check_exact=True)


def test_fault_E23_what_customer_success_wrote_down_is_no_feature(tables, built):
    found = features_of(tables, DATES, without=("interventions", "feedback", "calendar"))
    assert_frame_equal(found, built)
    sources = ", ".join(dictionary([30])["sources"])
    assert "feedback" not in sources
    assert "interventions" not in sources


def test_values_that_came_late_are_not_seen_early():
    tables = {
        "accounts": pd.DataFrame({"account_id": ["a"], "signed_up_at": [at(300)]}),
        "events": events_on("a", range(1, 200)),
        "tickets": pd.DataFrame(
            {
                "ticket_id": ["t1", "t2"],
                "account_id": "a",
                "opened_at": [at(40), at(39)],
                "closed_at": [at(38), at(20)],
                "csat": [2.0, 5.0],
                "text": ["bad", "good"],
            }
        ),
        "invoices": pd.DataFrame(
            {
                "invoice_id": ["i1", "i2"],
                "account_id": "a",
                "issued_on": [day(80), day(60)],
                "due_on": [day(66), day(46)],
                "paid_on": [day(70), day(10)],
                "amount": [100.0, 50.0],
                "method": ["card", "transfer"],
            }
        ),
    }
    found = features_of(tables, [AS_OF, day(30)])
    then, now = one(found, as_of=day(30)), one(found)
    assert (then["tickets_open__n"], now["tickets_open__n"]) == (1, 0)
    assert (then["csat__mean_90d"], now["csat__mean_90d"]) == (2.0, 3.5)
    assert then["resolution_hours__median_90d"] == 48
    assert now["resolution_hours__median_90d"] == (48 + 19 * 24) / 2
    assert (then["overdue__n"], now["overdue__n"]) == (1, 0)
    assert (then["late_invoices__share_365d"], now["late_invoices__share_365d"]) == (0.5, 0.5)
    assert (then["days_late__mean_365d"], now["days_late__mean_365d"]) == (8, 18)
    assert (then["payment_method"], now["payment_method"]) == ("card", "transfer")


@pytest.mark.parametrize(
    ("dates", "windows", "words"),
    [
        ([], (30,), "at least one, got"),
        ([AS_OF, AS_OF], (30,), "different as-of dates"),
        ([AS_OF], (), "different windows_days"),
        ([AS_OF], (30, 30), "different windows_days"),
        ([AS_OF + pd.Timedelta(days=1)], (30,), "2026-07-02 lies after the run's own, 2026-07-01"),
    ],
)
def test_wrong_dates_and_windows_are_refused(tables, dates, windows, words):
    with pytest.raises(ParameterError, match=words):
        features_of(tables, dates, windows_days=windows)


def test_windows_name_the_columns_and_may_be_long(tables):  # D-15
    found = features_of(tables, windows_days=(7, 200))
    assert {"events__n_7d", "events__n_200d", "wau__mean_200d"} <= set(found.columns)
    assert "events__n_30d" not in found.columns
    assert (found["events__n_200d"] >= found["events__n_7d"]).all()


def test_stems_of_moments():
    assert [stem(name) for name in ("closed_at", "due_on", "text")] == ["closed", "due", "text"]
