"""Asks a scheduler one question, without a client: a client would also reconnect, and start threads."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from distributed import Security
from distributed.core import rpc

from cdktf_dask.client.errors import ConnectError

Answer = TypeVar("Answer")

ANSWER_SECONDS = 10.0


def ask_scheduler(
    address: str,
    security: Security,
    question: Callable[[Any], Awaitable[Answer]],
    seconds: float = ANSWER_SECONDS,
) -> Answer:
    """Ask the scheduler, and close the connection.

    Args:
        address: Address of the scheduler.
        security: TLS of a client.
        question: What is asked; it gets Dask's `rpc` of the scheduler.
        seconds: Time until there is an answer.

    Raises:
        ConnectError: the scheduler does not answer in time, or not as Dask does.
    """

    async def ask() -> Answer:
        async with rpc(address, connection_args=security.get_connection_args("client")) as scheduler:
            return await question(scheduler)

    try:
        return _run(asyncio.wait_for(ask(), seconds))
    except (OSError, RuntimeError) as error:
        reason = str(error) or f"no answer within {seconds:g} s"
        raise ConnectError(
            f"the scheduler at {address} does not answer as Dask does ({reason})",
            "look at the scheduler's log",
        ) from error


def _run(question: Coroutine[Any, Any, Answer]) -> Answer:
    """Run a coroutine, in a notebook too, where the main thread has a running loop."""
    with ThreadPoolExecutor(1, "cdktf-dask") as pool:
        return pool.submit(asyncio.run, question).result()
