"""The package as users install it."""

import json
import subprocess
import sys
import tomllib

import pytest

from cluster import ENVIRONMENT, REPOSITORY

PYPROJECT = tomllib.loads((REPOSITORY / "python" / "pyproject.toml").read_text())


def run(*command, **environment):
    done = subprocess.run(command, env=ENVIRONMENT | environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Folder with the installed wheel. Nothing is downloaded: the build backend is part of uv."""
    folder = tmp_path_factory.mktemp("package")
    uv = (sys.executable, "-m", "uv", "--offline", "--quiet")
    run(*uv, "build", "--wheel", "--out-dir", folder, REPOSITORY / "python")
    (wheel,) = folder.glob("*.whl")
    target = folder / "installed"
    python = ("--python", sys.executable)
    run(*uv, "pip", "install", *python, "--no-deps", "--target", target, wheel)
    return target


def test_the_command_runs_the_smoke_test(installed):
    help_text = run(
        installed / "bin" / "dask-smoke-test",
        "--help",
        PYTHONPATH=str(installed),
        PYTHONDONTWRITEBYTECODE="1",
    )
    assert help_text.startswith("usage: dask-smoke-test [-h] [--bundle DIRECTORY]")
    assert "Smoke test of a Dask cluster: checks that it works as its definition requires." in help_text


def test_the_command_of_clients_shows_its_help_without_importing_dask(installed):
    path = {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    assert run(installed / "bin" / "dask-cluster", "--help", **path).startswith(
        "Usage: dask-cluster [OPTIONS]"
    )
    program = "import sys, cdktf_dask.cli.main; print({'dask', 'distributed', 'boto3'} & {*sys.modules})"
    assert run(sys.executable, "-c", program, **path) == "set()\n"


def test_connect_is_imported_when_it_is_used(installed):
    path = {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1"}
    program = (
        "import sys, cdktf_dask; print('distributed' in sys.modules); "
        "print(cdktf_dask.connect.__module__, 'distributed' in sys.modules); cdktf_dask.missing"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=ENVIRONMENT | path, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "False\ncdktf_dask.client.connecting True\n"
    assert done.stderr.splitlines()[-1] == "AttributeError: module 'cdktf_dask' has no attribute 'missing'"


def test_the_wheel_has_types_and_no_tests(installed):
    assert (installed / "cdktf_dask" / "py.typed").is_file()
    folders = [path.name for path in installed.iterdir() if path.is_dir()]
    version = PYPROJECT["project"]["version"]
    assert sorted(folders) == ["bin", "cdktf_dask", f"cdktf_dask-{version}.dist-info"]


def test_the_version_is_that_of_the_npm_package():
    manifest = json.loads((REPOSITORY / "package.json").read_text())
    assert PYPROJECT["project"]["version"] == manifest["version"]
