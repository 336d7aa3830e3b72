"""Who is likely to leave or to grow, why, and how sure are we?"""

from helpers.scores import evidence, plots
from helpers.scores.champion import choose_model
from helpers.scores.health import health_scores
from helpers.scores.lead_time import measure_lead_time
from helpers.scores.predictions import predict
from helpers.scores.study import churn_study
from helpers.scores.upgrades import score_expansion

__all__ = [
    "choose_model",
    "churn_study",
    "evidence",
    "health_scores",
    "measure_lead_time",
    "plots",
    "predict",
    "score_expansion",
]
