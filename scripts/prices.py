"""Write lib/config/prices.json: on-demand prices of Linux instances by region, each with its date and source.

    npm run prices -- us-east-1 eu-central-1

Reads AWS's public price list of each region, a CSV file of some hundred MB, without credentials. Other
regions of the table stay as they are.
"""

import csv
import json
import pathlib
import sys
import urllib.request
from collections.abc import Iterable

TARGET = pathlib.Path(__file__).parent.parent / "lib" / "config" / "prices.json"

URL = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/{region}/index.csv"
"""AWS Billing User Guide, "Getting price list files manually"."""

WANTED = {
    "TermType": "OnDemand",
    "Operating System": "Linux",
    "Pre Installed S/W": "NA",
    "Tenancy": "Shared",
    "CapacityStatus": "Used",
    "Unit": "Hrs",
    "Currency": "USD",
}
"""Values of a row with the price of an instance; `dask-cluster status` asks AWS for the same."""


def of_price_list(lines: Iterable[str], region: str) -> dict:
    """Return the prices of a price list in CSV. The lines before its header are facts of the list."""
    rows = csv.reader(lines)
    facts: dict[str, str] = {}
    for row in rows:
        if row[0] == "SKU":
            break
        facts[row[0]] = row[1]
    header = {name: index for index, name in enumerate(row)}
    prices: dict[str, float] = {}
    for row in rows:
        if row[header["Region Code"]] == region and all(
            row[header[name]] == value for name, value in WANTED.items()
        ):
            name, price = row[header["Instance Type"]], float(row[header["PricePerUnit"]])
            if price > 0 and prices.setdefault(name, price) != price:
                raise SystemExit(f"{region}: got {prices[name]} and {price} for {name}, expected one price")
    return {"date": facts["Publication Date"][:10], "source": URL.format(region=region), "usdPerHour": prices}


def render(table: dict) -> str:
    """Return the table as JSON with a line for each family of each region."""
    regions = []
    for region, entry in sorted(table.items()):
        families: dict[str, dict[str, float]] = {}
        for name, price in sorted(entry["usdPerHour"].items()):
            family, size = name.split(".", 1)
            families.setdefault(family, {})[size] = price
        lines = [f"      {json.dumps(family)}: {json.dumps(sizes)}" for family, sizes in families.items()]
        facts = [f"    {json.dumps(name)}: {json.dumps(entry[name])}" for name in ("date", "source")]
        body = ",\n".join([*facts, '    "usdPerHour": {\n' + ",\n".join(lines) + "\n    }"])
        regions.append(f"  {json.dumps(region)}: {{\n{body}\n  }}")
    return "{\n" + ",\n".join(regions) + "\n}\n" if regions else "{}\n"


def known() -> dict:
    """Return the present table, with types by their whole names."""
    table = json.loads(TARGET.read_text()) if TARGET.exists() else {}
    for entry in table.values():
        entry["usdPerHour"] = {
            f"{family}.{size}": price
            for family, sizes in entry["usdPerHour"].items()
            for size, price in sizes.items()
        }
    return table


def main(argv: list[str]) -> None:
    table = known()
    for region in argv:
        with urllib.request.urlopen(URL.format(region=region), timeout=60) as answer:
            table[region] = of_price_list((line.decode() for line in answer), region)
    TARGET.write_text(render(table))
    for region, entry in sorted(table.items()):
        print(f"{region}: {len(entry['usdPerHour'])} types, {entry['date']}")


if __name__ == "__main__":
    main(sys.argv[1:])
