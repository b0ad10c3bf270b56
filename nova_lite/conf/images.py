# SPDX-License-Identifier: Apache-2.0
"""[images]: the local directory that guests are booted from."""
from oslo_config import cfg

from nova_lite.conf import types

OPTS = [
    cfg.Opt('path', type=types.Path(), default='$state_path/images', help="""
Directory of images, the same path with the same content on every host. Each image is described by
NAME.json: id (a UUID), name, and file names relative to the directory: disk with disk_format, or
kernel, initrd and cmdline, or both; optionally min_ram (MiB), min_disk (GiB) and properties.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(OPTS, group='images')


def list_opts() -> dict[str, list]:
    return {'images': OPTS}
