"""File names that no account id can steer: never the id itself, always inside its folder.

References
----------
RFC 2104 (HMAC). An unkeyed hash of a guessable id can be reversed by trying ids; pass a key
where the name must not give the id away.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from pathlib import Path

from helpers.errors import ParameterError

__all__ = ["account_file_name", "account_file_names", "inside"]

_SUFFIX = re.compile(r"(\.[a-z0-9]{1,8})?")
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_DOMAIN = b"account file name\x00"  # so that the digest is of no use elsewhere


def account_file_name(account_id: str, *, key: bytes = b"", suffix: str = "") -> str:
    """Return the file name of an account, e.g. ``acct-9f86d081884c7d65.html``.

    Parameters
    ----------
    account_id : str
        As the accounts table spells it; ids that differ only in case are different.
    key : bytes
        Secret of the installation; without one, whoever can guess ids can link names to them.
    suffix : str
        Such as ``".html"``.

    Returns
    -------
    str
        ``acct-`` and 16 hexadecimal digits of HMAC-SHA256: at most 30 ASCII characters.

    Raises
    ------
    ParameterError
        If the suffix is not a plain file extension.
    """
    if not _SUFFIX.fullmatch(suffix):
        raise ParameterError(f"suffix: expected one such as '.html', got {suffix!r}.")
    message = _DOMAIN + str(account_id).encode("utf-8", "surrogatepass")
    return f"acct-{hmac.new(key, message, hashlib.sha256).hexdigest()[:16]}{suffix}"


def account_file_names(
    account_ids: Iterable[str], *, key: bytes = b"", suffix: str = ""
) -> dict[str, str]:
    """Return the file name of each account; refuse two accounts with one name.

    Raises
    ------
    ParameterError
        If two ids share a name (odds of one in 10**10 for 60,000 accounts): use another key.
    """
    names = {str(one): account_file_name(str(one), key=key, suffix=suffix) for one in account_ids}
    if len(set(names.values())) != len(names):
        raise ParameterError("two account ids have the same file name; choose another key.")
    return names


def inside(folder: Path, name: str) -> Path:
    """Return the path of a file directly below a folder.

    Raises
    ------
    ParameterError
        If the name is not a plain file name, or the file would lie elsewhere (a symbolic
        link that leads out of the folder).
    """
    if not _SAFE.fullmatch(name) or ".." in name:
        raise ParameterError(
            f"file name {name!r}: expected letters, digits, '.', '_' or '-', beginning with a "
            "letter or digit, at most 64. Use account_file_name for names from the data."
        )
    base = Path(folder).resolve()
    path = base / name
    if path.resolve().parent != base or path.is_symlink():
        raise ParameterError(f"{name!r} leads out of its folder; remove the link.")
    return path
