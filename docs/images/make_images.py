"""Draw the pictures of the README from a published run.

Usage: ``python docs/images/make_images.py reports/demo`` (needs Chromium and Pillow).

Writes ``docs/images/index.png``: the top of the run's first page, as a laptop shows it. Chromium
runs without network, with a profile of its own that is thrown away.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

WIDTH, HEIGHT = 1280, 846
MAX_BYTES = 200_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def screenshot(browser: str, page: Path, picture: Path) -> None:
    """Let the browser draw the top of a page into a PNG file."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser,
                *FLAGS,
                f"--user-data-dir={profile}",
                f"--window-size={WIDTH},{HEIGHT}",
                f"--screenshot={picture}",
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )


def lighten(picture: Path) -> int:
    """Reduce the picture to 128 colours, enough for text, and return its size in bytes."""
    with Image.open(picture) as image:
        small = image.convert("RGB").quantize(colors=128, dither=Image.Dither.NONE)
    small.save(picture, optimize=True)
    return picture.stat().st_size


def main() -> None:
    """Draw the pictures, or say what is missing."""
    parser = argparse.ArgumentParser(description="Draw the pictures of the README.")
    parser.add_argument("run", type=Path, help="a published run, such as reports/demo")
    page = parser.parse_args().run / "index.html"
    if not page.is_file():
        sys.exit(f"{page}: no such page. Expected a published run; 'playbook run' makes one.")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(f"No browser found; expected one of {', '.join(BROWSERS)} on the PATH.")
    picture = Path(__file__).with_name("index.png")
    screenshot(browser, page, picture)
    n_bytes = lighten(picture)
    if n_bytes > MAX_BYTES:
        sys.exit(f"{picture.name} has {n_bytes:,} bytes; at most {MAX_BYTES:,} are wanted.")
    print(f"{picture.name}: {n_bytes:,} bytes")


if __name__ == "__main__":
    main()
