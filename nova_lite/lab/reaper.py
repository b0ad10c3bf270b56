# SPDX-License-Identifier: Apache-2.0
"""Runs libvirtd and collects the QEMU processes that it leaves behind.

libvirt daemonises QEMU and then waits for its pid to vanish at every destroy, abort and
end of a migration. Left to a PID 1 that collects slowly, each of them takes seconds;
a parent that waits makes it milliseconds. It outlives libvirtd as long as guests run.
"""
import ctypes
import os
import subprocess
import sys

PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """``reaper.py [NAME=VALUE ...] COMMAND [ARGUMENT ...]``"""
    words = sys.argv[1:]
    environment = dict(os.environ)
    while '=' in words[0]:      # for the command only, not for this interpreter
        name, _, value = words.pop(0).partition('=')
        environment[name] = value
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), 'prctl(PR_SET_CHILD_SUBREAPER)')
    subprocess.Popen(words, env=environment)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


if __name__ == '__main__':
    main()
