# SPDX-License-Identifier: Apache-2.0
"""The API for a WSGI server of the operator's own: ``nova_lite.wsgi:application``.

Options come from OS_NOVA_LITE_CONFIG_FILES (several with ; between them), or else from where
nova-lite-api looks for them. What waiting does not mend ends the load with one line. The server
may fork afterwards: nothing that is connected or runs is there to be shared.
"""
import os

from nova_lite import monkey_patch

# the threads of most servers are native, and some have begun by now; say so where they are green
os.environ.setdefault(monkey_patch.SETTING, monkey_patch.THREADING)
monkey_patch.patch()

import atexit  # noqa: E402
from typing import Any  # noqa: E402

from nova_lite import exception, notifications, service  # noqa: E402
from nova_lite.api import errors, wsgi_app  # noqa: E402
from nova_lite.cmd import common  # noqa: E402
from nova_lite.conf import CONF, database  # noqa: E402
from nova_lite.objects import base as objects_base  # noqa: E402

CONFIG_FILES = 'OS_NOVA_LITE_CONFIG_FILES'


def _load() -> Any:
    database.register_opts(CONF)
    files = os.environ.get(CONFIG_FILES, '').split(';')
    common.prepare('nova-lite-api', [f'--config-file={file}' for file in files if file])
    return service.make_or_die(_build)


def _build() -> Any:
    if CONF.api.auth_strategy == 'noauth2':
        raise exception.ConfigInvalid(
            reason='auth_strategy=noauth2 makes everyone an administrator, and only '
                   'nova-lite-api knows where it listens: choose http_basic or keystone.')
    made = wsgi_app.build(CONF)
    if not wsgi_app.check_database():
        made = errors.ErrorMiddleware(wsgi_app.CheckedWhenBack(made))
    objects_base.db().disconnect()
    service.connect()
    atexit.register(notifications.drain)
    return made


application = _load()
