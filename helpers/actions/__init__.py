"""What should be done next, for whom, by whom?"""
