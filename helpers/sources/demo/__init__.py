"""A made-up company whose truth is known: what was planted stands beside the data."""
