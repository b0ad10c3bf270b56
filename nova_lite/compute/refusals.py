# SPDX-License-Identifier: Apache-2.0
"""What keeps a host from looking, before a guest begins to move, is a refusal by that host."""
import contextlib
from collections.abc import Iterator

from nova_lite import exception


@contextlib.contextmanager
def by(host: str) -> Iterator[None]:
    """Around what a driver does at either end before the copy begins: an error of the host's files
    or sockets (a full disk) that it lets through is a MigrationPreCheckError."""
    try:
        yield
    except OSError as error:
        words = error.strerror or exception.message_of(error)
        if error.filename:
            words = f'{words}: {error.filename}'
        raise exception.MigrationPreCheckError(reason=f'on host {host}: {words}') from error
