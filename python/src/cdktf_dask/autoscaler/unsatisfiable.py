"""Tasks that no pool can ever run: reported once, as nothing scales for them."""

from collections.abc import Iterable, Sequence

from cdktf_dask.autoscaler.model import Demand, Needs, Pool


class Unsatisfiable:
    """Kinds of tasks that were reported. A kind whose tasks have gone is reported again when it returns."""

    def __init__(self) -> None:
        self._reported: set[Needs] = set()

    def report(self, demands: Iterable[Demand], pools: Sequence[Pool]) -> list[str]:
        """One sentence for each kind that is new."""
        tasks: dict[Needs, int] = {}
        for demand in demands:
            tasks[demand.needs or ()] = tasks.get(demand.needs or (), 0) + demand.tasks
        new = [needs for needs in tasks if needs not in self._reported]
        self._reported = set(tasks)
        return [_sentence(needs, tasks[needs], pools) for needs in new]


def _sentence(needs: Needs, tasks: int, pools: Sequence[Pool]) -> str:
    offers = "; ".join(f"{pool.name}: {_shown(tuple(pool.offers.items()))}" for pool in pools)
    return (
        f"no pool can run {tasks} tasks that need {_shown(needs)}. Workers offer {offers}. "
        "Hint: cancel the tasks, or add the resource to a pool"
    )


def _shown(resources: Needs) -> str:
    return ", ".join(f"{name}={amount:g}" for name, amount in resources) or "nothing"
