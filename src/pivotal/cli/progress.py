"""Long work: its progress, and Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pivotal.errors import PivotalError

if TYPE_CHECKING:
    from pivotal.api.common import Progress


class StoppedError(PivotalError):
    """The user pressed Ctrl-C (exit status 130)."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C as an error of ours, said in one line."""
    try:
        yield
    except KeyboardInterrupt:
        raise StoppedError("interrupted; nothing was written") from None


@contextmanager
def shown() -> Iterator[Progress]:
    """A progress bar with trials a second on a terminal; a line a task elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Speed(TextColumn):
        def render(self, task: Any) -> Text:
            return Text(f"{task.speed:,.0f} a second" if task.speed else "")

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Speed(""), TimeRemainingColumn())
    with interruptible(), Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        tasks: dict[str, Any] = {}

        def update(what: str, done: int, total: int) -> None:
            if what not in tasks:
                if not console.is_terminal:
                    console.print(what, highlight=False)
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield update
