"""The line that shows the progress of a connection."""

from cdktf_dask.client.progress import Progress


def test_a_step_replaces_the_last_one(capsys):
    with Progress(True) as progress:
        progress.step("a long step")
        progress.step("short")
        progress.done("connected")
    assert capsys.readouterr().err == "\ra long step …\rshort …      \rconnected\n"


def test_nothing_stays_after_an_error(capsys):
    with Progress(True) as progress:
        progress.step("abc")
    assert capsys.readouterr().err == "\rabc …\r     \r"


def test_nothing_is_shown_without_a_terminal(capsys):
    with Progress() as progress:
        progress.step("a step")
        progress.done("connected")
    assert capsys.readouterr() == ("", "")
