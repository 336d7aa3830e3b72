"""What might someone's own files mean? A proposal, with every doubt marked."""

from helpers.sources.proposal.write import propose

__all__ = ["propose"]
