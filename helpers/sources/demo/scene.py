"""Everything that the events of one chunk of accounts depend on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from helpers.sources.demo.effects import Effects
from helpers.sources.demo.life import Life
from helpers.sources.demo.people import Chunk, People
from helpers.sources.demo.settings import Scale

__all__ = ["Scene"]


@dataclass(frozen=True)
class Scene:
    """One chunk: its accounts, people, what befalls them, and whose usage stays flat."""

    life: Life
    chunk: Chunk
    people: People
    effects: Effects
    plateau: NDArray[np.bool_]

    @property
    def scale(self) -> Scale:
        """Size and clock of the company."""
        return self.life.scale

    def history(self, name: str) -> NDArray[np.float32]:
        """Weekly history of the chunk's accounts, (n_accounts, n_weeks)."""
        return self.life.history[name][self.chunk.first : self.chunk.last]

    def gone_on(self) -> NDArray[np.int64]:
        """Day on which each person's account leaves, (n_people,)."""
        return self.life.churn_day[self.chunk.first + self.people.account]

    def adopts(self) -> NDArray[np.bool_]:
        """Return what the accounts use in each state, (4, n_accounts, n_features)."""
        return self.life.population.adopts[:, self.chunk.first : self.chunk.last]
