"""Waiting for a condition in tests: looked at every few milliseconds, failing by name when it does not come true."""

import time

_LOOK_AGAIN_S = 0.02


def comes_true(condition, timeout_s):
    """Whether ``condition()`` becomes true within ``timeout_s`` seconds."""
    give_up_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > give_up_s:
            return False
        time.sleep(_LOOK_AGAIN_S)
    return True


def wait_for(condition, what, timeout_s=120.0):
    """Wait until ``condition()`` is true; fails naming ``what`` did not happen."""
    assert comes_true(condition, timeout_s), f"{what} did not happen within {timeout_s:g} s"
