"""What a company's configuration says: sources, mapping, windows, limits and capacity."""

from helpers.config.load import data_folder, load_config, near_miss
from helpers.config.models import Analysis, CompanyConfig, Roles
from helpers.config.sources import ColumnSource, Source

__all__ = [
    "Analysis",
    "ColumnSource",
    "CompanyConfig",
    "Roles",
    "Source",
    "data_folder",
    "load_config",
    "near_miss",
]
