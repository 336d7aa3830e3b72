"""``python -m helpers`` is the same as ``playbook``."""

from helpers.cli import main

if __name__ == "__main__":
    main()
