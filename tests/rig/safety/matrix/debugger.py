"""Stopping the rig as a debugger does (ptrace(2)): no signal is delivered to it, and no signal wakes it."""

from __future__ import annotations

import ctypes
import os

import pytest

from tests.rig.safety.matrix.cell import Cell

_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
_WALL = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_LIBC.ptrace.restype = ctypes.c_long


def attach(cell: Cell) -> None:
    """Stop the rig's main thread; skips the test where the system permits no debugger (yama, a container)."""
    if _LIBC.ptrace(_SEIZE, cell.pid, None, None) != 0:
        pytest.skip(f"no debugger is permitted here: {os.strerror(ctypes.get_errno())}")
    assert _LIBC.ptrace(_INTERRUPT, cell.pid, None, None) == 0
    os.waitpid(cell.pid, _WALL)


def detach(cell: Cell) -> None:
    """Let it go on."""
    assert _LIBC.ptrace(_DETACH, cell.pid, None, None) == 0
