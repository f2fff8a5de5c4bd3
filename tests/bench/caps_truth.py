# SPDX-License-Identifier: LGPL-2.1-or-later
"""ISO-8 judged by the device's true energy: over any stretch of time not more than the
integral of the cap and the bucket.

Time is ticks of the device, a microsecond; power is mW, energy nJ, mW for a tick. Both
the energy and the integral of the cap are straight lines between given points, so that
what is said of all stretches is exact: none is left out between samples.
"""
import bisect
import collections

SHORTEST, LONGEST = 10_000, 10_000_000


class Line:
    """Straight lines through (time, value), level before the first and after the last"""

    def __init__(self, points):
        self.times = [time for time, _ in points]
        self.values = [value for _, value in points]

    def at(self, time):
        i = bisect.bisect_right(self.times, time)
        if i == 0:
            return self.values[0]
        if i == len(self.times):
            return self.values[-1]
        (t0, t1), (v0, v1) = self.times[i - 1:i + 1], self.values[i - 1:i + 1]
        return v0 + (v1 - v0) * (time - t0) / (t1 - t0)

    def mean(self, begin, end):
        return (self.at(end) - self.at(begin)) / (end - begin)

    def inner(self, begin, end):
        """Its bends strictly in between"""
        return self.times[bisect.bisect_right(self.times, begin):
                          bisect.bisect_left(self.times, end)]


def lowest_caps(changes):
    """[(time, cap)] of the lowest cap that can have been in force, from changes (earliest,
    latest, cap), each at an unknown moment in between, in order"""
    ends = [latest for _, latest, _ in changes[1:]] + [float("inf")]
    spans = [(earliest, end, cap) for (earliest, _, cap), end in zip(changes, ends)]
    times = sorted({changes[0][0]} | {time for earliest, latest, _ in changes[1:]
                                      for time in (earliest, latest)})
    return [(time, min(cap for begin, end, cap in spans if begin <= time < end))
            for time in times]


def cap_integral(steps, begin, end):
    """Of caps [(time, cap)], the first of which is in force at @begin"""
    points, total, cap = [(begin, 0)], 0, None
    for time, new in steps:
        if time >= end:
            break
        if time > begin and cap is not None:
            total += cap * (time - points[-1][0])
            points.append((time, total))
        elif time > begin:
            raise ValueError(f"no cap is known at {begin}, the first is of {time}")
        cap = new
    if cap is None:
        raise ValueError(f"no cap is known at {begin}")
    points.append((end, total + cap * (end - points[-1][0])))
    return Line(points)


def above(energy, caps, begin, end):
    """The line of energy less the integral of the caps"""
    integral = cap_integral(caps, begin, end)
    times = sorted({begin, end, *energy.inner(begin, end), *integral.inner(begin, end)})
    return Line([(time, energy.at(time) - integral.at(time)) for time in times])


def excess(line, shortest=SHORTEST, longest=LONGEST):
    """[(time, most that it has grown over a stretch that ends there)], over stretches from
    @shortest to @longest, at every moment at which that can be greatest.

    The growth from s to t is linear between the bends of both, so it is greatest where
    both are at bends, or one is and the stretch is as short or as long as may be.
    """
    begin, end = line.times[0], line.times[-1]
    moments = {time + by for time in line.times for by in (0, shortest, longest)}
    found, low, next_start = [], collections.deque(), 0
    for time in sorted(moment for moment in moments if begin + shortest <= moment <= end):
        while next_start < len(line.times) and line.times[next_start] <= time - shortest:
            while low and low[-1][1] >= line.values[next_start]:
                low.pop()
            low.append((line.times[next_start], line.values[next_start]))
            next_start += 1
        while low and low[0][0] < time - longest:
            low.popleft()
        least = min([line.at(time - shortest), line.at(max(begin, time - longest))] +
                    [value for _, value in list(low)[:1]])
        found.append((time, line.at(time) - least))
    return found


def violations(found, bucket):
    """How often it became more than the bucket"""
    count, was = 0, False
    for _, grown in found:
        count += grown > bucket and not was
        was = grown > bucket
    return count


def clock_offsets(jobs):
    """(least, most) ns that the machine's clock can be ahead of the device's: a job was
    fetched after it went to the device, and had ended when that was known. @jobs: (to the
    device ns, fetched ticks, ended ticks, known ns)"""
    least = max(sent - fetched * 1000 for sent, fetched, _, _ in jobs)
    most = min(known - ended * 1000 for _, _, ended, known in jobs)
    if least > most:
        raise ValueError(f"the clocks run apart: {least} to {most} ns")
    return least, most
