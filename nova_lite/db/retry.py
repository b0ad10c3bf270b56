# SPDX-License-Identifier: Apache-2.0
"""A transaction again, while the database is away for a moment.

A transaction that stands being run twice is ``retried``. One that must know its own row again,
because the run before may have been committed and only its answer was lost, is ``attempted``.
"""
import datetime
import functools
import itertools
import time
from collections.abc import Callable
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

from oslo_db import exception as db_exc
from oslo_log import log as logging
from oslo_utils import timeutils

from nova_lite import driver_errors, exception

LOG = logging.getLogger(__name__)
# a transaction is tried again for that long, in s; a request of the API must end
RETRY_SECONDS = 6.0
# and so often where another transaction stood in its way, however slow this process is
LEAST_ATTEMPTS = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0

P = ParamSpec('P')
R = TypeVar('R')


class Attempt(NamedTuple):
    """One run of a transaction. ``stamp``: when the first one began, the same in all of them.
    ``again``: a run before, whose connection was lost, may have been committed."""
    stamp: datetime.datetime
    again: bool


def attempted(function: Callable[Concatenate[Attempt, P], R]) -> Callable[P, R]:
    """Run ``function``, one whole transaction, again while the database is away for a moment, a
    deadlock and a lost connection included, as long as RETRY_SECONDS are not over. Its first
    argument, which callers leave out, is the Attempt."""
    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        stamp = timeutils.utcnow(with_timezone=True)
        deadline, pause = time.monotonic() + RETRY_SECONDS, FIRST_PAUSE
        for number in itertools.count(1):
            try:
                return function(Attempt(stamp, number > 1), *args, **kwargs)
            except exception.DatabaseRefused:
                raise
            except exception.DatabaseUnavailable as error:
                collided = isinstance(error.__cause__, db_exc.DBDeadlock)
                if (time.monotonic() + pause >= deadline
                        and not (collided and number < LEAST_ATTEMPTS)):
                    LOG.warning('%s is given up, attempt %d: %s', function.__qualname__, number,
                                driver_errors.words_of(error.__cause__ or error))
                    raise
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        raise AssertionError('an endless loop has ended')
    return run


def retried(function: Callable[P, R]) -> Callable[P, R]:
    """As :func:`attempted`, for a ``function`` that stands being run after it was committed."""
    @attempted
    @functools.wraps(function)
    def run(_attempt: Attempt, *args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)
    return run


def once_more_on_duplicate(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` a second time when the row that it inserts came from elsewhere at the same
    moment: now it is there to be found."""
    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except db_exc.DBDuplicateEntry:
            return function(*args, **kwargs)
    return run
