"""Can these data carry the analyses, and what is wrong with them?"""

from helpers.audit.check import check_company
from helpers.audit.gate import gate
from helpers.audit.issues import sample_quarantine
from helpers.audit.plots import plot_coverage, plot_spans
from helpers.audit.review import Audit, audit_tables, clean_paths

__all__ = [
    "Audit",
    "audit_tables",
    "check_company",
    "clean_paths",
    "gate",
    "plot_coverage",
    "plot_spans",
    "sample_quarantine",
]
