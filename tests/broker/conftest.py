# SPDX-License-Identifier: Apache-2.0
"""The broker level: what has to cross a real broker and a real database."""
from tests.fixtures.servers import (  # noqa: F401
    _mariadb,
    _postgresql,
    _rabbitmq,
    database,
    database_url,
    mariadb,
    postgresql,
    rabbitmq,
    server_directory,
    transport_url,
)
