# SPDX-License-Identifier: Apache-2.0
"""Who calls whom: the stacks of all calls of nova_lite's functions while something goes on.

A stack begins at the root. What is handed to a thread goes on where the thread was started, and a
remote call goes on where it was sent, so that one stack leads through all services.
"""
import itertools
import os
import sys
import threading
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

PACKAGE = os.sep + 'nova_lite' + os.sep
# between the function that hands something over and the one that gets it
HOP = '@'
# before the name of a function that is not ours
LIBRARY = '~'
# how oslo.versionedobjects wraps a method of an object that acts here or, by the conductor, there
REMOTABLE = '_wrapper_'

WRITER = 'background.py:'
Stack = tuple[str, ...]


class Recorder:
    """Records while it is entered. Only native threads can be watched, not green ones."""

    def __init__(self) -> None:
        self.stacks: dict[Stack, None] = {}     # each once, in the order of their first calls
        self._on = False
        self._sent: dict[tuple[str, str], Stack] = {}
        self._started: list[tuple[threading.Thread, Stack]] = []
        self._start = threading.Thread.start

    def install(self) -> None:
        """Watch this thread and all that begin after this."""
        threading.setprofile(self._note)
        sys.setprofile(self._note)
        recorder, start = self, self._start

        def start_with_parent(thread: threading.Thread) -> None:
            if recorder._on:
                stack = recorder._stack(sys._getframe(1))
                recorder._started.append((thread, stack))
                thread.begun_by = stack
            start(thread)

        threading.Thread.start = start_with_parent

    def remove(self) -> None:
        """Take back what :meth:`install` did."""
        threading.Thread.start = self._start
        threading.setprofile(None)
        sys.setprofile(None)

    def __enter__(self) -> 'Recorder':
        self._on = True
        return self

    def __exit__(self, *error: Any) -> None:
        self._on = False

    def wait_for(self, root: str, timeout: float) -> None:
        """Until the threads that ``root`` is the reason of have ended, but for those of a
        BackgroundWriter, who ends them."""
        for thread, stack in self._started:     # grows meanwhile
            if root in stack and not any(name.startswith(WRITER) for name in stack):
                thread.join(timeout)
                assert not thread.is_alive(), f'{thread.name} goes on for more than {timeout} s'

    def _note(self, frame: FrameType, event: str, _: Any) -> None:
        if event != 'call' or not self._on:
            return
        code = frame.f_code
        if PACKAGE in code.co_filename or code.co_name.startswith(REMOTABLE):
            self.stacks.setdefault(self._stack(frame))
        elif code.co_name in ('call', 'cast') and code.co_filename.endswith('rpc/client.py'):
            self._note_sent(frame)

    def _note_sent(self, frame: FrameType) -> None:
        """A remote call, as a call of the method that declares it."""
        method, arguments = frame.f_locals.get('method'), frame.f_locals.get('kwargs', {})
        sender: FrameType | None = frame
        while sender is not None and not hasattr(type(sender.f_locals.get('self')), str(method)):
            sender = sender.f_back
        if sender is None:
            return
        declared = getattr(type(sender.f_locals['self']), method).__wrapped__.__code__
        stack = (*self._stack(sender), name_of(declared))
        self.stacks.setdefault(stack)
        self._sent[method, _object_of(arguments)] = stack

    def _stack(self, frame: FrameType | None) -> Stack:
        names = reversed(list(self._upwards(frame)))
        return tuple(name for name, _ in itertools.groupby(names))

    def _upwards(self, frame: FrameType | None) -> Iterator[str]:
        theirs = False
        while frame is not None:
            code = frame.f_code
            if PACKAGE in code.co_filename:
                theirs = False
                yield name_of(code)
            elif code.co_name == '_do_dispatch':
                key = frame.f_locals['method'], _object_of(frame.f_locals['args'])
                if key in self._sent:
                    yield HOP
                    yield from reversed(self._sent[key])
                return
            elif code.co_name.startswith(REMOTABLE):
                theirs = False
                yield name_of(frame.f_locals['fn'].__code__)
            elif not theirs:        # of several in a row only the one that calls ours
                theirs = True
                yield f'{LIBRARY}{code.co_filename}:{code.co_name}'
            frame = frame.f_back
        if begun_by := getattr(threading.current_thread(), 'begun_by', None):
            yield HOP
            yield from reversed(begun_by)


def name_of(code: CodeType) -> str:
    """``compute/manager.py:ComputeManager.ping``"""
    return code.co_filename.rpartition(PACKAGE)[2] + ':' + code.co_qualname


def _object_of(arguments: dict[str, Any]) -> str:
    """Of calls that all have the name object_action: which object's, and what it shall do."""
    return f'{arguments.get("objname")}.{arguments.get("objmethod")}'
