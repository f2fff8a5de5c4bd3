#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""bytes.py OWNER.DER - good.conf in binary form, on stdout: a second opinion on
include/layby/policy.h, written from its text and using none of its code."""
import struct
import sys

MIB, MS = 1 << 20, 10**6
TEXTS = ((32, "fleet-2026"), (32, "sedan"), (64, "A. Author"), (64, "R. Reviewer"),
         (64, "CR-1"), (16, "test-npu"))
CEILINGS = (20000, 70000, 95000, 85500, 40000, 50000, 1000, 20000)
BOUNDS = (3, 20, 100, 50, 3000, 50, 200)
BUCKET_UJ = 200 * 10**9
# class, id, offset, bytes, driving, parked, min, depth, longest, permille
PARTITIONS = (
    (0, 0, 0, 16 * MIB, 0x00ff, 0x000f, 2, 256, 100 * MS, 400),
    (0, 1, 16 * MIB, 16 * MIB, 0xff00, 0x0f00, 2, 64, 200 * MS, 300),
    (1, 0, 48 * MIB, 8 * MIB, 0, 0xf0f0, 0, 128, 500 * MS, 200),
)

owner = open(sys.argv[1], "rb").read()
body = struct.pack("<Q", 9)
owner_offset = 408 + 56 * len(PARTITIONS)
body += struct.pack("<II", owner_offset, len(owner))
for size, text in TEXTS:
    body += text.encode().ljust(size, b"\0")
body += struct.pack("<IIiiIiII", *CEILINGS)
for bound in BOUNDS:
    body += struct.pack("<Q", bound * MS)
body += struct.pack("<QII", BUCKET_UJ, 0x3e9, 0)
for partition in PARTITIONS:
    body += struct.pack("<IIQQIIIIQII", *partition, 0)
body += owner
body += b"\0" * (-len(body) % 8)
sys.stdout.buffer.write(b"LYBP" + struct.pack("<III", 2, 16 + len(body), len(PARTITIONS)) + body)
