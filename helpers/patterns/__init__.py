"""Which actions come before success or loss, and which go together?"""
