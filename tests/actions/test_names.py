import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.actions.names import account_file_name, account_file_names, inside
from helpers.errors import ParameterError

ODD = (
    "../../etc/cron.d/x",
    "/etc/passwd",
    "",
    "..",
    "A1\n",
    "-rf",
    "CON",
    "ACME",
    "acme",
    "\ud800",
)


def test_fault_F10_a_known_name():
    # printf 'account file name\0A1' | openssl dgst -sha256 -hmac ''
    assert account_file_name("A1", suffix=".html") == "acct-7b4c1ad57984c25f.html"


@pytest.mark.parametrize("account_id", ODD)
def test_fault_F10_no_id_steers_the_path(tmp_path, account_id):
    name = account_file_name(account_id, suffix=".html")
    path = inside(tmp_path, name)

    path.write_text("x")

    assert path.resolve().parent == tmp_path.resolve()
    assert [found.name for found in tmp_path.iterdir()] == [name]
    assert name.isascii()
    assert len(name) <= 64


@settings(max_examples=60)
@given(st.lists(st.text(), unique=True, max_size=30))
def test_fault_F10_different_ids_have_different_names(ids):
    names = account_file_names(ids, suffix=".csv")
    assert len({name.lower() for name in names.values()}) == len(ids)


def test_a_key_hides_the_id():
    plain, keyed = account_file_name("A1"), account_file_name("A1", key=b"secret of ours")
    assert plain != keyed
    assert account_file_name("A1", key=b"secret of ours") == keyed


@pytest.mark.parametrize("suffix", ["html", "/../x", ".HTML", ".html\n", ".."])
def test_only_a_plain_extension(suffix):
    with pytest.raises(ParameterError, match=r"suffix: expected one such as '.html'"):
        account_file_name("A1", suffix=suffix)


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "a..b", "-rf", "x" * 80, "a\n"])
def test_fault_F10_a_name_from_elsewhere_stays_inside(tmp_path, name):
    with pytest.raises(ParameterError, match="expected letters, digits"):
        inside(tmp_path, name)


def test_fault_F11_a_planted_link_is_refused(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "report.html").symlink_to(victim)

    with pytest.raises(ParameterError, match="leads out of its folder"):
        inside(folder, "report.html")
    assert victim.read_text() == "precious"
