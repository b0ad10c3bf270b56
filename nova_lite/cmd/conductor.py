# SPDX-License-Identifier: Apache-2.0
"""nova-lite-conductor: runs the migration tasks and is the computes' way to the database."""
from nova_lite.cmd import early     # noqa: F401
from nova_lite import monkey_patch

monkey_patch.patch()

from nova_lite import rpc, service                              # noqa: E402
from nova_lite.cmd import common                                # noqa: E402
from nova_lite.conf import CONF, database                       # noqa: E402


def main() -> None:
    database.register_opts(CONF)
    options = common.prepare('nova-lite-conductor')
    from nova_lite.conductor import manager, rpcapi
    service.make_or_die(rpc.init)
    conductor = service.Service('nova-conductor', rpcapi.ConductorAPI,
                                manager.ConductorManager(CONF.host), CONF.host)
    service.run(conductor.start, conductor.stop, options)


if __name__ == '__main__':
    main()
