"""Names of the data as words that people read."""

__all__ = ["words"]


def words(name: object) -> str:
    """Return "At risk rescue" for ``at_risk_rescue``, "Events, n 30d" for ``events__n_30d``."""
    text = str(name).replace("__", ", ").replace("_", " ").strip()
    return text[:1].upper() + text[1:]
