"""Did what we did change anything?"""
