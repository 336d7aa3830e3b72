"""Names as labels of pictures: matplotlib must draw them, whatever they hold."""

import base64

import pytest

from tests.report.hostile import payloads
from tests.report.made_notebook import picture

NAMES = [*payloads(), "Acme $x_{$", r"$\foo$", "a$b_$", "$5 off", r"\$", "a\nb", "", "×" * 400]


@pytest.mark.parametrize("name", NAMES)
def test_fault_F09_any_name_can_be_drawn(name):
    assert base64.b64decode(picture(name)).startswith(b"\x89PNG")


def test_fault_F09_without_the_label_the_picture_would_fail():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.set_title("Acme $x_{$")
    with pytest.raises(ValueError, match="x_"):
        figure.canvas.draw()
    plt.close(figure)
