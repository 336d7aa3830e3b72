"""What does a company hand in, and can every row of it be accounted for?"""

from helpers.sources.proposal import propose
from helpers.sources.publish import Reading
from helpers.sources.read import check_files, find_as_of, read_company

__all__ = ["Reading", "check_files", "find_as_of", "propose", "read_company"]
