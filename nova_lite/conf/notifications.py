# SPDX-License-Identifier: Apache-2.0
"""[notifications]: in which of Nova's two forms the world is told what happens."""
from oslo_config import cfg

OPTS = [
    cfg.StrOpt('notification_format', default='unversioned',
               choices=[('unversioned', 'compute.instance.* on the topic notifications'),
                        ('versioned', 'instance.* on the topic versioned_notifications'),
                        ('both', 'each event in both forms')],
               help="""
Form of the notifications. They are sent only where [oslo_messaging_notifications]driver is set.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(OPTS, group='notifications')


def list_opts() -> dict[str, list]:
    return {'notifications': OPTS}
