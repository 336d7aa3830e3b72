"""A made-up company whose truth is known: what was planted stands beside the data."""

from helpers.sources.demo.company import Summary, write_company

__all__ = ["Summary", "write_company"]
