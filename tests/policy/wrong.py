#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
wrong.py OUT KEYS - what must never come into force, one folder a case

    OUT/NAME/policy.bin, policy.p7s   as they lie in the image; may be missing
    OUT/NAME/expected                 the state that sysfs shows, and words of the
                                      one line that the log gets

OUT's neighbours null-pair/ and vnpu/ hold the policies that the cases start from; KEYS
has the development keys and those of make's target "strangers".
"""
import os
import struct
import subprocess
import sys

out, keys = sys.argv[1:]
near = os.path.dirname(out.rstrip("/"))

HEAD = {"magic": (0, "I"), "version": (4, "I"), "size": (8, "I"), "count": (12, "I"),
        "serial": (16, "Q"), "owner_offset": (24, "I"), "owner_bytes": (28, "I"),
        "id": (32, "B"), "power": (304, "I"), "rail": (308, "I"), "trip": (312, "i"),
        "resume": (316, "i"), "driving_power": (320, "I"), "abort": (336, "Q"),
        "reclaim": (344, "Q"), "interval": (384, "Q"), "bucket": (392, "Q"),
        "can_id": (400, "I"), "pad": (404, "I")}
PART = {"class": (0, "I"), "number": (4, "I"), "offset": (8, "Q"), "bytes": (16, "Q"),
        "driving": (24, "I"), "parked": (28, "I"), "least": (32, "I"), "depth": (36, "I"),
        "run": (40, "Q"), "share": (48, "I")}
HEAD_BYTES, PART_BYTES = 408, 56
DRIVING, GUEST = 0, 1


def read(path):
    with open(path, "rb") as file:
        return file.read()


right = read(f"{near}/null-pair/policy.bin")
right_signature = read(f"{near}/null-pair/policy.p7s")


def changed(head=(), parts=((), ())):
    """The right policy with numbers changed, by name."""
    blob = bytearray(right)
    for name, value in dict(head).items():
        offset, kind = HEAD[name]
        struct.pack_into("<" + kind, blob, offset, value)
    for i, part in enumerate(parts):
        for name, value in dict(part).items():
            offset, kind = PART[name]
            struct.pack_into("<" + kind, blob, HEAD_BYTES + i * PART_BYTES + offset, value)
    return bytes(blob)


def sign(blob, *options, signers=("policy",), plain=("-noattr", "-nocerts", "-binary"),
         form="DER", md="sha256"):
    command = ["openssl", "cms", "-sign", *plain, "-md", md, "-outform", form, *options]
    for signer in signers:
        command += ["-signer", f"{keys}/{signer}.crt", "-inkey", f"{keys}/{signer}.key"]
    return subprocess.run(command, input=blob, capture_output=True, check=True).stdout


def case(name, state, words, blob=None, signature=None):
    folder = f"{out}/{name}"
    os.makedirs(folder)
    for file, content in (("policy.bin", blob), ("policy.p7s", signature),
                          ("expected", f"{state}\n{words}\n".encode())):
        if content is not None:
            with open(f"{folder}/{file}", "wb") as stream:
                stream.write(content)


def breaks(rule, blob, words=None):
    """Signed as it should be, but not what a policy may say."""
    case("rule-" + rule, "wrong", words or f"breaks rule {rule}:", blob, sign(blob))


def missing():
    case("no-file", "absent", "there is no layby/policy.bin")
    case("no-policy", "absent", "there is no layby/policy.bin", None, right_signature)
    case("no-signature", "absent", "there is no layby/policy.p7s", right)
    case("empty-policy", "unreadable", "layby/policy.bin cannot be read", b"", right_signature)
    case("empty-signature", "unreadable", "layby/policy.p7s cannot be read", right, b"")


def forged():
    no_form = "is no signature of a policy"
    no_key = "was made with another key"
    not_of_this = "layby/policy.p7s is of other bytes"
    for name, words, options in (
            ("stranger", no_key, {"signers": ["stranger"]}),
            ("owner", no_key, {"signers": ["owner"]}),
            ("production", no_key, {"signers": ["production"]}),
            # another key under the name and number of the right one
            ("twin", not_of_this, {"signers": ["twin"]}),
            ("two-signers", no_form, {"signers": ["policy", "stranger"]}),
            ("two-signers-back", no_form, {"signers": ["stranger", "policy"]}),
            ("attributes", no_form, {"plain": ["-nocerts", "-binary"]}),
            ("certificate", no_form, {"plain": ["-noattr", "-binary"]}),
            ("key-id", no_form, {"plain": ["-noattr", "-nocerts", "-binary", "-keyid"]}),
            ("not-detached", no_form,
             {"plain": ["-noattr", "-nocerts", "-binary", "-nodetach"]}),
            ("sha512", no_form, {"md": "sha512"}),
            ("sha1", no_form, {"md": "sha1"}),
            ("pem", no_form, {"form": "PEM"})):
        case("signed-" + name, "forged", words, right, sign(right, **options))
    signature = right_signature
    for name, words, changed_signature in (
            ("of-another", not_of_this, read(f"{near}/null-shallow/policy.p7s")),
            ("short", no_form, signature[:-1]), ("half", no_form, signature[:len(signature) // 2]),
            ("one-byte", no_form, signature[:1]), ("long", no_form, signature + b"\0"),
            ("zeros", no_form, bytes(len(signature))), ("huge", no_form, bytes(1 << 20)),
            ("is-policy", no_form, right)):
        case("signature-" + name, "forged", words, right, changed_signature)
    parts = [right[HEAD_BYTES + i * PART_BYTES:][:PART_BYTES] for i in range(2)]
    swapped = right[:HEAD_BYTES] + parts[1] + parts[0] + right[HEAD_BYTES + 2 * PART_BYTES:]
    for name, blob in (("cut", right[:-8]), ("cut-a-byte", right[:-1]), ("grown", right + bytes(8)),
                       ("swapped-parts", swapped), ("younger", changed({"serial": 9})),
                       ("random", os.urandom(len(right)))):
        case("unsigned-" + name, "forged", not_of_this, blob, signature)


def wrong_form():
    for name, blob in (("tiny", right[:16]), ("giant", right + bytes(1 << 16))):
        case("size-" + name, "wrong", "breaks rule size:", blob, sign(blob))
    breaks("magic", changed({"magic": 0x5042594d}))
    breaks("version", changed({"version": 1}))
    breaks("pad", changed({"pad": 1}))
    breaks("text-character", changed({"id": 0x1b}))
    breaks("text-length", changed({"id": 0}))
    breaks("range", changed({"power": 0}))
    owner_offset, owner_bytes = struct.unpack_from("<II", right, 24)
    case("rule-range-bucket", "wrong", "bucket_uj (byte 392) is 999, right is 1000 to ",
         changed({"bucket": 999}), sign(changed({"bucket": 999})))
    breaks("layout", changed({"size": len(right) - 8}))
    # the certificate before the partitions, and said so
    owner = right[owner_offset:]
    moved = changed({"owner_offset": HEAD_BYTES})[:HEAD_BYTES] + owner + right[HEAD_BYTES:owner_offset]
    case("rule-layout-moved", "wrong", "breaks rule ", moved, sign(moved))
    cut = right[:-8]
    case("rule-layout-cut", "wrong", "breaks rule layout:", cut, sign(cut))
    spoilt = bytearray(right)
    spoilt[owner_offset + 4] ^= 0xff
    case("owner", "wrong", "the owner's certificate in layby/policy.bin cannot be used", bytes(spoilt), sign(bytes(spoilt)))
    nothing = right[:owner_offset] + bytes(owner_bytes) + right[owner_offset + owner_bytes:]
    case("owner-zeros", "wrong", "the owner's certificate in layby/policy.bin cannot be used", nothing, sign(nothing))


def wrong_content():
    vnpu = read(f"{near}/vnpu/policy.bin")
    case("accelerator", "wrong", "is for accelerator vnpu, this is null", vnpu,
         read(f"{near}/vnpu/policy.p7s"))
    guest_as_driving = {"class": DRIVING, "driving": 3, "parked": 3, "least": 1}
    breaks("no-driving", changed(parts=({"class": GUEST, "driving": 0, "least": 0}, {})))
    breaks("id-taken", changed(parts=({"driving": 12}, guest_as_driving)))
    breaks("window-align", changed(parts=({}, {"offset": 0x200800})))
    breaks("window-outside", changed(parts=({}, {"bytes": 0x201000})))
    breaks("window-overlap", changed(parts=({}, {"offset": 0x1ff000})))
    breaks("tiles-outside", changed(parts=({}, {"parked": 0x13})))
    breaks("tiles-overlap", changed(parts=({}, {"parked": 0x7})))
    breaks("tiles-minimum", changed(parts=({"least": 3}, {})))
    breaks("tiles-all", changed(parts=({"driving": 14}, {})))
    breaks("tiles-guest", changed(parts=({}, {"driving": 1})))
    breaks("tiles-none", changed(parts=({}, {"parked": 0})))
    breaks("tiles-moved", changed(parts=({"driving": 11}, {})))
    breaks("queue-depth", changed(parts=({}, {"depth": 257})))
    breaks("bandwidth-sum", changed(parts=({}, {"share": 401})))
    breaks("resume", changed({"resume": 95000}))
    breaks("rail", changed({"rail": 23999}))
    breaks("heat", changed({"driving_power": 18000}))
    breaks("abort", changed({"abort": 49999999}))
    breaks("reclaim", changed({"reclaim": 349999999}))
    breaks("interval", changed({"interval": 999999999}))
    breaks("can-id", changed({"can_id": 0x800}))
    behind = HEAD_BYTES + 2 * PART_BYTES
    four = changed({"count": 4, "size": len(right) + 2 * PART_BYTES,
                    "owner_offset": behind + 2 * PART_BYTES})
    breaks("slots", four[:behind] + four[HEAD_BYTES:])


subprocess.run(["rm", "-rf", out], check=True)
missing()
forged()
wrong_form()
wrong_content()
