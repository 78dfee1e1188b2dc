"""Prices of instances, from AWS: on-demand prices of the Price List API, spot prices of EC2."""

import json
from datetime import UTC, datetime

from cdktf_dask.client.aws import AwsCluster
from cdktf_dask.client.errors import ConnectError
from cdktf_dask.operations.facts import ClusterStatus, Node

PRICING_REGION = "us-east-1"
"""One of the regions with an endpoint of the Price List API; it has the prices of all regions."""

ON_DEMAND = {
    "operatingSystem": "Linux",
    "preInstalledSw": "NA",
    "tenancy": "Shared",
    "capacitystatus": "Used",
}
"""The same filters as the command in docs/costs.md."""


class Prices:
    """Prices in the region of a cluster. Each price is asked for once."""

    def __init__(self, aws: AwsCluster, no_list: str = "") -> None:
        """Prepare the prices; nothing is asked yet.

        Args:
            aws: The cluster.
            no_list: Why the Price List API cannot be asked; empty if it can.
        """
        self._aws = aws
        self._known: dict[tuple[str, str | None], float | None] = {}
        self._errors: dict[str, str] = {self._on_demand.__name__: no_list} if no_list else {}

    def add_to(self, status: ClusterStatus) -> None:
        """Add the price of each instance; a note says why one is unknown."""
        for node in status.nodes:
            if node.state not in ("stopped", "terminated"):
                node.usd_per_hour = self._price(node)
        unknown = sorted({str(node.instance_type) for node in status.nodes if self._unknown(node)})
        status.notes += [f"no prices: {error}" for error in self._errors.values()]
        if unknown and not self._errors:
            status.notes.append(f"no prices: AWS lists none of {', '.join(unknown)} in {self._aws.region}")

    def _unknown(self, node: Node) -> bool:
        return node.usd_per_hour is None and node.state not in ("stopped", "terminated")

    def _price(self, node: Node) -> float | None:
        key = (str(node.instance_type), node.zone if node.spot else None)
        if key not in self._known:
            ask = self._spot if node.spot else self._on_demand
            # One answer "no permission" holds for every type.
            if ask.__name__ in self._errors:
                return None
            try:
                self._known[key] = ask(*key)
            except ConnectError as error:
                self._errors[ask.__name__] = str(error)
                return None
        return self._known[key]

    def _on_demand(self, instance_type: str, _: str | None) -> float | None:
        wanted = ON_DEMAND | {"instanceType": instance_type, "regionCode": self._aws.region}
        filters = [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in wanted.items()]
        parameters = {"ServiceCode": "AmazonEC2", "Filters": filters}
        answer = self._aws.call(
            "pricing", "get_products", "pricing:GetProducts", parameters, region=PRICING_REGION
        )
        for product in answer["PriceList"]:
            for term in json.loads(product)["terms"]["OnDemand"].values():
                for dimension in term["priceDimensions"].values():
                    if price := float(dimension["pricePerUnit"].get("USD", 0)):
                        return price
        return None

    def _spot(self, instance_type: str, zone: str | None) -> float | None:
        parameters = {
            "InstanceTypes": [instance_type],
            "ProductDescriptions": ["Linux/UNIX"],
            "AvailabilityZone": zone,
            "StartTime": datetime.now(UTC),  # then AWS answers with the present price
        }
        answer = self._aws.call(
            "ec2", "describe_spot_price_history", "ec2:DescribeSpotPriceHistory", parameters
        )
        newest = sorted(answer["SpotPriceHistory"], key=lambda one: one["Timestamp"])
        return float(newest[-1]["SpotPrice"]) if newest else None
