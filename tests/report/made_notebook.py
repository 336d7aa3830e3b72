"""Executed notebooks as a kernel would leave them, written without one."""

import base64
import functools
import io

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output


@functools.cache
def picture(title="a title"):
    """A small PNG, as the inline backend embeds it."""
    import matplotlib as mpl

    mpl.use("Agg")
    from helpers import plotting

    figure, (axes,) = plotting.figure(width=7, height=3.6)
    axes.plot([1, 3, 2])
    axes.set_title(plotting.label(title))
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    import matplotlib.pyplot as plt

    plt.close(figure)
    return base64.b64encode(stream.getvalue()).decode()


def shown(item):
    """The output of a cell that ends with ``item``."""
    data = {"text/plain": repr(item)}
    for kind, method in (("text/html", "_repr_html_"), ("text/markdown", "_repr_markdown_")):
        if hasattr(item, method):
            data[kind] = getattr(item, method)()
    return new_output("execute_result", data=data, execution_count=1)


def drawn(png):
    data = {"image/png": png, "text/plain": "<Figure size 770x396 with 1 Axes>"}
    return new_output("display_data", data=data)


def printed(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def html(text):
    return new_output("display_data", data={"text/html": text, "text/plain": "<HTML object>"})


def code(source, *outputs, tags=()):
    cell = new_code_cell(source, outputs=list(outputs), execution_count=1)
    cell.metadata["tags"] = list(tags)
    return cell


def write(path, *cells):
    made = [new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    nbformat.write(new_notebook(cells=made), path)
    return path
