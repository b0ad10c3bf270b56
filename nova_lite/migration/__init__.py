# SPDX-License-Identifier: Apache-2.0
"""What a migration is and what is decided about it, without any input or output.

States by type, what is done with a migration or an order that is found, what a copy needs to end,
the checks before it, and how long each phase took. The rest of the project acts on it: nothing
here knows a database, an object, a hypervisor or another host.
"""
