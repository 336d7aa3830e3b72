"""Modules that notebooks import, loaded once: every worker and kernel is then a copy.

Importing this module is all it does. It is named to the fork server of :mod:`multiprocessing`.
No module here may start a thread at import: a process with threads must not be forked
(:func:`n_threads` counts them, and a worker that finds more than one refuses to be used).
"""

import importlib
import sys
from pathlib import Path

__all__ = ["MODULES", "n_threads"]

# jsonschema's optional IRI formats build parsers for two seconds at import; nobody needs them.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

MODULES = (
    "papermill",
    "nbconvert",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "pandas",
    "pyarrow.parquet",
    "duckdb",
    "matplotlib.pyplot",
    "matplotlib.dates",
    "scipy.stats",
    "scipy.optimize",
    "scipy.cluster.hierarchy",
    "sklearn.cluster",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.metrics",
    "mlxtend.frequent_patterns",
    "sqlglot",
    "helpers.report",
    "helpers.sources",
    "helpers.audit",
    "helpers.features",
    "helpers.segments",
    "helpers.patterns",
    "helpers.anomalies",
    "helpers.scores",
    "helpers.impact",
    "helpers.actions",
)


def n_threads() -> int:
    """Return the number of threads of this process, as the system counts them."""
    return len(list(Path("/proc/self/task").iterdir()))


def _load() -> None:
    """Import the modules; the backend of matplotlib is left to each kernel to choose."""
    for name in MODULES:
        importlib.import_module(name)


_load()
