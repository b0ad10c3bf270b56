# SPDX-License-Identifier: Apache-2.0
"""One file a process. Each patches for its concurrency model before it imports anything else."""
