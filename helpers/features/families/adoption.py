"""Which features are used: how many, which of them new, which together, which no longer."""

# SQL is assembled here from names of this package, never from data.
# ruff: noqa: S608

from helpers.features.feature import Feature, exact_sum, ratio
from helpers.features.relations import MAX_PAIRED

__all__ = ["FEATURES"]


def _used(days: int | str = "{w}", condition: str = "TRUE") -> str:
    return f"SUM(CASE WHEN last_age <= {days} AND {condition} THEN 1 ELSE 0 END)"


def _count(name: str, meaning: str, condition: str, need: str) -> Feature:
    return Feature(
        name=name,
        meaning=meaning + " used in the last {w} days",
        unit="features",
        over="feature",
        sql=_used(condition=condition),
        needs=("events", need) if need else ("events",),
        fill="0",
        seed="F-08",
    )


_NEW = "first_age <= 30"
_WEIGHED = exact_sum("n_90d * LN(NULLIF(n_90d, 0))", "n_90d > 0", digits=9)

FEATURES: tuple[Feature, ...] = (
    _count("features_used__n_{w}d", "features", "TRUE", ""),
    _count("core_features_used__n_{w}d", "core features", "core = 1", "feature_catalogue.core"),
    _count(
        "premium_features_used__n_{w}d",
        "premium features",
        "premium = 1",
        "feature_catalogue.premium",
    ),
    Feature(
        name="adoption__share_90d",
        meaning="features used in the last 90 days over features available: those in the catalogue "
        "or used by anybody before the as-of date",
        unit="share",
        over="feature",
        sql=ratio(_used(90), "MAX(n_features)"),
        window=90,
        needs=("events",),
        fill="0",
        seed="F-08",
    ),
    Feature(
        name="core_adoption__share_90d",
        meaning="core features used in the last 90 days over all core features",
        unit="share",
        over="feature",
        sql=ratio(_used(90, "core = 1"), "MAX(n_core)"),
        window=90,
        needs=("events", "feature_catalogue.core"),
        fill="0",
        seed="F-08",
    ),
    Feature(
        name="features_explored__n",
        meaning="features ever used so far",
        unit="features",
        over="feature",
        sql="COUNT(*)",
        needs=("events",),
        fill="0",
        whole_life=True,
        seed="F-08",
    ),
    Feature(
        name="features_adopted__n_30d",
        meaning="features used in at least 3 of the last 4 whole weeks",
        unit="features",
        over="feature",
        sql="SUM(CASE WHEN weeks_now >= 3 THEN 1 ELSE 0 END)",
        window=30,
        lookback=28,
        needs=("events",),
        fill="0",
        min_days=28,
        seed="F-08",
    ),
    Feature(
        name="new_features__n_30d",
        meaning="features first used in the last 30 days",
        unit="features",
        over="feature",
        sql=f"SUM(CASE WHEN {_NEW} THEN 1 ELSE 0 END)",
        window=30,
        needs=("events",),
        fill="0",
        lookback=90,
        seed="F-08",
    ),
    Feature(
        name="exploration__share_30d",
        meaning="exploration against routine: of the days of feature use in the last 30, the share "
        "spent on features first used in these 30 days",
        unit="share",
        over="feature",
        sql=ratio(f"SUM(CASE WHEN {_NEW} THEN days_30d ELSE 0 END)", "SUM(days_30d)"),
        window=30,
        needs=("events",),
        lookback=90,
        seed="F-14",
    ),
    Feature(
        name="feature_entropy_90d",
        meaning="how evenly use spreads over features in the last 90 days; 0 is one feature only",
        unit="nats",
        over="feature",
        sql=f"CASE WHEN SUM(n_90d) = MAX(n_90d) AND SUM(n_90d) > 0 THEN 0 WHEN SUM(n_90d) > 0 THEN "
        f"LN(SUM(n_90d)) - {_WEIGHED} / SUM(n_90d) END",
        window=90,
        needs=("events",),
        seed="F-07",
    ),
    Feature(
        name="feature_pairs__n_90d",
        meaning="pairs of features used on the same day at least once in the last 90 days",
        unit="pairs",
        note=f"empty where the product has more than {MAX_PAIRED} features (a shop's articles)",
        over="pair",
        sql="COUNT(*)",
        window=90,
        needs=("events",),
        fill=f"CASE WHEN (SELECT MAX(v.n_features) FROM available v WHERE v.cutoff = p.cutoff) <= "
        f"{MAX_PAIRED} THEN 0 END",
        seed="F-07",
    ),
    Feature(
        name="features_abandoned__n_30d",
        meaning="features used in at least 6 of the 8 weeks that ended 30 days ago, and not since",
        unit="features",
        over="feature",
        sql="SUM(CASE WHEN weeks_before >= 6 AND last_age > 30 THEN 1 ELSE 0 END)",
        window=30,
        lookback=86,
        needs=("events",),
        fill="0",
        min_days=86,
        seed="F-08",
    ),
)
