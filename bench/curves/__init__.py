"""How time and memory grow. Each curve measures itself, and says how it is shown."""

from . import answers, flight, mirror, processes

ALL = {"flight": flight, "answers": answers, "mirror": mirror, "processes": processes}
