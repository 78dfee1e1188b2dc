"""Comparison of versions: of real processes, and of given versions."""

import warnings

import pytest

import cdktf_dask
from cdktf_dask.client import versions
from cdktf_dask.client.versions import differences
from cluster import Cluster
from test_client_local import record

pytestmark = pytest.mark.usefixtures("left")

HINT = "Hint: make an environment with the cluster's versions: npx cdktf-dask client local"


@pytest.fixture(scope="module")
def other_packages(tmp_path_factory):
    """A cluster whose pool gpu has other versions of two packages, and one that this Python lacks."""
    folder = tmp_path_factory.mktemp("packages")

    def path(name: str, **packages: str) -> str:
        for package, version in packages.items():
            info = folder / name / f"{package}-{version}.dist-info"
            info.mkdir(parents=True)
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        return str(folder / name)

    with Cluster() as cluster:
        cluster.worker("cpu--host-0", "CPU=1")
        cluster.worker("gpu--host-0", "GPU=1", PYTHONPATH=path("gpu", six="1.0", zict="2.9", cupy="14.0"))
        yield cluster


@pytest.fixture
def given(monkeypatch):
    """Let this Python have these versions of Python, dask and distributed."""

    def give(**packages: str) -> None:
        real = versions.get_versions()
        different = real | {"packages": real["packages"] | packages}
        monkeypatch.setattr(versions, "get_versions", lambda: different)

    return give


def test_nothing_is_said_about_a_cluster_with_the_same_packages(two_pools, home):
    record(home, two_pools.address)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cdktf_dask.connect("local").close()


def test_packages_of_a_pool_that_differ_are_one_warning(other_packages, home):
    record(home, other_packages.address)
    here = versions.installed()
    with pytest.warns(UserWarning) as warned:
        cdktf_dask.connect("local").close()
    assert [str(one.message) for one in warned] == [
        f"versions differ from those of local: six {here['six']} here, 1.0 on pool gpu; "
        f"zict {here['zict']} here, 2.9 on pool gpu. {HINT}"
    ]


@pytest.mark.parametrize(
    ("package", "version", "here"),
    [
        pytest.param("python", "3.9.1.final.0", "3.9", id="Python"),
        pytest.param("dask", "2020.1.0", "2020.1.0", id="dask"),
        pytest.param("distributed", "2020.1.0", "2020.1.0", id="distributed"),
    ],
)
def test_another_python_or_dask_is_an_error(two_pools, home, given, package, version, here):
    record(home, two_pools.address)
    there = versions._protocol(versions.get_versions())[package]
    given(**{package: version})
    with pytest.raises(cdktf_dask.VersionsDiffer) as raised:
        cdktf_dask.connect("local")
    assert str(raised.value) == (
        f"versions differ from those of local: {package} {here} here, {there} on the scheduler. {HINT}"
    )


def test_another_dask_is_a_warning_or_nothing_if_the_user_wants(two_pools, home, given):
    record(home, two_pools.address)
    given(dask="2020.1.0")
    with pytest.warns(UserWarning, match=r"dask 2020\.1\.0 here, .* on the scheduler") as warned:
        cdktf_dask.connect("local", check="warn").close()
    assert len(warned) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cdktf_dask.connect("local", check=False).close()


def test_another_patch_release_of_python_is_no_difference(two_pools, home, given):
    record(home, two_pools.address)
    minor = ".".join(versions.get_versions()["packages"]["python"].split(".")[:2])
    given(python=f"{minor}.99.final.0")
    cdktf_dask.connect("local").close()


def test_differences_name_each_version_with_its_processes():
    here = {"numpy": "2.4.6", "pandas": "3.0.6", "click": "8.5.1", "only-here": "1"}
    scheduler = {"numpy": "2.4.5", "pandas": "3.0.6", "click": "8.5.1", "only-there": "1"}
    found = {"the scheduler": scheduler, "pool cpu": scheduler, "pool gpu": scheduler | {"numpy": "2.4.4"}}
    assert differences(here, found) == (
        "numpy 2.4.6 here, 2.4.5 on the scheduler and pool cpu, 2.4.4 on pool gpu"
    )
    assert differences(here, {"the scheduler": here}) == ""


def test_of_many_differences_six_are_named():
    here = {f"package-{number}": "1" for number in range(9)}
    text = differences(here, {"the scheduler": dict.fromkeys(here, "2")})
    assert text.startswith("package-0 1 here, 2 on the scheduler; package-1 1 here, ")
    assert text.endswith("package-5 1 here, 2 on the scheduler; and 3 more packages")
