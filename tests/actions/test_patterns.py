import pandas as pd

from helpers.actions.patterns import alert_rates, historical_patterns, opportunity_group, rate_text

DAY = pd.Timestamp("2026-03-01")


def labels(n=40, churned=10):
    return pd.DataFrame(
        {
            "account_id": [f"a{i:02d}" for i in range(n)],
            "as_of": DAY,
            "horizon_days": 90,
            "churned": pd.array([i < churned for i in range(n)], dtype="boolean"),
            "upgraded": pd.array([i >= n - 4 for i in range(n)], dtype="boolean"),
        }
    )


def test_a_rate_has_its_number_and_interval():
    assert rate_text("account-dates", 10, 40, "churned", 90) == (
        "of 40 account-dates, 25% churned within 90 days (14% to 40%)"
    )


def test_what_followed_each_group_is_counted():
    known = labels()
    keys = known[["account_id", "as_of"]]
    history = keys.assign(churn_band=["high"] * 20 + ["low"] * 20)
    health = keys.assign(health_band=["low"] * 5 + ["high"] * 35)
    expansion = keys.assign(opportunity_score=[10.0] * 20 + [80.0] * 20)

    found = historical_patterns(history, health, expansion, known, None)

    assert found["churn_band", "high"].startswith(
        "of 20 account-dates with a high churn score, 50% churned within 90 days"
    )
    assert "0% churned" in found["churn_band", "low"]
    assert ("health_band", "low") not in found  # five are too few
    assert "20% upgraded" in found["opportunity", "above 60"]
    assert found["everybody", "churned"].startswith("of 40 account-dates of live accounts, 25%")
    assert not any(key == "alert" for key, _ in found)


def test_open_windows_are_not_counted():
    known = labels()
    known["churned"] = pd.array([None] * len(known), dtype="boolean")

    assert (
        historical_patterns(
            pd.DataFrame(columns=["account_id", "as_of", "churn_band"]),
            known[["account_id", "as_of"]].assign(health_band="high"),
            known[["account_id", "as_of"]].assign(opportunity_score=50.0),
            known,
            None,
        )
        == {}
    )


def flags_of(known, severity, *, days=3, direction="risk"):
    return pd.DataFrame(
        {
            "account_id": known["account_id"],
            "week_end": DAY - pd.Timedelta(days=days),
            "severity": severity,
            "direction": direction,
        }
    )


def test_the_worst_warning_before_a_date_counts():
    known = labels()
    flags = pd.concat(
        [flags_of(known.iloc[:20], "high"), flags_of(known.iloc[:10], "critical", days=20)]
    )

    rates = alert_rates(known, flags)

    assert rates == {"critical": 1.0, "high": 0.0}


def test_warnings_too_old_from_later_or_of_growth_do_not_count():
    known = labels()
    for flags in (
        flags_of(known, "high", days=30),
        flags_of(known, "high", days=-1),
        flags_of(known, "high", direction="expansion"),
    ):
        assert alert_rates(known, flags) == {}
    assert alert_rates(known, flags_of(known, "high", days=29)) == {"high": 0.25}
    assert alert_rates(known, None) == {}


def test_groups_of_opportunity_meet_without_a_gap():
    groups = opportunity_group(pd.Series([0.0, 39.9, 40.0, 59.9, 60.0, 100.0, None]))

    assert groups[:6].tolist() == ["below 40"] * 2 + ["40 to 60"] * 2 + ["above 60"] * 2
    assert pd.isna(groups[6])
