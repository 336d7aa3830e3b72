"""A slow reader of text tables, character by character: the specification of the fast ones."""


def split(line: str, delimiter: str = ",", quote: str = '"') -> list[str] | None:
    """Fields of a line, or None if a quote stands where none may."""
    fields, at = [], 0
    while True:
        start = at
        while at < len(line) and line[at] == " ":
            at += 1
        if at < len(line) and line[at] == quote:
            at, value = at + 1, ""
            while True:
                if at >= len(line):
                    return None
                if line[at] == quote and line[at + 1 : at + 2] == quote:
                    value, at = value + quote, at + 2
                elif line[at] == quote:
                    at += 1
                    break
                else:
                    value, at = value + line[at], at + 1
            while at < len(line) and line[at] == " ":
                at += 1
            if at < len(line) and line[at] != delimiter:
                return None
        else:
            at, value = start, ""
            while at < len(line) and line[at] != delimiter:
                if line[at] == quote:
                    return None
                value, at = value + line[at], at + 1
        fields.append(value)
        if at >= len(line):
            return fields
        at += 1


def read(text: str, n_fields: int) -> tuple[list[tuple[int, list[str]]], list[tuple[int, str]]]:
    """Good records and bad lines, each with its physical line; the first line is the header."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    good, bad = [], []
    for number, line in enumerate(lines[1:], start=2):
        if line == "":
            continue
        if "\0" in line:
            bad.append((number, "nul_byte"))
            continue
        fields = split(line)
        if fields is None:
            bad.append((number, "stray_quote"))
        elif len(fields) > n_fields:
            bad.append((number, f"too_many_fields({len(fields)}>{n_fields})"))
        elif len(fields) < n_fields:
            bad.append((number, f"too_few_fields({len(fields)}<{n_fields})"))
        else:
            good.append((number, fields))
    return good, bad
