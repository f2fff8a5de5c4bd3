# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# disk.sh - sourced: the disk whose power is cut. A file system, and behind it the notes;
# both in bytes. bash only.

export NOTES_OFFSET=$((62 << 20))
readonly NOTES_BYTES=$((2 << 20))

# disk_make FILE: nothing of it is left for later by who makes it, nor is it ever discarded
disk_make() {
	rm -f "$1"
	truncate -s $((NOTES_OFFSET + NOTES_BYTES)) "$1"
	mkfs.ext4 -q -F -E nodiscard,lazy_itable_init=0,lazy_journal_init=0 \
		"$1" $((NOTES_OFFSET / 1024))k
}
