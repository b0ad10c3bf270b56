# SPDX-License-Identifier: Apache-2.0
"""Every option, by section, on oslo.config's global object.

oslo.messaging registers some options of its own on the global ``cfg.CONF`` only, so a private
ConfigOpts cannot be used.
"""
from oslo_config import cfg

from nova_lite.conf import (
    api,
    base,
    compute,
    conductor,
    images,
    libvirt,
    notifications,
    scheduler,
    service,
    simulation,
)

CONF = cfg.CONF

SECTIONS = (base, service, api, conductor, scheduler, compute, libvirt, images, notifications,
            simulation)

for section in SECTIONS:
    section.register_opts(CONF)
