# SPDX-License-Identifier: Apache-2.0
"""A transaction again, while the database is away for a moment."""
import functools
import itertools
import time
from collections.abc import Callable
from typing import Any

from oslo_db import exception as db_exc
from oslo_log import log as logging

from nova_lite import driver_errors, exception

LOG = logging.getLogger(__name__)
# a transaction is tried again for that long, in s; a request of the API must end
RETRY_SECONDS = 6.0
# and so often where another transaction stood in its way, however slow this process is
LEAST_ATTEMPTS = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0


def retried(function: Callable) -> Callable:
    """Run ``function``, one whole transaction, again while the database is away for a moment, a
    deadlock and a lost connection included, as long as RETRY_SECONDS are not over.

    After a lost connection the first run may have been committed: ``function`` must stand that.
    """
    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        deadline, pause = time.monotonic() + RETRY_SECONDS, FIRST_PAUSE
        for attempt in itertools.count(1):
            try:
                return function(*args, **kwargs)
            except exception.DatabaseRefused:
                raise
            except exception.DatabaseUnavailable as error:
                collided = isinstance(error.__cause__, db_exc.DBDeadlock)
                if (time.monotonic() + pause >= deadline
                        and not (collided and attempt < LEAST_ATTEMPTS)):
                    LOG.warning('%s is given up, attempt %d: %s', function.__qualname__, attempt,
                                driver_errors.words_of(error.__cause__ or error))
                    raise
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
    return run
