# SPDX-License-Identifier: LGPL-2.1-or-later
"""A run of bench-caps as tests/bench/caps-collect has kept it, and what is to be said of it.

What the judge knows of the device, nobody else does: its true power at each level. Time
is ticks of the device, a microsecond; power mW, energy nJ.
"""
import collections
import json
import math
import os
import re

import caps_truth as truth

GUEST = 1
TILES = 4
# docs/accelerator.md
SPEED = (0.4, 0.6, 0.8, 1.0)
TILE_MW = (350, 620, 1000, 1500)
LEAK_MW = (22, 27, 33, 40)
LEAK_PER_K, REFERENCE_C = 0.014, 25
POWER_MOST, LEAK_MOST, HOTTEST_C, METER_ERROR = 0.2, 0.3, 125, 0.005
# Loads that want more than any cap gives, of jobs that are no longer than 50 ms and
# declare no more than 1.5 times that
SATURATING = ("steady", "mixed")
# For which powers are averaged over whole periods of jobs: so many jobs are one, where they
# are not all alike
BLOCK = 100_000
ROUND = {"mixed": 4}
# Of the first stretch, in which the full bucket that it began with is used up
TRANSIENT = 0.3
SETTLED = 0.1

Job = collections.namedtuple("Job", "kind us declared_us submitted done result reason level "
                             "queue_ticks run_ticks end_ticks energy_uj wait_ns")
Step = collections.namedtuple("Step", "begin end cap")


def lines(folder, name):
    with open(os.path.join(folder, name), encoding="ascii") as file:
        return [line.split() for line in file]


def events(folder):
    """(ns, cap, level) of the guest's slot, as the kernel says when it changes them"""
    event = re.compile(rf" (\d+)\.(\d{{6}}): layby_cap: slot={GUEST} cap_mw=(\d+) level=(\d+)")
    with open(os.path.join(folder, "trace"), encoding="ascii") as file:
        for match in filter(None, map(event.search, file)):
            seconds, micro, cap, level = map(int, match.groups())
            yield seconds * 10 ** 9 + micro * 1000, cap, level


def offsets(jobs):
    return truth.clock_offsets([
        (job.submitted + job.wait_ns, job.end_ticks - job.run_ticks - job.queue_ticks,
         job.end_ticks, job.done) for job in jobs if job.run_ticks])


def read_truth(folder):
    """(slot's energy, temperature in C) as lines; the device says whole microjoules"""
    points = [tuple(map(int, line)) for line in lines(folder, "truth")]
    return (truth.Line([(point[0], point[2 + GUEST] * 1000) for point in points]),
            truth.Line([(point[0], point[-1] / 1000) for point in points]))


class Run:
    """One load under one cap, which is another for a while"""

    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "run.json"), encoding="ascii") as file:
            self.said = json.load(file)
        self.load, self.reactive = self.said["load"], self.said["reactive"]
        self.bucket = self.said["bucket_uj"] * 1000
        self.specimen = self.said["specimen"]
        self.jobs = [Job(*map(int, line)) for line in lines(folder, "jobs")]
        self.energy, self.die = read_truth(folder)
        self.offset = offsets(self.jobs)
        self.read_marks()
        self.events = list(events(folder))
        self.caps = self.caps_in_force()

    def tick(self, ns):
        return (ns - sum(self.offset) / 2) / 1000

    def read_marks(self):
        marks = lines(self.folder, "marks")
        self.begin, self.end = self.tick(int(marks[0][1])), self.tick(int(marks[-1][1]))
        self.asked = [(self.tick(int(ns)), int(cap)) for _, ns, cap in marks[1:-1]]

    def earliest_and_latest(self, ns):
        return (ns - self.offset[1]) / 1000, (ns - self.offset[0]) / 1000

    def caps_in_force(self):
        """The lowest that may have been; those of the reactive governor are not the kernel's"""
        if self.reactive:
            return self.asked
        return truth.lowest_caps([(*self.earliest_and_latest(ns), cap)
                                  for ns, cap, _ in self.events])

    def steps(self):
        """Stretches of one cap"""
        kept = []
        for time, cap in self.caps:
            if time <= self.begin:
                kept = [Step(self.begin, 0, cap)]
            elif time < self.end and cap != kept[-1].cap:
                kept.append(Step(time, 0, cap))
        ends = [step.begin for step in kept[1:]] + [self.end]
        return [step._replace(end=end) for step, end in zip(kept, ends)]

    # --- What the device can do -----------------------------------------------------------

    def level_mw(self, level, time=None):
        """What the guest's tiles truly draw"""
        warm = self.die.at(self.begin if time is None else time) - REFERENCE_C
        return TILES * (TILE_MW[level] * self.specimen["tile"][level] / 1e6 +
                        LEAK_MW[level] * self.specimen["leakage"] / 1e6 * (1 + LEAK_PER_K * warm))

    def is_saturating(self, cap):
        return self.load in SATURATING and self.level_mw(0) < cap < self.level_mw(3)

    # --- ISO-8 ------------------------------------------------------------------------------

    def excess(self):
        line = truth.above(self.energy, self.caps, self.begin, self.end)
        return truth.excess(line)

    # --- Power --------------------------------------------------------------------------------

    def starts(self):
        return sorted(job.end_ticks - job.run_ticks for job in self.jobs if job.run_ticks)

    def blocks(self, begin, end):
        """[(begin, end, mean power)] of whole periods of jobs, as few as are BLOCK long"""
        starts = [start for start in self.starts() if begin <= start <= end]
        found, last = [], 0
        for at in range(ROUND.get(self.load, 1), len(starts), ROUND.get(self.load, 1)):
            if starts[at] - starts[last] >= BLOCK:
                found.append((starts[last], starts[at],
                              self.energy.mean(starts[last], starts[at])))
                last = at
        return found

    def steady(self):
        """The first stretch, from where the bucket that was full has been used up: where
        energy is furthest above the cap's, so that nothing of it counts as use; and up to
        where it is so again, which is the same moment of the jobs' round"""
        step = self.steps()[0]
        line = truth.above(self.energy, self.caps, step.begin, step.end)
        middle = (step.begin + step.end) / 2
        first = [time for time in line.times if time <= middle]
        last = [time for time in line.times if time > middle + 0.1 * (step.end - step.begin)]
        return step._replace(begin=max(first, key=line.at), end=max(last, key=line.at))

    def use(self):
        part = self.steady()
        return self.energy.mean(part.begin, part.end) / part.cap

    def taken_per_true(self):
        """What the budget takes jobs to have used (layby_budget_used_pj), of what they did"""
        taken = true = 0
        for job in self.jobs:
            if job.run_ticks and self.begin < job.end_ticks < self.end:
                taken += taken_nj(job)
                true += (self.energy.at(job.end_ticks) -
                         self.energy.at(job.end_ticks - job.run_ticks))
        return taken / true

    # --- Five metrics of control ----------------------------------------------------------------

    def settling(self):
        """[(ms, ms allowed, the level stayed, and suffices)] of each change of the cap that power can follow:
        from the change to the first period from which on all are within a tenth of the cap,
        until it changes again"""
        return [(self.settles_at(step) / 1000, self.may_settle_in(step) / 1000,
                 self.level_stays(step))
                for step in self.steps()[1:] if self.is_saturating(step.cap) and
                any(self.windows(step.begin, step.end))]

    def changes_too_short_to_see(self):
        """Of those, how many were over before a period of jobs was: runs of few seconds"""
        return sum(not any(self.windows(step.begin, step.end))
                   for step in self.steps()[1:] if self.is_saturating(step.cap))

    def level_stays(self, step):
        was = None
        for ns, _, level in self.events:
            if was is not None and level != was and step.begin - 1000 <= self.tick(ns) < step.end:
                return False
            was = level if self.tick(ns) < step.begin or was is None else was
        return self.level_mw(was, step.begin) > step.cap * (1 - SETTLED)

    def may_settle_in(self, step):
        """100 ms, or what a job declares of those that run then, at the level that they have"""
        return max([100_000] + [job.declared_us / SPEED[job.level] for job in self.jobs
                                if job.run_ticks and job.end_ticks >= step.begin and
                                job.end_ticks - job.run_ticks <= step.begin + 100_000])

    def windows(self, begin, end):
        """[(begin, end, mean power)] of whole periods of jobs, one that begins with each job"""
        starts = [start for start in self.starts() if begin <= start <= end]
        jobs = ROUND.get(self.load, 1)
        for i, start in enumerate(starts):
            last = i + jobs
            while last < len(starts) and starts[last] - start < BLOCK:
                last += jobs
            if last < len(starts):
                yield start, starts[last], self.energy.mean(start, starts[last])

    def settles_at(self, step):
        """Never: as long as there was time. At once: no period is out, and for the first job
        nobody waited longer than for those after it"""
        settled = step.end
        windows = list(self.windows(step.begin, step.end))
        for begin, _, power in reversed(windows):
            if abs(power / step.cap - 1) > SETTLED:
                break
            settled = begin
        if windows and settled == windows[0][0] and self.first_wait_is_usual(step):
            return 0
        return settled - step.begin

    def first_wait_is_usual(self, step):
        """From start to start, within the same tolerance"""
        starts = self.starts()
        first = next(i for i, start in enumerate(starts) if start >= step.begin)
        waits = [later - start for start, later in zip(starts[first:], starts[first + 1:])
                 if later < step.end]
        return (bool(first and waits) and
                starts[first] - starts[first - 1] <= max(waits) * (1 + SETTLED))

    def after_transient(self):
        first = self.steps()[0]
        return first._replace(begin=first.begin + TRANSIENT * (first.end - first.begin))

    def overshoot(self):
        """Most that the mean power of a second, or of the whole stretch, was above the cap of
        a stretch, from the transient's end or when a period of jobs has passed after a change"""
        most = 0
        steps = [self.after_transient()] + [step._replace(begin=step.begin + BLOCK)
                                            for step in self.steps()[1:]]
        for step in steps:
            length = min(1_000_000, step.end - step.begin)
            if length < BLOCK:
                continue
            times = [time for time in (step.begin, *self.energy.inner(step.begin, step.end))
                     if time + length <= step.end]
            most = max([most] + [self.energy.mean(time, time + length) / step.cap - 1
                                 for time in times])
        return most

    def stability(self):
        part = self.after_transient()
        powers = [power / part.cap for _, _, power in self.blocks(part.begin, part.end)]
        if len(powers) < 2:
            return None
        mean = sum(powers) / len(powers)
        return math.sqrt(sum((power - mean) ** 2 for power in powers) / (len(powers) - 1))

    def accuracy(self):
        part = self.after_transient()
        return self.energy.mean(part.begin, part.end) / part.cap - 1

    def efficiency(self):
        """Work for a joule, of what the highest level gives whose tiles are within the cap
        without rest, or the lowest"""
        part = self.after_transient()
        done = sum(job.us for job in self.jobs
                   if job.result == 0 and part.begin < job.end_ticks <= part.end)
        energy = self.energy.at(part.end) - self.energy.at(part.begin)
        fits = [level for level in range(len(SPEED)) if self.level_mw(level) <= part.cap]
        level = max(fits, default=0)
        return done / energy * self.level_mw(level) / SPEED[level] if energy else None

    # --- All of it ----------------------------------------------------------------------------------

    def metrics(self):
        found = self.excess()
        cap = self.steps()[0].cap
        result = {
            "load": self.load, "cap_mw": cap, "seed": self.specimen["seed"],
            "reactive": self.reactive, "jobs": len(self.jobs),
            "failed": sum(job.result != 0 for job in self.jobs),
            "violations": truth.violations(found, self.bucket + 2000),
            "excess_of_bucket": max(grown for _, grown in found) / self.bucket,
            "clock_us": (self.offset[1] - self.offset[0]) / 1000,
            "overshoot": self.overshoot(), "stability": self.stability(),
            "accuracy": self.accuracy(), "efficiency": self.efficiency(),
            "settling": self.settling(),
            "changes_too_short": self.changes_too_short_to_see(),
        }
        if self.is_saturating(cap):
            result["use"] = self.use()
            result["use_permitted"] = self.use() * self.taken_per_true()
            first, part = self.steps()[0], self.steady()
            # Else the stretch was too short to use the bucket up
            if part.begin - first.begin < 0.45 * (first.end - first.begin):
                result["use_permitted_drained"] = result["use_permitted"]
        return result


def worst_mw(level):
    leak = LEAK_MW[level] * (1 + LEAK_MOST) * (1 + LEAK_PER_K * (HOTTEST_C - REFERENCE_C))
    return TILES * math.ceil(TILE_MW[level] * (1 + POWER_MOST) + leak)


def taken_nj(job):
    metered = (job.energy_uj * (1 + METER_ERROR) + 1) * 1000
    least = TILES * TILE_MW[0] * (1 - POWER_MOST) * job.run_ticks
    return max(least, min(worst_mw(job.level) * job.run_ticks, metered))
