"""The facts of a cluster as one HTML page, which loads nothing from other hosts.

The page shows how old its facts are, and marks them as out of date after `STALE_SECONDS`: their age is
measured by the clock of the server, because that of a browser may be wrong.
"""

from html import escape

from cdktf_dask.operations.facts import ClusterStatus
from cdktf_dask.operations.page_template import PAGE
from cdktf_dask.operations.rows import Line, lines, rows

STALE_SECONDS = 90
"""Age from which facts are out of date: three times the period of `cdktf_dask.status_page`."""

HEADINGS = {"problem": "Problems", "note": "What could not be found out", "fact": "Size and price"}


def page(cluster: str, status: ClusterStatus | None, failure: str = "", refresh_seconds: int = 0) -> str:
    """Render the page.

    Args:
        cluster: Name of the cluster.
        status: What is known; None if nothing is known yet.
        failure: Why there is nothing newer; empty if `status` is new.
        refresh_seconds: Time after which a browser loads the page again; 0 for a page that nothing changes.
    """
    at = f"{status.at:%Y-%m-%dT%H:%M:%SZ}" if status else ""
    parts = [
        f'<p class="failure">The facts cannot be read: {escape(failure)}.</p>' if failure else "",
        _facts(status) if status else "",
    ]
    values = {
        "CLUSTER": escape(cluster),
        "AT": at,
        "READ": f"facts of {status.at:%Y-%m-%d %H:%M:%S} UTC" if status else "no facts yet",
        "OLD": "old" if failure else "",
        "STALE": str(STALE_SECONDS),
        "REFRESH": str(refresh_seconds),
        "WITHOUT_SCRIPT": f'<noscript><meta http-equiv="refresh" content="{refresh_seconds}"></noscript>'
        if refresh_seconds
        else "",
        "FACTS": "\n".join(filter(None, parts)),
    }
    # In one pass, so that no value is searched for the names of others.
    first, *rest = PAGE.split("{{")
    return first + "".join(values[name] + after for name, after in (part.split("}}", 1) for part in rest))


def _facts(status: ClusterStatus) -> str:
    header, *nodes = rows(status)
    found = lines(status)
    good = "good" if not status.problems() and not status.unreachable else "bad"
    table = [
        f"<tr>{''.join(f'<th>{escape(cell)}</th>' for cell in header)}</tr>",
        *(_row(header, row) for row in nodes),
    ]
    return "\n".join(
        [
            f'<p class="verdict {good}">{escape(found[-1].text)}</p>',
            '<div class="wide"><table>',
            *table,
            "</table></div>",
            *(_list(kind, heading, found) for kind, heading in HEADINGS.items()),
        ]
    )


def _row(header: list[str], row: list[str]) -> str:
    cells = (
        f'<td class="{escape(cell)}">{escape(cell)}</td>' if name == "STATE" else f"<td>{escape(cell)}</td>"
        for name, cell in zip(header, row, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"


def _list(kind: str, heading: str, found: list[Line]) -> str:
    items = [f"<li>{escape(line.text)}</li>" for line in found if line.kind == kind]
    return f'<h2>{heading}</h2>\n<ul class="{kind}">{"".join(items)}</ul>' if items else ""
