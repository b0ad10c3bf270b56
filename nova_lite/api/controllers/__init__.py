# SPDX-License-Identifier: Apache-2.0
"""One module a resource; each function is one row of ``nova_lite.api.routes``."""
