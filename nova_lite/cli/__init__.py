# SPDX-License-Identifier: Apache-2.0
"""The command ``nova-lite``: a client of the compute API with novaclient's commands and tables.

It speaks HTTP only and shares no code with the services. The table of commands is plain data, so
that help and completion do not load what a single command needs.
"""
