"""One file a family of features; each has a tuple ``FEATURES`` and, where needed, ``RELATIONS``."""
