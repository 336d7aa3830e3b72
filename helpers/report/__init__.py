"""What do people read: which finding, which table, which page?"""

from helpers.report import leader, leader_plots
from helpers.report.finding import Finding
from helpers.report.index import write_index
from helpers.report.page import export_html
from helpers.report.stable import clean_notebook_outputs, sanitize_rules
from helpers.report.table import show

__all__ = [
    "Finding",
    "clean_notebook_outputs",
    "export_html",
    "leader",
    "leader_plots",
    "sanitize_rules",
    "show",
    "write_index",
]
