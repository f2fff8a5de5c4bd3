// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Writing and reading the notes: see notes.h. They are read in any order and may have
 * gaps: of what was written at the same time each may be there without the other.
 */
#include "notes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOTE_MAGIC 0x65746f6e79626c79

struct note {
	uint64_t magic;
	uint32_t event;
	uint32_t job;
	uint64_t value;
	uint8_t pad[NOTE_BYTES - 24];
};

static int disk_fd;
static off_t begin;
/* of all submitters, which are processes */
static atomic_uint *count;

static void write_note(struct known *known, enum known_event event, uint32_t job, uint64_t value)
{
	static struct note note __attribute__((aligned(4096)));
	uint32_t index = atomic_fetch_add(count, 1);

	note = (struct note){ NOTE_MAGIC, event, job, value };
	if (index < NOTES_MAX && pwrite(disk_fd, &note, sizeof(note),
					begin + index * NOTE_BYTES) == sizeof(note))
		return;
	dprintf(STDERR_FILENO, "note %u of at most %u cannot be written: %m\n", index, NOTES_MAX);
	abort();
}

void notes_begin(struct known *known, const char *disk, uint64_t offset)
{
	disk_fd = open(disk, O_WRONLY | O_DIRECT | O_CLOEXEC);
	if (disk_fd < 0)
		fail_msg("%s: %m", disk);
	begin = (off_t)offset;
	count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	assert_ptr_not_equal(count, MAP_FAILED);
	known->note = write_note;
}

/* What was answered counts more than what was asked. */
static void raise_to(atomic_uint *event, uint32_t to)
{
	if (atomic_load(event) < to)
		atomic_store(event, to);
}

static void take(struct known *known, const struct note *note)
{
	struct known_job *job = &known->jobs[note->job];

	assert_true(note->job < KNOWN_MAX);
	switch (note->event) {
	case KNOWN_ANSWERED:
		atomic_store(&job->number, note->value);
		break;
	case KNOWN_SEEN:
		atomic_store(&job->wall_us, note->value);
		break;
	case KNOWN_CANCELS:
	case KNOWN_CANCELLED:
		raise_to(&job->cancel, note->event);
		break;
	case KNOWN_RELEASES:
	case KNOWN_RELEASED:
		raise_to(&job->release, note->event);
		break;
	case KNOWN_ALL:
		break;
	default:
		fail_msg("there is no event %u", note->event);
	}
}

/*
 * Jobs are begun in order, one call by each submitter at a time: of those behind the
 * last that was answered at most so many can have been submitted.
 */
static void set_next(struct known *known)
{
	uint32_t job, next = 0;

	for (job = 0; job < KNOWN_MAX; job++)
		if (atomic_load(&known->jobs[job].number))
			next = job + 1;
	atomic_store(&known->next, next + SUBMITTERS * KNOWN_VECTOR);
}

void notes_read(struct known *known, const char *path, uint64_t offset)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct note note;
	uint32_t i;

	if (fd < 0)
		fail_msg("%s: %m", path);
	for (i = 0; i < NOTES_MAX; i++) {
		if (pread(fd, &note, sizeof(note), (off_t)(offset + i * NOTE_BYTES)) < 1)
			break;
		if (note.magic == NOTE_MAGIC)
			take(known, &note);
	}
	close(fd);
	set_next(known);
}
