# SPDX-License-Identifier: Apache-2.0
"""nova-lite-scheduler: picks the destination of a migration and the host of a new server."""
from nova_lite import early_signals     # noqa: F401
from nova_lite import monkey_patch

monkey_patch.patch()

from nova_lite import service                                   # noqa: E402
from nova_lite.cmd import common                                # noqa: E402
from nova_lite.conf import CONF, database                       # noqa: E402
from nova_lite.scheduler import manager, rpcapi                 # noqa: E402


def main() -> None:
    database.register_opts(CONF)
    options = common.prepare('nova-lite-scheduler')
    service.make_or_die(service.connect)
    scheduler = service.Service('nova-scheduler', [rpcapi.SchedulerAPI],
                                service.make_or_die(manager.SchedulerManager), CONF.host)
    service.run(scheduler.start, scheduler.stop, options)


if __name__ == '__main__':
    main()
