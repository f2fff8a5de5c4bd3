#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Draws what happened in a run of the demonstration: gate, tiles and jobs over time.

usage: timeline.py RUN TIMELINE.SVG

First the story, then the moment in which the driver came back, then the whole run.
"""
import sys
from xml.sax.saxutils import escape

import record

WIDTH, LEFT, RIGHT = 1500, 130, 30
GATE, TILE, JOBS, GAP = 34, 11, 26, 14
BEFORE, AFTER = 0.3, 0.5  # of the moment, seconds

OPEN, OPENING, CLOSED, CLOSING = "#3a9a4c", "#b7ddb0", "#c9ced6", "#e0902f"
DRIVING, GUEST, TAKEN, INK = "#2f5f9e", "#3a9a4c", "#d1342f", "#20242a"

FOOT = ("Driving's tiles as it reads them with each of its frames (grey: not yet read), the "
        "guest's from the gate's events, jobs from the kernel's trace; an emulated machine.")
LEGEND = ((OPEN, "gate open, guest work runs"), (OPENING, "open, tiles not yet handed over"),
          (CLOSED, "closed, with the reason"), (CLOSING, "closed, tiles being taken back"),
          (DRIVING, "driving partition"), (GUEST, "guest partition"),
          (TAKEN, "guest job taken back"))


def text(x, y, words, size=13, anchor="start", fill=INK, bold=False):
    weight = ' font-weight="bold"' if bold else ""
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{fill}"{weight}>{escape(words)}</text>')


def box(x, y, width, height, fill):
    return (f'<rect x="{x:.2f}" y="{y:.1f}" width="{max(width, 0.6):.2f}" '
            f'height="{height:.1f}" fill="{fill}"/>')


def line(x1, y1, x2, y2, dash=""):
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
            f'stroke="{INK}" stroke-width="0.8"{dashes}/>')


class Panel:
    """One stretch of time, from its top on downwards"""

    def __init__(self, run, top, start, end, title):
        self.run, self.y, self.start, self.end = run, top, start, end
        self.out = [text(LEFT, top, title, 15, bold=True)]
        self.y += 46

    def x(self, time):
        time = min(max(time, self.start), self.end)
        return LEFT + (time - self.start) / (self.end - self.start) * (WIDTH - LEFT - RIGHT)

    def stretches(self, changes):
        """(begin, end, change) of the changes that fall into the panel"""
        for i, change in enumerate(changes):
            end = changes[i + 1][0] if i + 1 < len(changes) else self.end
            if end > self.start and change[0] < self.end:
                yield max(change[0], self.start), min(end, self.end), change

    def label(self, words, height):
        self.out.append(text(LEFT - 10, self.y + height / 2 + 4, words, anchor="end"))

    def gate(self):
        self.label("gate", GATE)
        for begin, end, (_, reason, held) in self.stretches(self.run.gate):
            is_open = reason == "open"
            fill = (OPEN if held else OPENING) if is_open else (CLOSING if held else CLOSED)
            x, width = self.x(begin), self.x(end) - self.x(begin)
            self.out.append(box(x, self.y, width, GATE, fill))
            if width > 9 * len(reason):
                self.out.append(text(x + width / 2, self.y + GATE / 2 + 5, reason,
                                     anchor="middle", fill="white" if is_open and held else INK))
        self.y += GATE + GAP

    def tiles(self):
        count = self.run.tiles
        self.label(f"{count} tiles", count * TILE)
        self.out.append(box(LEFT, self.y, WIDTH - LEFT - RIGHT, count * TILE, "#f1f2f4"))
        for begin, end, (_, held) in self.stretches(self.run.driving_tiles):
            self.out.append(box(self.x(begin), self.y + (count - held) * TILE,
                                self.x(end) - self.x(begin), held * TILE, DRIVING))
        for begin, end, (_, _, held) in self.stretches(self.run.gate):
            if held:
                self.out.append(box(self.x(begin), self.y, self.x(end) - self.x(begin),
                                    self.run.guest_tiles * TILE, GUEST))
        for i in range(1, count):
            self.out.append(box(LEFT, self.y + i * TILE - 0.4, WIDTH - LEFT - RIGHT, 0.8, "white"))
        self.y += count * TILE + GAP

    def jobs(self, partition, colour):
        self.label(f"{partition} jobs", JOBS)
        gap = 0.8 / (WIDTH - LEFT - RIGHT) * (self.end - self.start)
        for name, begin, end, taken in self.run.jobs:
            if name != partition or not self.start <= end <= self.end:
                continue
            x = self.x(begin if begin is not None else end)
            width = self.x(end - gap) - x
            self.out.append(box(x, self.y, max(width, 2 if taken else 0.8), JOBS,
                                TAKEN if taken else colour))
        self.y += JOBS + GAP

    def axis(self, step):
        self.out.append(line(LEFT, self.y, WIDTH - RIGHT, self.y))
        i = int(-(-self.start // step))
        while i * step <= self.end:
            x = self.x(i * step)
            self.out.append(line(x, self.y, x, self.y + 6))
            self.out.append(text(x, self.y + 21, f"{i * step:g} s", 12, "middle"))
            i += 1
        self.y += 44

    def story(self, top):
        """Words that would run into those before them stand higher"""
        taken = raised = 0
        for time, words in self.run.story:
            if self.start <= time <= self.end:
                x = self.x(time)
                raised = 16 if x < taken and not raised else 0
                taken = x + 8 * len(words)
                self.out.append(line(x, top - 4, x, self.y - GAP, "4 3"))
                self.out.append(text(x + 4, top - 8 - raised, words, 13))

    def draw(self, step):
        top = self.y
        self.gate()
        self.tiles()
        self.jobs("driving", DRIVING)
        self.jobs("guest", GUEST)
        self.story(top)
        self.axis(step)
        return self.out


class Run:
    """What is drawn, in seconds from the first driving frame on"""

    def __init__(self, folder):
        frames = record.read_csv(folder, "driving", "driving.csv")
        zero = frames[0][0] / 1e9
        guest = record.read_json(folder, "info-guest")[0]
        self.tiles, self.guest_tiles = guest["accel_tiles"], guest["tiles"]
        self.end = frames[-1][0] / 1e9 - zero
        self.story_end = record.read_csv(folder, "guest", "guest.csv")[0][1] / 1e9 - zero
        self.gate = [(time - zero, *rest) for time, *rest in record.gate(folder)]
        self.story = [(max(time - zero, 0), words) for time, words in record.story(folder)]
        self.jobs = [(name, begin and begin - zero, end - zero, taken)
                     for name, begin, end, taken in record.jobs(folder, guest["ticks_hz"])]
        self.driving_tiles = []
        for start, latency, _, tiles in frames:
            if not self.driving_tiles or self.driving_tiles[-1][1] != tiles:
                self.driving_tiles.append(((start + latency) / 1e9 - zero, tiles))

    def back(self):
        return next(time for time, words in self.story if "back" in words)


def legend(y):
    out, x = [], LEFT
    for colour, words in LEGEND:
        out += [box(x, y - 11, 14, 14, colour), text(x + 20, y, words, 12)]
        x += 36 + 6.6 * len(words)
    return out


def draw(run):
    story = Panel(run, 92, 0, run.story_end, "Until all images are classified")
    out = story.draw(1)
    moment = Panel(run, story.y + 22, run.back() - BEFORE, run.back() + AFTER,
                   "The moment in which the driver comes back")
    out += moment.draw(0.1)
    whole = Panel(run, moment.y + 22, 0, run.end,
                  "The whole run: then the guest works and rests by turns")
    out += whole.draw(2 if run.end < 60 else 5)
    height = whole.y + 12
    return "\n".join(
        [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
         f'width="{WIDTH}" height="{height:.0f}" font-family="DejaVu Sans, sans-serif">',
         f'<rect width="{WIDTH}" height="{height:.0f}" fill="white"/>',
         text(LEFT, 34, "layby: guest work in a parked car, and the driver who comes back", 20,
              bold=True),
         *legend(62), *out,
         text(LEFT, height - 8, FOOT, 11),
         "</svg>", ""])


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: timeline.py RUN TIMELINE.SVG")
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(draw(Run(sys.argv[1])))


if __name__ == "__main__":
    main()
