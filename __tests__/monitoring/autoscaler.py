"""The autoscaler, with a double of the supervisor: a provider of two nodes in each pool, which it keeps.

autoscaler.py autoscaler.json
"""

import sys
from collections.abc import Mapping

from cdktf_dask.autoscaler import __main__ as autoscaler
from cdktf_dask.autoscaler.capacity import CapacityError
from cdktf_dask.autoscaler.model import Capacity


class TwoNodes:
    """Stands for the programs of a supervisor that starts and ends none."""

    def state(self) -> Mapping[str, Capacity]:
        return {"cpu": Capacity(desired=2, existing=2)}

    def refuse(self, pool: str, to: object) -> None:
        raise CapacityError(f"pool {pool} always has two nodes")

    grow = lower = end = refuse


autoscaler.capacity_of = lambda settings: TwoNodes()
sys.exit(autoscaler.main(sys.argv[1]))
