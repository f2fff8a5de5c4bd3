# SPDX-License-Identifier: LGPL-2.1-or-later
"""Last results below build/, each with the commit that it is of.

Owns what counts as shown. A result of another commit, of a checkout with changes, or none
at all is not one: what is not known to be right is NOT SHOWN.
"""
import json

from case import FIGURE


class Results:
    """What build/ below TOP says of COMMIT"""

    def __init__(self, top, commit):
        self.build = f"{top}/build"
        self.commit = commit
        self.proofs = self.read("proofs.json")
        self.mutants = self.read("mutants.json")
        self.faults = self.read("faults.json")
        self.replay = self.read("replay.json")
        self.mcdc = self.read("mcdc.json")
        self.holes = self.read("holes.json")

    def read(self, name):
        """The file's content; {} if there is none. Broken ones are errors."""
        try:
            with open(f"{self.build}/{name}", encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def stale(self, result, what=None):
        """Why it does not count, with WHAT before it; or None"""
        why = None
        if not result:
            why = "no result"
        elif self.commit.endswith("-dirty") or self.commit == "unknown":
            why = "this checkout has changes, or no commit"
        elif result.get("commit") != self.commit:
            why = f"result of {result.get('commit', 'an unknown commit')[:12]}"
        return f"{what}: {why}" if why and what else why

    # --- One thing each: why it is not shown, or None ----------------------------

    def suite(self, name):
        result = self.read(f"check/{name}.json")
        why = self.stale(result, f"suite {name}")
        if not why and (result["failed"] or not result["passed"]):
            why = f"suite {name}: {result['failed']} failed, {result['passed']} passed"
        return why

    def proof(self, name):
        why = self.stale(self.proofs, f"proof {name}")
        if why:
            return why
        result = self.proofs.get("results", {}).get(name)
        if not result:
            return f"proof {name}: no result"
        if not result["proved"] or result["caught"] != result["twins"]:
            return f"proof {name}: proved {result['proved']}, twins {result['caught']} of " \
                f"{result['twins']}"
        return None

    def figure(self, line):
        path, key, way, bar = FIGURE.fullmatch(line).groups()
        result = self.read(path.removeprefix("build/"))
        why = self.stale(result, f"{path} {key}")
        if why:
            return why
        value = result.get(key)
        met = value is not None and (
            value <= float(bar) if way == "at most" else value >= float(bar))
        return None if met else f"{path} {key} is {value}, {way} {bar} is wanted"

    def value(self, path, key):
        """A figure and whose commit it is of, for people"""
        result = self.read(path.removeprefix("build/"))
        return result.get(key), result.get("commit", "an unknown commit") if result else None

    def killers(self, places):
        """Of the mutants that tests at these PLACES must kill: all, those killed"""
        ours = [one for one in self.mutants.get("results", [])
                if set(one["killed_by"]) & set(places)]
        return ours, [one for one in ours if one["killed"]]

    def mutation(self, places):
        why = self.stale(self.mutants, "mutants")
        if why:
            return why
        ours, killed = self.killers(places)
        if not killed:
            return "mutants: none was killed by these tests"
        if len(killed) != len(ours):
            names = ", ".join(one["name"] for one in ours if not one["killed"])
            return f"mutants: survived: {names}"
        return None

    def missing(self, entry):
        """All reasons why the requirement ENTRY is not shown"""
        places = entry.get("shown-by", [])
        reasons = [f"not built: {entry['missing']}"] if "missing" in entry else []
        reasons += [self.suite(name)
                    for name in sorted({place.partition(": ")[0] for place in places})]
        reasons += [self.proof(name) for name in entry.get("proofs", [])]
        reasons += [self.figure(line) for line in entry.get("figures", [])]
        reasons += [self.mutation(places)] if places else []
        return [reason for reason in reasons if reason]
