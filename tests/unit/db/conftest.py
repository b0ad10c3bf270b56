# SPDX-License-Identifier: Apache-2.0
from tests.fixtures.db import _sqlite, ctxt, database  # noqa: F401
