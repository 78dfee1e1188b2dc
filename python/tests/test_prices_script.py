"""`npm run prices`: the table of prices from AWS's price list."""

import importlib.util
import json

import pytest

from cluster import SOURCES

ROOT = SOURCES.parent.parent
SAMPLE = ROOT / "__tests__" / "scripts" / "price-list.csv"
"""Rows in the form of the list (AWS Billing User Guide, "Reading the service price list file")."""


@pytest.fixture(scope="module")
def prices():
    spec = importlib.util.spec_from_file_location("prices", ROOT / "scripts" / "prices.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_price_list_has_the_on_demand_prices_of_linux_on_shared_hardware_in_the_region(prices):
    with SAMPLE.open() as lines:
        assert prices.of_price_list(lines, "eu-central-1") == {
            "date": "2026-11-20",
            "source": "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/eu-central-1/index.csv",
            "usdPerHour": {"m7i.large": 0.12075, "g6.xlarge": 1.0064},
        }


def test_two_prices_of_a_type_are_an_error(prices):
    lines = SAMPLE.read_text().replace('"Dedicated"', '"Shared"').splitlines()
    with pytest.raises(SystemExit, match=r"^eu-central-1: got 0.12075 and 0.132825 for m7i.large, expected"):
        prices.of_price_list(lines, "eu-central-1")


def test_the_table_has_a_line_for_each_family(prices):
    facts = {"date": "2026-11-20", "source": "list"}
    found = {"m7i.large": 0.12, "m7i.xlarge": 0.24, "g6.xlarge": 1.0}
    assert (
        prices.render({"eu-central-1": facts | {"usdPerHour": found}})
        == """{
  "eu-central-1": {
    "date": "2026-11-20",
    "source": "list",
    "usdPerHour": {
      "g6": {"xlarge": 1.0},
      "m7i": {"large": 0.12, "xlarge": 0.24}
    }
  }
}
"""
    )


def test_the_table_is_what_the_script_writes(prices):
    text = prices.TARGET.read_text()
    assert prices.render(prices.known()) == text
    assert json.loads(text) == {}
