"""Where the heavy passes over events run: one definition, whichever engine computes it."""
