# SPDX-License-Identifier: Apache-2.0
"""/limits: what a project uses."""
from typing import Any

from nova_lite import objects
from nova_lite.api import wsgi
from nova_lite.api.views import limits as views
from nova_lite.policies import limits as policies


def show(request: wsgi.Request, query: dict[str, Any]) -> dict[str, Any]:
    project_id = query.get('tenant_id', request.context.project_id)
    if project_id != request.context.project_id:
        request.context.can(policies.SHOW_OTHER_PROJECT)
    servers = objects.InstanceList.get_by_filters(request.context, {'project_id': project_id})
    return views.show(request, list(servers))
