# SPDX-License-Identifier: Apache-2.0
"""nova-lite-conductor: runs the migration tasks and is the computes' way to the database."""
from nova_lite import early_signals     # noqa: F401
from nova_lite import monkey_patch

monkey_patch.patch()

from nova_lite import service                                   # noqa: E402
from nova_lite.cmd import common                                # noqa: E402
from nova_lite.conductor import manager, rpcapi                 # noqa: E402
from nova_lite.conf import CONF, database                       # noqa: E402


def main() -> None:
    database.register_opts(CONF)
    options = common.prepare('nova-lite-conductor')
    service.make_or_die(service.connect)
    conductor = service.Service('nova-conductor', rpcapi.INTERFACES,
                                manager.ConductorManager(CONF.host), CONF.host)
    service.run(conductor.start, conductor.stop, options)


if __name__ == '__main__':
    main()
