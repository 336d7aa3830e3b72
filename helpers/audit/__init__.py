"""Can these data carry the analyses, and what is wrong with them?"""
