"""The two catalogues: what is tracked, what lacks, and what may not be entered."""

import pandas as pd
import pytest

from helpers.config import CompanyConfig
from helpers.config.catalogue import Catalogue
from helpers.config.default_catalogue import DEFAULT
from helpers.engine import open_engine, stage
from helpers.errors import ParameterError
from helpers.features import dictionary
from helpers.features.metrics import check_metrics, count_metrics, metric_ranges
from tests.audit.test_audit import audit_with, rows_of
from tests.company import AS_OF, make_config, make_tables, write_run


def with_catalogue(change) -> CompanyConfig:
    """Return the tiny company's configuration with its default catalogue changed."""
    raw = make_config().model_dump(mode="json", by_alias=True)
    change(raw["catalogue"])
    return CompanyConfig.model_validate(raw)


def test_both_catalogues_have_their_sizes_types_and_kinds():
    # D-07, D-08, D-09
    assert 10 <= len(DEFAULT.patterns) <= 15
    assert 10 <= len(DEFAULT.metrics) <= 20
    assert {p.type for p in DEFAULT.patterns.values()} == {
        "adoption milestone", "engagement signal", "risk indicator", "expansion readiness",
    }  # fmt: skip
    assert {m.kind for m in DEFAULT.metrics.values()} == {
        "depth",
        "breadth",
        "frequency",
        "outcome",
    }
    assert all(p.decision and p.sources for p in DEFAULT.patterns.values())
    check_metrics(make_config(), dictionary([30, 60, 90]))  # each is measured, none is vanity


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c["metrics"].popitem() and [c["metrics"].popitem() for _ in range(5)],
         "expected 10 to 20 metrics, got 9"),
        (lambda c: c["patterns"].update({"more": next(iter(c["patterns"].values()))}),
         "expected 10 to 15 patterns, got 16"),
        (lambda c: c["patterns"]["learning"].update(metrics=["lesons taken"]),
         "patterns.learning.metrics: 'lesons taken' is not in metrics"),
        (lambda c: c["patterns"]["learning"].update(sources=["role:lerning"]), "not a role"),
        (lambda c: c["patterns"]["learning"].update(sources=["tickts"]), "tables are accounts"),
        (lambda c: c["metrics"]["active days"].update(kind="vanity"), "kind"),
        (lambda c: c["metrics"]["active days"].update(typical={"pro": [9, 2]}), "does not rise"),
    ],
)  # fmt: skip
def test_a_catalogue_that_cannot_be_meant_is_refused(change, words):
    with pytest.raises(ValueError, match=words):
        with_catalogue(change)


def test_each_pattern_is_tracked_or_its_gap_is_named(tmp_path):
    # D-10
    tables = make_tables()
    patterns = audit_with(tmp_path, tables, without=["invoices"]).patterns.set_index("pattern")
    assert set(patterns["state"]) == {"tracked", "not tracked"}
    assert patterns.loc["tickets rise", ["state", "gap"]].tolist() == ["tracked", ""]
    assert patterns.loc["payment is late", "gap"] == "there is no `invoices` table"
    assert (patterns["gap"] == "").equals(patterns["state"] == "tracked")
    tables["events"] = tables["events"][tables["events"]["event"] != "login"]
    audit = audit_with(tmp_path / "mute", tables)
    gap = audit.patterns.set_index("pattern")["gap"]["logins decline"]
    assert gap == "the events of the role `login` never occur"
    assert audit.metrics.set_index("metric")["state"]["logins per week"] == "not tracked"
    assert "logins decline" in rows_of(audit, "events", "not tracked")["example"].iloc[0] or (
        len(rows_of(audit, "events", "not tracked")) == 1
    )


def test_metrics_of_events_are_counted_a_week_and_as_shares(tmp_path):
    # D-09: tasks created a week, and the share of them that is completed
    def change(catalogue):
        for name in ("active days", "stickiness"):
            del catalogue["metrics"][name]
        for pattern in catalogue["patterns"].values():
            pattern["metrics"] = []
        catalogue["metrics"]["tasks a week"] = {
            "kind": "outcome", "meaning": "tasks created a week", "sources": ["event:task_created"],
            "events": ["task_created"], "typical": {"not known": [0, 1]},
        }  # fmt: skip
        catalogue["metrics"]["errors per task"] = {
            "kind": "outcome", "meaning": "errors per task", "sources": ["events"],
            "events": ["error_shown"], "per": ["task_created"],
        }  # fmt: skip

    config = with_catalogue(change)
    at = [AS_OF - pd.Timedelta(days=d) for d in (1, 28, 29, 5, 6, 7)]
    moments = [(m + pd.Timedelta(hours=9)).tz_localize("UTC") for m in at]
    names = ["task_created"] * 3 + ["task_created", "error_shown", "task_created"]
    tables = make_tables(n_accounts=3)
    first, second = tables["accounts"]["account_id"].head(2)
    who = [first] * 5 + [second]
    tables["events"] = pd.DataFrame({"account_id": who, "event": names, "occurred_at": moments})
    run = write_run(tmp_path, tables, config=config)
    with open_engine(run) as engine:
        stage(engine, config)
        counted = count_metrics(engine, AS_OF, config)
    assert counted["tasks a week"].to_dict() == {first: 3 / 4, second: 1 / 4}  # day 29 is out
    assert counted["errors per task"].to_dict() == {first: 1 / 3, second: 0.0}

    features = pd.DataFrame({"account_id": tables["accounts"]["account_id"], "as_of": AS_OF,
                             "is_live": True, "plan": pd.NA})  # fmt: skip
    ranges = metric_ranges(features, counted, config).set_index("metric")
    assert ranges.loc["tasks a week", "median"] == pytest.approx(1 / 4)  # the third did nothing: 0
    assert ranges.loc["tasks a week", "outside"] == 0.0
    assert pd.isna(ranges.loc["tasks a week", "low"])  # three accounts have no tenth percentile


def test_a_typical_range_is_compared_by_customer_segment():
    # D-08
    def change(catalogue):
        catalogue["metrics"]["active days"] |= {"typical": {"pro": [10, 20]},
                                                "season": "low in August"}  # fmt: skip

    config = with_catalogue(change)
    n = 40
    features = pd.DataFrame({
        "account_id": [f"a{i}" for i in range(n)], "as_of": AS_OF, "is_live": [True] * 39 + [False],
        "plan": ["pro"] * 20 + ["free"] * 20, "active_days__n_30d": list(range(20)) + [3.0] * 20,
    })  # fmt: skip
    ranges = metric_ranges(features, pd.DataFrame(), config)
    pro = ranges[(ranges["metric"] == "active days") & (ranges["customer_segment"] == "pro")].iloc[
        0
    ]
    assert (pro["n_accounts"], pro["median"], pro["outside"]) == (20, 9.5, 0.5)
    assert (pro["low"], pro["high"]) == pytest.approx((1.9, 17.1))
    free = ranges[(ranges["metric"] == "active days") & (ranges["customer_segment"] == "free")]
    assert free["n_accounts"].tolist() == [19]  # the one that has left does not count
    assert free["outside"].isna().all()


@pytest.mark.parametrize(
    ("feature", "words"),
    [("age_days", "vanity metric"), ("lifetime_value", "vanity metric"),
     ("activ_days__n_30d", "Did you mean 'active_days__n_30d'")],
)  # fmt: skip
def test_vanity_and_unknown_metrics_are_refused(feature, words):
    # D-09
    config = with_catalogue(lambda c: c["metrics"]["active days"].update(feature=feature))
    with pytest.raises(ParameterError, match=words):
        check_metrics(config, dictionary([30, 60, 90]))


def test_a_catalogue_survives_the_settings_file():
    assert Catalogue.model_validate(DEFAULT.model_dump(mode="json")) == DEFAULT
