"""A stage: light, deterministic policy over one meeting, a Mealy machine with explicit state.

A recording is the fold of `step` over all its items, then `end`; live sound is the same fold paced
by the microphone. What a stage must keep to, checked by property tests:

- chunk invariance: any cutting of the sound into chunks gives the same outputs;
- monotone commits: an output once given is never taken back;
- resume equivalence: a state saved and restored anywhere continues as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Protocol, TypeVar

Item = TypeVar("Item", contravariant=True)
State = TypeVar("State")
Output = TypeVar("Output")


class Stage(Protocol[Item, State, Output]):
    """Policy around a model: `step` where latency happens, `end` where quality happens.

    name and version enter the keys of checkpoints: raise the version whenever the same input may
    give another output.
    """

    name: str
    version: int

    def begin(self) -> State:
        """The state before anything was heard: a value that pydantic can write as JSON."""
        ...

    async def step(self, state: State, item: Item) -> tuple[State, list[Output]]:
        """The state after `item`, and what is certain now."""
        ...

    async def end(self, state: State) -> list[Output]:
        """What remains to be said when nothing more will come."""
        ...


async def fold(
    stage: Stage[Item, State, Output], items: Iterable[Item] | AsyncIterable[Item]
) -> AsyncIterator[Output]:
    """Everything `stage` makes of `items`, in order, as it is made."""
    state = stage.begin()
    async for item in items if isinstance(items, AsyncIterable) else _at_once(items):
        state, outputs = await stage.step(state, item)
        for output in outputs:
            yield output
    for output in await stage.end(state):
        yield output


async def _at_once(items: Iterable[Item]) -> AsyncIterator[Item]:
    for item in items:
        yield item
