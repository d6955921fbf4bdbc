"""Prints where the time of a profile of cProfile has gone: python hot.py PROFILE PROJECT. A function of the project gets its
own time and that of the functions of others that it calls."""

import json
import os
import pstats
import sys

profile, project = sys.argv[1], os.path.realpath(sys.argv[2]) + os.sep
foreign = ("site-packages", ".venv", "venv", "env")


def own(file):
    if file == "~" or file.startswith("<"):
        return None
    real = os.path.realpath(file)
    if not real.startswith(project):
        return None
    name = real[len(project):]
    return None if any(part in foreign for part in name.split(os.sep)[:-1]) else name


functions = pstats.Stats(profile, stream=sys.stderr).stats
hot = {}
for (file, line, name), (_, calls, seconds, whole, _) in functions.items():
    if own(file) and name != "<module>":
        hot[file, line, name] = {"file": own(file), "line": line, "name": name, "calls": calls, "seconds": seconds, "whole": whole}
for key, (_, _, _, _, callers) in functions.items():
    for caller, numbers in callers.items() if key not in hot else ():
        if caller in hot and not own(key[0]):
            hot[caller]["seconds"] = min(hot[caller]["whole"], hot[caller]["seconds"] + numbers[3])
total = sum(numbers[2] for numbers in functions.values())
slowest = sorted(hot.values(), key=lambda it: -it["seconds"])[:200]
json.dump({"total_s": total, "hot": slowest}, sys.stdout)
