# SPDX-License-Identifier: Apache-2.0
"""/os-keypairs: there are none, as nothing here puts one into a guest; clients look all the same.
"""
from typing import Any

import webob.exc

from nova_lite.api import wsgi


def index(request: wsgi.Request) -> dict[str, Any]:
    return {'keypairs': []}


def show(request: wsgi.Request, keypair_name: str) -> dict[str, Any]:
    raise webob.exc.HTTPNotFound(f'Key pair {keypair_name} not found')
