"""Who upgrades? A model on past upgrades, judged beside the written opportunity score.

Only where enough upgrades are on record and the model has signal on later dates does the table
of opportunities carry a probability.
"""

import numpy as np
import pandas as pd

from helpers.config import CompanyConfig
from helpers.scores.inputs import CHURN_INPUTS, Input, an_input
from helpers.scores.look_alikes import LOOK_ALIKES, neighbour_learner
from helpers.scores.opportunity import expansion_scores
from helpers.scores.predictions import probability_interval
from helpers.scores.study import Rival, Study, study_outcome

__all__ = [
    "RULE",
    "UPGRADE_INPUTS",
    "UPGRADE_MODEL",
    "score_expansion",
    "upgrade_study",
    "with_probability",
]

REFITS = 40
RULE, UPGRADE_MODEL = "opportunity score", "upgrade model"


_KEPT = (
    "events__change_30d",
    "events__slope_90d",
    "events__share_of_peak",
    "logins_per_week_90d",
    "stickiness_30d",
    "adoption__share_90d",
    "active_users__n_30d",
    "active_users__change_30d",
    "pricing_page__n_30d",
    "nps_last",
    "csat__mean_90d",
    "is_trial",
)
UPGRADE_INPUTS: tuple[Input, ...] = (
    an_input("invites__n_30d", "invitations", "log", "invitations in 30 days: {x:,.0f}"),
    an_input("users_added__n_30d", "people added", "log", "people added: {x:,.0f}"),
    an_input("seats__share", "limits", "none", "{x:.0%} of seats in use"),
    an_input("storage__share", "limits", "none", "{x:.0%} of storage in use"),
    an_input("api__share", "limits", "none", "{x:.0%} of API calls in use"),
    an_input("limit_hits__n_30d", "limits", "log", "limits hit in 30 days: {x:,.0f}"),
    an_input("premium_features_used__n_30d", "premium", "log", "premium features in use: {x:,.0f}"),
    an_input("departments__n", "departments", "log", "departments: {x:,.0f}"),
    an_input("integrations__n", "integrations", "log", "integrations: {x:,.0f}"),
    *(item for item in CHURN_INPUTS if item.name in _KEPT),
)
"""What the upgrade model may look at."""


def upgrade_study(
    features: pd.DataFrame,
    labels: pd.DataFrame,
    dictionary: pd.DataFrame,
    scores: pd.DataFrame,
    *,
    config: CompanyConfig,
    n_draws: int = 500,
    seed: int = 0,
) -> Study:
    """Study upgrades: does a model, or the written score, tell who upgrades?

    ``scores`` comes from :func:`helpers.scores.opportunity.expansion_scores`: the baseline to beat.
    """
    keys = ["account_id", "as_of"]
    return study_outcome(
        features,
        labels,
        dictionary,
        config=config,
        target="upgraded",
        inputs=UPGRADE_INPUTS,
        model=UPGRADE_MODEL,
        baselines={RULE: scores[keys].assign(value=scores["opportunity_score"])},
        challenger=False,
        rivals={LOOK_ALIKES: Rival(neighbour_learner())},
        n_draws=n_draws,
        seed=seed,
    )


def score_expansion(
    features: pd.DataFrame,
    labels: pd.DataFrame,
    dictionary: pd.DataFrame,
    *,
    config: CompanyConfig,
    n_draws: int = 500,
    seed: int = 0,
) -> tuple[pd.DataFrame, Study]:
    """Score the opportunities, and study whether a model tells upgrades better.

    Returns
    -------
    expansion : DataFrame
        As :func:`helpers.scores.opportunity.expansion_scores`, with ``upgrade_probability`` and
        its interval (newest date; missing where the model has no signal).
    study : Study
        Of upgrades.
    """
    scores = expansion_scores(features)
    study = upgrade_study(
        features, labels, dictionary, scores, config=config, n_draws=n_draws, seed=seed
    )
    return with_probability(scores, study, seed=seed), study


def with_probability(scores: pd.DataFrame, study: Study, *, seed: int = 0) -> pd.DataFrame:
    """Add ``upgrade_probability`` with ``upgrade_low, upgrade_high`` (90 %) to the scores.

    On the newest date; missing without signal.
    """
    names = ["upgrade_probability", "upgrade_low", "upgrade_high"]
    if study.fitted is None:
        return scores.assign(**dict.fromkeys(names, np.nan))
    panel = study.panel
    here = panel.at(panel.newest)
    chances, low, high = probability_interval(study.fitted, panel, here, n_refits=REFITS, seed=seed)
    keys = ["account_id", "as_of"]
    known = panel.rows.loc[here, keys].assign(
        upgrade_probability=chances,
        upgrade_low=low,
        upgrade_high=high,
    )
    return scores.merge(known, on=keys, how="left", validate="one_to_one")
