# SPDX-License-Identifier: Apache-2.0
"""nova-lite-api: takes requests over HTTP and hands them to the conductor and the computes."""
from nova_lite.cmd import early     # noqa: F401
from nova_lite import monkey_patch

monkey_patch.patch()

from oslo_log import log as logging                             # noqa: E402

from nova_lite import exception, faults, rpc, service           # noqa: E402
from nova_lite.api import auth, server, wsgi_app                # noqa: E402
from nova_lite.cmd import common                                # noqa: E402
from nova_lite.conf import CONF, database                       # noqa: E402
from nova_lite.objects import base as objects_base              # noqa: E402

LOG = logging.getLogger(__name__)


class Process:
    """The server between its start and its end."""

    def __init__(self) -> None:
        self._stopping = False
        self._server: server.Server | None = None

    def start(self) -> None:
        """Listen and serve until :meth:`stop`. ConfigInvalid, or DatabaseRefused, says what is
        wrong."""
        check_database()
        listener = server.open_listener()
        auth.check_address(CONF.api.auth_strategy, listener)
        application = wsgi_app.build(CONF)
        rpc.init()
        self._server = server.Server(application, listener)
        if self._stopping:
            return
        LOG.info('nova-lite-api ready on %s', self._server.address)
        self._server.serve()

    def stop(self) -> None:
        self._stopping = True
        if self._server is not None:
            self._server.stop(CONF.graceful_shutdown_timeout)


def check_database() -> None:
    """ConfigInvalid when the database has not the tables that are needed. One that is away is not
    waited for: requests are answered with 503 meanwhile."""
    try:
        objects_base.db().check()
    except exception.DatabaseUnavailable as error:
        if faults.is_lasting(error):
            raise
        LOG.warning('%s', error.format_message())


def main() -> None:
    database.register_opts(CONF)
    options = common.prepare('nova-lite-api')
    process = Process()
    service.run(process.start, process.stop, options)


if __name__ == '__main__':
    main()
