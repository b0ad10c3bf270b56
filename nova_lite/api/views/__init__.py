# SPDX-License-Identifier: Apache-2.0
"""What an answer says, by resource, with a table of the microversion each field came with."""
