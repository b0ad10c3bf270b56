# SPDX-License-Identifier: Apache-2.0
"""nova-lite-api: takes requests over HTTP and hands them to the conductor and the computes."""
from nova_lite import early_signals     # noqa: F401
from nova_lite import monkey_patch

monkey_patch.patch()

import os                                                       # noqa: E402
import signal                                                   # noqa: E402
import time                                                     # noqa: E402

from oslo_log import log as logging                             # noqa: E402

from nova_lite import exception, faults, service, utils         # noqa: E402
from nova_lite.api import auth, server, wsgi_app                # noqa: E402
from nova_lite.cmd import common                                # noqa: E402
from nova_lite.conf import CONF, database                       # noqa: E402
from nova_lite.objects import base as objects_base              # noqa: E402

LOG = logging.getLogger(__name__)
CHECK_INTERVAL = 1.0    # s between two questions to a database that was away at the start


class Process:
    """The server between its start and its end."""

    def __init__(self) -> None:
        self._stopping = False
        self._server: server.Server | None = None

    def start(self) -> None:
        """Listen and serve until :meth:`stop`. ConfigInvalid, or DatabaseRefused, says what is
        wrong."""
        if not wsgi_app.check_database():
            utils.spawn(self._check_when_back, name='check-database')
        listener = server.open_listener()
        auth.check_address(CONF.api.auth_strategy, listener)
        application = wsgi_app.build(CONF)
        service.connect()
        self._server = server.Server(application, listener)
        if self._stopping:
            return
        LOG.info('nova-lite-api ready on %s', self._server.address)
        self._server.serve()

    def _check_when_back(self) -> None:
        while not self._stopping:
            time.sleep(CHECK_INTERVAL)
            try:
                objects_base.db().check()
                return
            except Exception as error:
                if faults.is_lasting(error):
                    LOG.critical('%s', exception.message_of(error))
                    os.kill(os.getpid(), signal.SIGTERM)
                    return

    def stop(self) -> None:
        self._stopping = True
        if self._server is not None:
            self._server.stop(CONF.graceful_shutdown_timeout)


def main() -> None:
    database.register_opts(CONF)
    options = common.prepare('nova-lite-api')
    process = Process()
    service.run(process.start, process.stop, options)


if __name__ == '__main__':
    main()
