"""What a planted fact is, and how far a finding may miss it."""

from dataclasses import dataclass

import numpy as np

__all__ = [
    "ANOMALIES",
    "AUDIT",
    "CHURN",
    "IMPACT",
    "SEGMENTS",
    "SEQUENCES",
    "SURE",
    "Fact",
    "binomial",
]

SURE = 2.5
"""Standard errors that a finding may miss by."""

AUDIT, SEGMENTS = "01_data_audit", "03_segmentation"
SEQUENCES, ANOMALIES = "04_sequence_association_mining", "05_anomaly_review"
CHURN, IMPACT = "06_churn_model", "08_impact"


@dataclass(frozen=True)
class Fact:
    """One planted fact."""

    key: str
    requirement: str
    notebook: str
    what: str
    planted: float
    realised: float
    tolerance: float
    unit: str
    where: str


def binomial(share: float, n: float) -> float:
    """Two and a half standard errors of a share seen in n cases."""
    return float(SURE * np.sqrt(share * (1 - share) / max(n, 1)))
