"""A VISA library that does what a test tells it, below the real pyvisa: ``ResourceManager("@scripted")``."""

import sys
import threading
import types

from pyvisa import constants, errors, rname
from pyvisa.highlevel import VisaLibraryBase
from pyvisa.util import LibraryPath

OK = constants.StatusCode.success


class ScriptedVisa(VisaLibraryBase):
    """One resource; ``calls`` is what pyvisa asked for. ``hangs_in`` waits in the calls named until ``release()``."""

    calls: list
    hangs_in: set
    raises: dict
    answers: dict

    @classmethod
    def reset(cls):
        cls.calls, cls.hangs_in, cls.raises, cls.answers = [], set(), {}, {}
        cls._asked, cls._attributes, cls._released, cls.came_back = b"", {}, threading.Event(), threading.Event()

    @classmethod
    def release(cls):
        cls._released.set()

    @staticmethod
    def get_library_paths():
        return (LibraryPath("scripted"),)

    def _init(self):
        pass

    def _do(self, name, *details):
        self.calls.append((name, *details))
        if name in self.hangs_in:
            assert self._released.wait(30)
            self.came_back.set()
        if name in self.raises:
            raise self.raises[name]

    def open_default_resource_manager(self):
        return 1, OK

    def parse_resource_extended(self, session, resource_name):
        parsed = rname.parse_resource_name(resource_name)
        return types.SimpleNamespace(
            interface_type=parsed.interface_type_const, resource_class=parsed.resource_class
        ), OK

    def open(self, session, resource_name, access_mode=0, open_timeout=0):
        self._do("open", resource_name)
        return 2, OK

    def close(self, session):
        if session == 2:
            self._do("close")
        return OK

    def clear(self, session):
        self._do("clear")
        return OK

    def write(self, session, data):
        self._do("write", data)
        type(self)._asked = data
        return len(data), OK

    def read(self, session, count):
        self._do("read")
        answer = self.answers.get(self._asked)
        if answer is None:
            raise errors.VisaIOError(constants.StatusCode.error_timeout)
        return answer, constants.StatusCode.success_max_count_read if len(answer) >= count else OK

    def get_attribute(self, session, attribute):
        return self._attributes.get(attribute, 0), OK

    def set_attribute(self, session, attribute, value):
        self._attributes[attribute] = value
        return OK

    def disable_event(self, session, event_type, mechanism):
        return OK

    def discard_events(self, session, event_type, mechanism):
        return OK


def install(monkeypatch):
    """Make the library known to pyvisa for a test; returns its class."""
    ScriptedVisa.reset()
    monkeypatch.setitem(sys.modules, "pyvisa_scripted", types.SimpleNamespace(WRAPPER_CLASS=ScriptedVisa))
    return ScriptedVisa
