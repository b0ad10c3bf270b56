# SPDX-License-Identifier: Apache-2.0
"""/os-aggregates: there are none; clients look before they show a hypervisor."""
from typing import Any

import webob.exc

from nova_lite.api import wsgi


def index(request: wsgi.Request) -> dict[str, Any]:
    return {'aggregates': []}


def show(request: wsgi.Request, aggregate_id: str) -> dict[str, Any]:
    raise webob.exc.HTTPNotFound(f'Aggregate {aggregate_id} could not be found')
