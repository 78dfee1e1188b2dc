"""What AWS and the scheduler know of a cluster."""

import gc
import time

from cdktf_dask.client.aws import AwsCluster
from cdktf_dask.client.errors import ConnectError
from cdktf_dask.operations.facts import ClusterStatus
from cdktf_dask.operations.nodes import read_status
from cdktf_dask.operations.prices import Prices
from cdktf_dask.operations.published import add_published

PRICES_SECONDS = 600
"""Prices change rarely; those of spot instances a few times a day."""

NO_LIST = "the network has no route to the Price List API"


class Facts:
    """What AWS and the scheduler know of the cluster."""

    def __init__(self, cluster: str, region: str, metrics: str, price_list: bool) -> None:
        self._cluster, self._region, self._metrics = cluster, region, metrics
        self._no_list = "" if price_list else NO_LIST
        self._aws: AwsCluster | None = None
        self._prices: Prices | None = None
        self._prices_end = 0.0

    def read(self) -> ClusterStatus:
        """Read the facts.

        Raises:
            ConnectError: a call to AWS failed. The next attempt has new clients, with new credentials.
        """
        self._aws = self._aws or AwsCluster(self._cluster, self._region)
        if self._prices is None or time.monotonic() > self._prices_end:
            self._prices = Prices(self._aws, self._no_list)
            self._prices_end = time.monotonic() + PRICES_SECONDS
        try:
            status = read_status(self._aws, self._prices)
        except ConnectError:
            self._aws = self._prices = None
            # Clients of boto3 have cycles and tens of megabytes, of which several generations would remain.
            gc.collect()
            raise
        status.add_workers(lambda nodes: add_published(nodes, self._metrics))
        return status
