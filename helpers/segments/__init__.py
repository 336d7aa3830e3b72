"""Which kinds of accounts are there, and who moved?"""
