#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Judges a run of the demonstration and prints its table.

usage: compare.py MODELS RUN VNPU_LOG RESULT

Compares every output that came back from the accelerator with those of ONNX
Runtime run directly on the host over the same models and images (see direct.c),
and writes RESULT, one flat JSON object. Fails if an output differs by more than 1e-5, a job failed, a frame
was lost, accuracy is not over 95 %, or the tiles were not with driving while the car drove.
"""
import json
import os
import re
import subprocess
import sys

import numpy
import record

TOLERANCE = 1e-5
BATCH = 32


def floats(folder, name, columns):
    return numpy.fromfile(os.path.join(folder, name), "<f4").reshape(-1, columns)


def direct(models, batch):
    """The logits of all images, computed here in the same batches."""
    done = subprocess.run([os.path.join(models, "direct"),
                           os.path.join(models, f"digits-{batch}.onnx"),
                           os.path.join(models, "images.f32"), str(batch)],
                          stdout=subprocess.PIPE, check=True)
    return numpy.frombuffer(done.stdout, "<f4").reshape(-1, 10)


def agreeing(outputs, expected):
    if len(outputs) != len(expected):
        sys.exit(f"demo: {len(outputs)} outputs for {len(expected)} images")
    return int((numpy.abs(outputs - expected).max(axis=1) <= TOLERANCE).sum())


def latencies(frames, first, rounds):
    """Microseconds: of frames while no guest works, and while one does, of the parked car
    after the first pass."""
    alone, beside = [], []
    for start, latency, result, _ in frames:
        if result:
            sys.exit(f"demo: a driving frame failed with {result}")
        if start <= first[1]:
            continue
        busy = any(a <= start <= b for a, b, *_ in rounds)
        (beside if busy else alone).append(latency / 1000)
    return {"alone": alone, "beside": beside}


def reclaim(run, frames, passes):
    """How the driver got the accelerator back"""
    gate = record.read_json(run, "gate-end")
    all_tiles = record.read_json(run, "info-guest")[0]["accel_tiles"]
    times = {words: time for time, words in record.story(run)}
    drives = [tiles for start, _, _, tiles in frames
              if times["the driver is back"] < start / 1e9 < times["parked again"]]
    return {
        "reclaims": gate["reclaims"],
        "reclaim_worst_us": gate["reclaim_worst_us"],
        "guest_jobs_taken_back": sum(p[5] for p in passes),
        "driving_tiles": drives[-1] if drives else 0,
        "tiles": all_tiles,
    }


def late(log):
    """Computations that took the host longer than the device's modelled time."""
    with open(log, encoding="utf-8") as file:
        found = re.findall(r"(\d+) late,", file.read())
    if not found:
        sys.exit(f"demo: {log} does not say how many computations were late")
    return sum(int(count) for count in found)


def percentiles(values):
    p50, p99 = numpy.percentile(values, [50, 99])
    return {"p50": round(p50, 1), "p99": round(p99, 1), "max": round(max(values), 1)}


def judge(models, run):
    images = floats(models, "images.f32", 64)
    labels = numpy.fromfile(os.path.join(models, "labels.u8"), "u1")
    logits = floats(os.path.join(run, "guest"), "guest.f32", 10)[:len(images)]
    frames = floats(os.path.join(run, "driving"), "driving.f32", 10)
    shown = numpy.arange(len(frames)) % len(images)
    with open(os.path.join(models, "images.json"), encoding="ascii") as file:
        trained = json.load(file)["trained"]
    right = logits.argmax(axis=1) == labels
    return {
        "images": len(images),
        "correct": int(right.sum()),
        "unseen": len(images) - trained,
        "unseen_correct": int(right[trained:].sum()),
        "agreed": agreeing(logits, direct(models, BATCH)[:len(images)]),
        "driving_frames": len(frames),
        "driving_agreed": agreeing(frames, direct(models, 1)[shown]),
    }


def measure(run, log):
    passes = record.read_csv(run, "guest", "guest.csv")
    frames = record.read_csv(run, "driving", "driving.csv")
    first, rounds = passes[0], passes[1:]
    jobs = sum(r[2] for r in rounds)
    result = {
        "guest_jobs": sum(p[2] for p in passes),
        "guest_jobs_failed": sum(p[4] for p in passes),
        "guest_jobs_per_s": round(jobs / sum((r[1] - r[0]) / 1e9 for r in rounds), 1),
        "guest_uj_per_job": round(sum(r[3] for r in rounds) / jobs),
        "late": late(log),
        **reclaim(run, frames, passes),
    }
    for when, values in latencies(frames, first, rounds).items():
        for name, value in percentiles(values).items():
            result[f"driving_{name}_us_{when}"] = value
    return result


def table(r):
    def row(name, value):
        print(f"  {name:<46} {value}")

    print("\n  layby: handwritten digits on a partitioned accelerator\n")
    row("images classified on the guest partition", f"{r['images']}")
    row("recognised", f"{r['correct']} ({100 * r['correct'] / r['images']:.1f} %)")
    row("  of those never seen in training", f"{r['unseen_correct']} of {r['unseen']} "
        f"({100 * r['unseen_correct'] / r['unseen']:.1f} %)")
    row("same as ONNX Runtime on the host (1e-5)", f"{r['agreed']} of {r['images']}")
    row("guest jobs, 32 images each", f"{r['guest_jobs']}, {r['guest_jobs_failed']} failed")
    row("guest jobs a second", f"{r['guest_jobs_per_s']}")
    row("energy a guest job", f"{r['guest_uj_per_job'] / 1000:.1f} mJ (modelled)")
    row("times that the gate closed", f"{r['reclaims']}, {r['guest_jobs_taken_back']} guest jobs "
        f"taken back and run again")
    row("  until driving had the tiles", f"{r['reclaim_worst_us'] / 1000:.1f} ms at the longest, "
        f"{r['driving_tiles']} of {r['tiles']} with driving")
    row("computations later than modelled", f"{r['late']}")
    row("driving frames at 30 Hz, same as on the host",
        f"{r['driving_agreed']} of {r['driving_frames']}")
    print(f"\n  {'driving, submit to completion':<46} {'p50':>9} {'p99':>9} {'max':>9}")
    for when in ("alone", "beside"):
        cells = "".join(f"{r[f'driving_{n}_us_{when}'] / 1000:>7.2f} ms"
                        for n in ("p50", "p99", "max"))
        print(f"  {when + (' the guest' if when == 'beside' else ''):<46}{cells}")
    print("\n  An emulated machine on this host: the times say how things compare, "
          "not how\n  fast hardware is.\n")


def verdict(r):
    wrong = []
    if r["agreed"] != r["images"] or r["driving_agreed"] != r["driving_frames"]:
        wrong.append("an output differs from ONNX Runtime's on the host")
    if r["correct"] <= 0.95 * r["images"]:
        wrong.append("accuracy is not over 95 %")
    if r["guest_jobs_failed"]:
        wrong.append("a guest job failed")
    if not r["reclaims"] or not r["guest_jobs_taken_back"]:
        wrong.append("the driver did not come back in the middle of a job")
    if r["driving_tiles"] != r["tiles"]:
        wrong.append("driving did not have all tiles while the car drove")
    return wrong


def main():
    if len(sys.argv) != 5:
        sys.exit("usage: compare.py MODELS RUN VNPU_LOG RESULT")
    models, run, log, path = sys.argv[1:]
    result = judge(models, run) | measure(run, log)
    with open(path, "w", encoding="ascii") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    table(result)
    wrong = verdict(result)
    if wrong:
        sys.exit("demo: FAILED: " + "; ".join(wrong))


if __name__ == "__main__":
    main()
