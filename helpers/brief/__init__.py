"""What should a manager know of one account in the minute before a call?"""

from helpers.brief.page import print_pdf, write_brief
from helpers.brief.subject import find_subject

__all__ = ["find_subject", "print_pdf", "write_brief"]
