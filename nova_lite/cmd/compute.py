# SPDX-License-Identifier: Apache-2.0
"""nova-lite-compute: one on each host, drives the hypervisor. It never opens the database."""
from nova_lite import early_signals     # noqa: F401
from nova_lite import monkey_patch

monkey_patch.patch()

from nova_lite import service                                   # noqa: E402
from nova_lite.cmd import common                                # noqa: E402
from nova_lite.compute.host_identity import HostIdentity         # noqa: E402
from nova_lite.compute import manager, rpcapi                   # noqa: E402
from nova_lite.conductor import rpcapi as conductor_rpcapi      # noqa: E402
from nova_lite.conf import CONF                                 # noqa: E402
from nova_lite.objects import base as objects_base              # noqa: E402
from nova_lite.virt.libvirt import binding, driver, host as libvirt_host     # noqa: E402


def make_service(host: str, identity: HostIdentity | None = None) -> service.Service:
    """The compute service of ``host``; everything in it reaches the database by the conductor."""
    conductor = conductor_rpcapi.Indirection()
    compute = manager.ComputeManager(host, driver.make_driver())
    return service.Service('nova-compute', [rpcapi.ComputeAPI], compute, host,
                           scope=lambda: objects_base.indirection(conductor), identity=identity)


def main() -> None:
    options = common.prepare('nova-lite-compute')
    service.make_or_die(service.connect)
    if not binding.is_simulated(CONF.libvirt.connection_uri):
        service.make_or_die(libvirt_host.require_libvirt)
    identity = HostIdentity(CONF.host)
    service.make_or_die(identity.take)
    compute = service.make_or_die(lambda: make_service(CONF.host, identity))
    service.run(compute.start, compute.stop, options)


if __name__ == '__main__':
    main()
