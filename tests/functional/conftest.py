# SPDX-License-Identifier: Apache-2.0
"""Everything of the functional level runs on the concurrency model of NOVA_LITE_CONCURRENCY."""
from nova_lite import monkey_patch

monkey_patch.patch()

import pytest                                                           # noqa: E402

pytest.register_assert_rewrite('tests.contract.driver_contract', 'tests.contract.moves',
                               'tests.contract.storage_contract')

from tests.fixtures.db import _sqlite                                   # noqa: E402,F401
from tests.fixtures.services import _cloud, cloud                       # noqa: E402,F401
