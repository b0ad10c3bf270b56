# SPDX-License-Identifier: Apache-2.0
"""The kill matrix: whatever dies at whatever moment of a migration, nothing is lost.

A cell is ACTOR:FAULT:MOMENT. The cells of one actor and fault run together: each has a server of
its own, which is brought to its moment and held there; then the fault strikes once, all are let
go, and each is judged by itself. cells.py lists them, stage.py has the processes, servers.py
brings servers to their moments, harm.py does the harm, verdict.py judges.
"""
