# SPDX-License-Identifier: Apache-2.0
"""Who may see, make and delete flavors.

Nova has no rule today for looking at flavors: whoever is authenticated may. The name that the rule
had in earlier releases serves here, so that the right can be taken away.
"""
from nova_lite.policies import base

LOOK = 'os_compute_api:flavors'
CREATE = 'os_compute_api:os-flavor-manage:create'
DELETE = 'os_compute_api:os-flavor-manage:delete'
EXTRA_SPECS_INDEX = 'os_compute_api:os-flavor-extra-specs:index'
EXTRA_SPECS_SHOW = 'os_compute_api:os-flavor-extra-specs:show'

ONE = '/flavors/{flavor_id}'

RULES = [
    base.rule(LOOK, base.ANYBODY, 'List and show flavors.', 'GET /flavors',
              'GET /flavors/detail', f'GET {ONE}'),
    base.rule(CREATE, base.ADMIN, 'Create a flavor.', 'POST /flavors'),
    base.rule(DELETE, base.ADMIN, 'Delete a flavor.', f'DELETE {ONE}'),
    base.rule(EXTRA_SPECS_INDEX, base.PROJECT_READER_OR_ADMIN,
              'List the extra specs of a flavor.', f'GET {ONE}/os-extra_specs',
              'GET /flavors/detail', f'GET {ONE}'),
    base.rule(EXTRA_SPECS_SHOW, base.PROJECT_READER_OR_ADMIN, 'Show an extra spec of a flavor.',
              f'GET {ONE}/os-extra_specs/{{key}}'),
]
