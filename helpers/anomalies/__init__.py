"""Which accounts left their own normal behaviour, and is it worth a call?"""

from helpers.anomalies.alerts import build_queue
from helpers.anomalies.analysis import Settings, analyse
from helpers.anomalies.extract import load_activity
from helpers.anomalies.plots import plot_account, plot_company_days, plot_kinds
from helpers.anomalies.tables import all_tables

__all__ = [
    "Settings",
    "all_tables",
    "analyse",
    "build_queue",
    "load_activity",
    "plot_account",
    "plot_company_days",
    "plot_kinds",
]
