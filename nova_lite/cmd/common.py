# SPDX-License-Identifier: Apache-2.0
"""What the service processes do alike before their work begins: options and log."""
import logging as std_logging
import os
import sys

from oslo_log import log as logging

from nova_lite.conf import CONF, check

LOG = logging.getLogger(__name__)

# each says the same line for every attempt to reach a broker or a database that is away
REPEATING = ('oslo.messaging._drivers.impl_rabbit', 'oslo.messaging.connection_factory',
             'oslo_messaging._drivers.amqpdriver', 'amqp',
             'oslo_db.sqlalchemy.exc_filters', 'oslo_db.sqlalchemy.engines')


class OncePerOutage(std_logging.Filter):
    """Lets one message of a kind pass in ``seconds``, without its stack trace."""

    def __init__(self, seconds: float = 60.0) -> None:
        super().__init__()
        self._seconds = seconds
        self._last: dict[object, float] = {}

    def filter(self, record: std_logging.LogRecord) -> bool:
        if record.levelno < std_logging.WARNING:
            return True
        record.exc_info = record.exc_text = None
        kind = (record.module, record.funcName)
        if record.created - self._last.get(kind, float('-inf')) < self._seconds:
            return False
        self._last[kind] = record.created
        return True


def prepare(name: str, argv: list[str] | None = None) -> check.Options:
    """Read and check the options of process ``name`` and start its log. A fault ends the process
    with EX_CONFIG and one line for each; arguments that are none, with 2."""
    logging.register_options(CONF)
    logging.set_defaults(default_log_levels=[
        *logging.get_default_log_levels(), 'oslo.messaging=WARNING', 'oslo_messaging=WARNING',
        'oslo_policy=WARNING', 'amqp=WARNING', 'alembic=WARNING'])
    options = check.Options(name, sys.argv[1:] if argv is None else argv)
    reading = options.start()
    if reading.faults:
        print(*(f'{name}: {fault}' for fault in reading.faults), sep='\n', file=sys.stderr)
        sys.exit(os.EX_CONFIG)
    try:
        logging.setup(CONF, name)
    except (OSError, ValueError, KeyError, logging.LogConfigError) as error:
        print(f'{name}: the log cannot be begun, see log_config_append, log_file and log_dir in '
              f'[DEFAULT]: {" ".join(str(error).split())}', file=sys.stderr)
        sys.exit(os.EX_CONFIG)
    for warning in reading.warnings:
        LOG.warning('%s', warning)
    mention_outages_once()
    return options


def mention_outages_once() -> None:
    for repeating in REPEATING:
        std_logging.getLogger(repeating).addFilter(OncePerOutage())
