"""What every test relies on."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")  # speed is measured in benchmarks/; a busy machine fails no test
