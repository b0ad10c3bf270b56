# SPDX-License-Identifier: Apache-2.0
"""A post-copy whose connection broke: the guest is at the destination, part of its memory is not.

Both halves are needed, so nothing is started, stopped or removed here. The destination is asked
until it has the whole guest: QEMU often goes on by itself once the network is back, which the
source never learns. Where the driver can, it is told to connect the halves again, now and then.
"""
import threading
import time
from collections.abc import Callable

from oslo_log import log as logging

from nova_lite import exception, rpc
from nova_lite.virt import driver as virt_driver

LOG = logging.getLogger(__name__)

ASK_INTERVAL = 2.0          # s between two questions to the destination
RESUME_INTERVAL = 30.0      # s from the break, and between two attempts to resume
STUCK_AFTER = 120.0         # s of a destination that answers before an operator is called
UNREACHABLE = 'it does not answer'


class Split:
    """The two halves of one guest.

    ``obstacle()`` asks the destination and returns '' when it has the whole guest; ``resume()``
    returns an Outcome; ``tell(text)`` writes what is waited for into the migration's record.
    """

    def __init__(self, source: str, dest: str, guest: str, obstacle: Callable[[], str],
                 resume: Callable[[], virt_driver.Outcome], tell: Callable[[str], None]) -> None:
        self._source, self._dest, self._guest = source, dest, guest
        self._obstacle, self._resume, self._tell = obstacle, resume, tell
        self._abandoned = threading.Event()

    def abandon(self) -> None:
        """Nobody wants the guest any more: end the wait."""
        self._abandoned.set()

    def wait_until_whole(self, why: str) -> None:
        """Return when the destination has the whole guest. ``why``: what broke the post-copy.

        LiveMigrationLost when there is no guest at the destination that could become whole, or
        when the wait was abandoned. An operator, the network or time ends it; no clock does,
        since to give up would lose the guest.
        """
        resume_at, answers_since = time.monotonic() + RESUME_INTERVAL, None
        while obstacle := self._ask():
            now = time.monotonic()
            if obstacle.startswith(UNREACHABLE):
                answers_since = None
            elif answers_since is None:
                answers_since = now
            stuck = answers_since is not None and now > answers_since + STUCK_AFTER
            self._say(self._words(why, obstacle, stuck))
            if answers_since is not None and now >= resume_at:
                outcome = self._try_to_resume()
                resume_at = time.monotonic() + RESUME_INTERVAL
                LOG.info('Guest %s, resuming its post-copy: %s %s', self._guest, outcome.status,
                         outcome.reason)
                why = outcome.reason or why
            elif self._abandoned.wait(ASK_INTERVAL):
                raise exception.LiveMigrationLost(
                    reason=f'the server was deleted while its post-copy was broken ({why})')

    def _ask(self) -> str:
        try:
            return self._obstacle()
        except (*rpc.UNREACHABLE, exception.HypervisorUnavailable) as error:
            return f'{UNREACHABLE}: {exception.public_message(error)}'
        except exception.InstanceNotRunning as error:
            raise exception.LiveMigrationLost(
                reason='the guest ended at the destination before all its memory had arrived: '
                       + error.format_message()) from error
        except Exception as error:      # a defect proves nothing about the guest
            LOG.exception('Guest %s, asking host %s', self._guest, self._dest)
            return f'{UNREACHABLE}: {exception.public_message(error)}'

    def _try_to_resume(self) -> virt_driver.Outcome:
        try:
            return self._resume()
        except Exception as error:
            LOG.exception('Guest %s, resuming its post-copy', self._guest)
            return virt_driver.Outcome(virt_driver.BROKEN, exception.public_message(error))

    def _say(self, text: str) -> None:
        try:
            self._tell(text)
        except Exception as error:
            LOG.info('Guest %s: %s (%s)', self._guest, text, exception.message_of(error))

    def _words(self, why: str, obstacle: str, stuck: bool) -> str:
        text = (f'post-copy is paused: {why}; host {self._dest}: {obstacle}. Both halves of the '
                'guest are left as they are; it goes on when the hosts reach each other again')
        if stuck:
            text += (f'. They do, and it does not: on {self._source} '
                     f'"virsh domjobabort --postcopy {self._guest}" breaks the old connection, '
                     'then [libvirt]live_migration_resume_post_copy=always lets it be made again; '
                     'deleting the server gives the guest up')
        return text
