"""Customer-success analytics: rooms of functions that the notebooks call.

The floors, the rule that imports only go down, and what lives in each room are
described in ``docs/architecture.md``.
"""

__version__ = "0.1.0"
