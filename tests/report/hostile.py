"""Texts that attack a page, and a parser that names everything in a page that could act."""

import re
from html.parser import HTMLParser

# fmt: off
PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>document.title='PWNED'</script>",
    "<img src=x onerror=\"document.title='PWNED'\">",
    "<svg onload=\"document.title='PWNED'\"><rect/></svg>",
    "<svg><script>document.title='PWNED'</script></svg>",
    "<iframe srcdoc=\"<script>parent.document.title='PWNED'</script>\"></iframe>",
    "<details open ontoggle=\"document.title='PWNED'\">d</details>",
    "<a href=\"javascript:document.title='PWNED'\">press</a>",
    "<form action=\"{url}\"><button autofocus onfocus=\"document.title='PWNED'\">b</button></form>",
    "<img src=\"{url}pixel.png\">",
    "<link rel=stylesheet href=\"{url}a.css\">",
    "<style>@import '{url}b.css'; body{{display:none}}</style>",
    "<meta http-equiv=refresh content=\"0;url={url}meta\">",
    "<base href=\"{url}\">",
    "<object data=\"{url}o\"></object><embed src=\"{url}e\">",
    "<video src=\"{url}v\" autoplay onerror=alert(1)></video>",
    "<div style=\"position:fixed;inset:0;background:url({url}c)\">over</div>",
    "\" onmouseover=\"document.title='PWNED'\" x=\"",
    "' autofocus onfocus='document.title=1' '",
    "[press](javascript:document.title='PWNED')",
    "![pixel]({url}md.png)",
    "<{url}auto>",
    "{{{{ 7*7 }}}}{{% raw %}}",
    "$x_{{$",
    "=HYPERLINK(\"{url}\")",
    "--><script>document.title='PWNED'</script><!--",
    "<math><mtext></p><style><img src=x onerror=alert(1)></style></mtext></math>",
    "Evil\u202etxt.exe",
)
# fmt: on

FORBIDDEN = {
    *("script", "iframe", "object", "embed", "form", "base", "link", "svg", "math", "video"),
    *("audio", "frame", "frameset", "applet", "template", "button", "textarea", "select"),
}
_META = "content-security-policy"
_LOADS = {"src", "href", "srcset", "data", "action", "formaction", "poster", "background"}
_HERE = re.compile(
    r"(#[\w-]+|(exports/)?[\w.%-]+\.(html|csv)(#[\w-]+)?|data:image/[\w+]+;.*)", re.S
)


def payloads(url: str = "http://127.0.0.1:9/") -> list[str]:
    return [text.format(url=url) for text in PAYLOADS]


class _Watch(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.text: list[str] = []
        self.order: list[str] = []
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.order.append(tag)
        self._in_style = tag == "style"
        if tag in FORBIDDEN:
            self.found.append(f"<{tag}>")
        if tag == "meta" and (given.get("http-equiv") or _META).lower() != _META:
            self.found.append(f"meta {given}")
        if tag == "input" and given.get("type") != "checkbox":
            self.found.append(f"input {given}")
        for name, value in attrs:
            if name.startswith("on") or name == "srcdoc" or ":" in name:
                self.found.append(f"{tag} {name}")
            if name in _LOADS and not _HERE.fullmatch(value or ""):
                self.found.append(f"{tag} {name}={value}")
            if name == "style" and not re.fullmatch(r"(width|text-align):[\w% ]+;?", value or ""):
                self.found.append(f"{tag} style={value}")

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._in_style = False

    def handle_data(self, data: str) -> None:
        if not self._in_style:
            self.text.append(data)
        elif re.search(r"url\(|@import|expression|</", data):
            self.found.append(f"style {data[:80]}")


def watch(page: str) -> _Watch:
    """Parse a page; ``found`` lists what could act, ``text`` what a reader sees."""
    seen = _Watch()
    seen.feed(page)
    seen.close()
    return seen


def acts(page: str) -> list[str]:
    return watch(page).found


def seen_text(page: str) -> str:
    return " ".join(" ".join(watch(page).text).split())
