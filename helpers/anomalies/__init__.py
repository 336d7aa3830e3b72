"""Which accounts left their own normal behaviour, and is it worth a call?"""
