# SPDX-License-Identifier: Apache-2.0
"""Who may list migrations, finished ones too."""
from nova_lite.policies import base

INDEX = 'os_compute_api:os-migrations:index'
INDEX_ALL_PROJECTS = 'os_compute_api:os-migrations:index:all_projects'
INDEX_HOST = 'os_compute_api:os-migrations:index:host'

LIST = 'GET /os-migrations'

RULES = [
    base.rule(INDEX, base.PROJECT_MANAGER_OR_ADMIN,
              'List the migrations of the own project, without the names of hosts.', LIST),
    base.rule(INDEX_ALL_PROJECTS, base.ADMIN, 'List the migrations of all projects.', LIST),
    base.rule(INDEX_HOST, base.ADMIN, 'List migrations with the names of hosts.', LIST),
]
