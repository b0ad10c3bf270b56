# SPDX-License-Identifier: Apache-2.0
"""--watch: follow a migration to its end, with a bar on a terminal and a line a change elsewhere.

The migration does not depend on this: a client that is interrupted, or an API that is away for a
while, changes nothing about it.
"""
import functools
import sys
import time
from collections.abc import Iterator
from typing import Any, TextIO

from nova_lite.cli import errors
from nova_lite.cli.moves import UNSUCCESSFUL, Moves
from nova_lite.cli.output import bytes_text
from nova_lite.cli.progress import Step, Tracker, reading_of

OWN = 'nova-lite:'
FINAL = ('completed', *UNSUCCESSFUL)
MOVING = ('running', 'running (post-copy)')
IN_PROGRESS = ('queued', 'preparing', *MOVING)
# the first statuses pass in fractions of a second
EARLY_INTERVAL, INTERVAL = 0.1, 0.25
APPEAR_TIMEOUT = 60.0
SILENCE_TIMEOUT = 60.0


# -- following --------------------------------------------------------------------------------
def follow_new(moves: Moves, last: int, shown: 'Lines | Bar') -> dict[str, Any]:
    """Follow the first migration after number ``last``."""
    return follow(moves, _appeared(moves, last), shown, Tracker())


def follow(moves: Moves, move: dict[str, Any], shown: 'Lines | Bar',
           tracker: Tracker) -> dict[str, Any]:
    """Show a migration, of which ``move`` is the first reading, until it is over; returns its
    last record. CommandError when the API is silent for SILENCE_TIMEOUT."""
    shown.migration_id = move['id']
    for move in _readings(moves, move, shown):      # noqa: B020 (the first one goes in)
        shown.show(move, tracker.update(reading_of(move), time.monotonic()))
    return move


def _readings(moves: Moves, move: dict[str, Any],
              shown: 'Lines | Bar') -> Iterator[dict[str, Any]]:
    """As the server tells them where it does so; else it is asked now and then. The last one is
    as os-migrations has it in any case."""
    migration_id, tells = move['id'], True
    yield move
    while (status := move['status']) not in FINAL:
        if tells:
            tells = False
            for move in _told(moves, migration_id):
                if move['status'] not in FINAL:
                    yield move
                tells = True    # and if it breaks off, it is asked for again after one reading
        if not tells:
            time.sleep(INTERVAL if status in MOVING else EARLY_INTERVAL)
        move = _patiently(functools.partial(_read, moves, migration_id, move['status']), shown)
        yield move


def _told(moves: Moves, migration_id: int) -> Iterator[dict[str, Any]]:
    from keystoneauth1 import exceptions
    try:
        yield from moves.told(migration_id) or ()
    except (exceptions.ConnectFailure, OSError):
        pass    # asking tells more


def until_checked(moves: Moves, last: int) -> dict[str, Any]:
    """The first migration after number ``last``, once the checks are over: it is queued or
    refused. After APPEAR_TIMEOUT it is returned as it is."""
    move = _appeared(moves, last)
    end = time.monotonic() + APPEAR_TIMEOUT
    while move['status'] == 'accepted' and time.monotonic() < end:
        time.sleep(EARLY_INTERVAL)
        move = moves.get(move['id'])
    return move


def _appeared(moves: Moves, last: int) -> dict[str, Any]:
    """The record is made by the conductor, which may begin after the API's answer."""
    end = time.monotonic() + APPEAR_TIMEOUT
    while True:
        move = moves.first_after(last)
        if move is not None:
            return move
        if time.monotonic() > end:
            raise errors.CommandError(
                f'The migration was accepted but has not begun after {APPEAR_TIMEOUT:.0f} s. '
                'Is a conductor running? See nova-lite service-list')
        time.sleep(EARLY_INTERVAL)


def _read(moves: Moves, migration_id: int, status: str) -> dict[str, Any]:
    """One request a reading: the list of what is in progress has the byte counters, the other
    one has what is not begun yet and what is over."""
    move = moves.in_progress(migration_id) if status in IN_PROGRESS else None
    return move or moves.get(migration_id)


def _patiently(read: Any, shown: 'Lines | Bar') -> Any:
    """A restarted API is no reason to stop watching."""
    from keystoneauth1 import exceptions
    silent_since = None
    while True:
        try:
            return read()
        except (exceptions.ConnectFailure, errors.ApiError) as error:
            if isinstance(error, errors.ApiError) and error.status < 500:
                raise
            if silent_since is None:
                silent_since = time.monotonic()
                shown.note(f'The API does not answer, trying again: {error}')
            elif time.monotonic() - silent_since > SILENCE_TIMEOUT:
                raise errors.CommandError(
                    f'The API has not answered for {SILENCE_TIMEOUT:.0f} s; the migration may '
                    f'well go on. {error}') from error
        time.sleep(INTERVAL)


# -- showing ----------------------------------------------------------------------------------
def display(server_name: str, began: float | None, as_json: bool) -> 'Lines | Bar':
    """Where JSON goes to the output, what happens goes to the other one."""
    stream = sys.stderr if as_json else sys.stdout
    began = time.monotonic() if began is None else began
    return (Bar if stream.isatty() else Lines)(server_name, began, stream)


class Lines:
    """A plain line for each change."""

    def __init__(self, server_name: str, began: float, stream: TextIO) -> None:
        self.migration_id: int | None = None
        self._server_name, self._began, self._stream = server_name, began, stream
        self._way = ''

    def show(self, move: dict[str, Any], step: Step) -> None:
        if not step.changed:
            return
        for status, seen in step.statuses[:-1]:
            self._line(status if seen else f'{status} (passed)')
        self._line(move['status'] + self._details(move, step))

    def note(self, text: str) -> None:
        self._line(text)

    def say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)

    def close(self) -> None:
        pass

    def _line(self, text: str) -> None:
        self.say(f'[{time.monotonic() - self._began:7.2f} s] {text}')

    def _details(self, move: dict[str, Any], step: Step) -> str:
        parts = [self._new_way(move)]
        if move['status'] in MOVING:
            parts += [f'{step.percent}%', *copy_text(move, step)]
        return ''.join(f'  {part}' for part in parts if part)

    def _new_way(self, move: dict[str, Any]) -> str:
        """The hosts, when they have become known."""
        way = way_text(move)
        if way == self._way:
            return ''
        self._way = way
        return way


class Bar:
    """The statuses as lines, and one bar for the copy."""

    def __init__(self, server_name: str, began: float, stream: TextIO) -> None:
        from rich import console, progress
        self.migration_id: int | None = None
        self._server_name, self._began = server_name, began
        self._progress = progress.Progress(
            progress.TextColumn('{task.description}'), progress.BarColumn(),
            progress.TaskProgressColumn(), progress.TextColumn('{task.fields[details]}'),
            console=console.Console(file=stream, highlight=False, markup=False),
            auto_refresh=False)
        self._task: Any = None

    def show(self, move: dict[str, Any], step: Step) -> None:
        for status, seen in step.statuses:
            self._line(f'{status}{"" if seen else " (passed)"}  {way_text(move)}')
        if self._task is None and move['status'] not in MOVING:
            return
        if self._task is None:
            self._progress.start()
            self._task = self._progress.add_task(self._server_name, total=100, details='')
        details = '  '.join(copy_text(move, step))
        self._progress.update(self._task, completed=step.percent, details=details, refresh=True)

    def note(self, text: str) -> None:
        self._line(text)

    def say(self, text: str) -> None:
        self._progress.console.print(text)

    def close(self) -> None:
        self._progress.stop()

    def _line(self, text: str) -> None:
        self._progress.console.print(f'[{time.monotonic() - self._began:7.2f} s] {text}')


def way_text(move: dict[str, Any]) -> str:
    return f"{move.get('source_compute') or '?'} -> {move.get('dest_compute') or '?'}"


def copy_text(move: dict[str, Any], step: Step) -> list[str]:
    """How the copy goes on; what only nova-lite tells is left out of another server's."""
    own = {name.removeprefix(OWN): value for name, value in move.items()
           if name.startswith(OWN) and value is not None}
    parts = [f'remaining {bytes_text(step.remaining)}',
             f"speed {speed_text(own.get('bandwidth_bytes', step.speed))}"]
    if 'memory_iteration' in own:
        parts.append(f"pass {own['memory_iteration']}")
    if own.get('dirty_rate_bytes'):
        parts.append(f"written {speed_text(own['dirty_rate_bytes'])}")
    if own.get('throttle_percent'):
        parts.append(f"slowed {own['throttle_percent']}%")
    if eta := own.get('eta_seconds'):
        parts.append(f'left {eta_text(*eta)}')
    return parts


def eta_text(least: float | None, most: float | None) -> str:
    """Seconds from and to, as far as they are known."""
    low, high = ('?' if part is None else f'{part:.0f}' for part in (least, most))
    return f'{low} s' if low == high else f'{low}-{high} s'


def speed_text(speed: float | None) -> str:
    return '-' if speed is None else f'{bytes_text(speed)}/s'
