# SPDX-License-Identifier: Apache-2.0
"""No more copies at once than there are places, whoever wants more."""
import threading

from nova_lite.compute import copy_semaphore

LIMIT = 10


class Copies:
    """Threads that hold a place until they are let go."""

    def __init__(self, semaphore):
        self._semaphore, self.running = semaphore, threading.Semaphore(0)
        self._go, self._threads = threading.Event(), []

    def begin(self, **how):
        def copy():
            with self._semaphore.place(**how):
                self.running.release()
                self._go.wait(LIMIT)

        self._threads.append(threading.Thread(target=copy))
        self._threads[-1].start()

    def run(self):
        """Does one more run?"""
        return self.running.acquire(timeout=LIMIT)

    def end(self):
        self._go.set()
        for thread in self._threads:
            thread.join(LIMIT)
            assert not thread.is_alive()


def test_place_when_all_are_taken_then_comes_with_the_end_of_another():
    copies = Copies(copy_semaphore.CopySemaphore(lambda: 1))
    copies.begin()
    assert copies.run()
    copies.begin()
    assert not copies.running.acquire(timeout=0.1)
    copies.end()
    assert copies.running.acquire(timeout=0)


def test_place_when_a_copy_runs_already_then_is_had_at_once_and_counts():
    copies = Copies(copy_semaphore.CopySemaphore(lambda: 2))
    for _ in range(3):
        copies.begin(wait=False)
        assert copies.run()
    copies.begin()
    assert not copies.running.acquire(timeout=0.1)
    copies.end()


def test_place_when_the_option_grants_more_meanwhile_then_is_had(monkeypatch):
    monkeypatch.setattr(copy_semaphore, 'LOOK_INTERVAL', 0.01)
    places = [1]
    copies = Copies(copy_semaphore.CopySemaphore(lambda: places[0]))
    copies.begin()
    assert copies.run()
    copies.begin()
    assert not copies.running.acquire(timeout=0.1)
    places[0] = 0       # no limit
    assert copies.run()
    copies.end()


def test_place_when_the_copy_fails_then_is_free_again():
    semaphore = copy_semaphore.CopySemaphore(lambda: 1)
    for _ in range(2):
        try:
            with semaphore.place():
                raise ValueError('broke')
        except ValueError:
            continue
