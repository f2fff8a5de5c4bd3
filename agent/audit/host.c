// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the running system says of itself in files: which build of the module is
 * loaded, whether module and kernel are as they were signed, how it was started.
 *
 * A file that is not there may mean that there is no such thing, or that nobody
 * knows; each fact says which.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include <host_file.h>

#include "audit.h"

#define MODULE			"/sys/module/layby"
#define EFI_GLOBAL_VARIABLE	"8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* --- How each is read: 0, or a negative errno ------------------------------- */

/* The one of several words that stands in brackets */
static int read_chosen(const char *path, char *text, size_t size)
{
	char line[FACT_TEXT_MAX];
	char *from, *to;
	int r = host_read_line(path, line, sizeof(line));

	if (r < 0)
		return r;
	from = strchr(line, '[');
	to = from ? strchr(from, ']') : NULL;
	if (!to)
		return -EBADMSG;
	*to = '\0';
	snprintf(text, size, "%s", from + 1);
	return 0;
}

static int read_yes_no(const char *path, char *text, size_t size)
{
	char line[FACT_TEXT_MAX];
	int r = host_read_line(path, line, sizeof(line));

	if (r < 0)
		return r;
	if (strcmp(line, "Y") && strcmp(line, "N"))
		return -EBADMSG;
	snprintf(text, size, "%s", *line == 'Y' ? "yes" : "no");
	return 0;
}

/* Four bytes of attributes, then its value */
static int read_efi_switch(const char *path, char *text, size_t size)
{
	uint8_t variable[5];
	ssize_t n = host_read(path, variable, sizeof(variable));

	if (n < 0)
		return (int)n;
	if (n != sizeof(variable))
		return -EBADMSG;
	snprintf(text, size, "%s", variable[4] ? "on" : "off");
	return 0;
}

/* An ELF note: the linker's digest of the module as it was built */
static int read_build_id(const char *path, char *text, size_t size)
{
	struct {
		Elf64_Nhdr head;
		char name[4];
		uint8_t id[64];
	} note = {};
	ssize_t n = host_read(path, &note, sizeof(note));
	size_t i;

	if (n < 0)
		return (int)n;
	if (n < (ssize_t)offsetof(typeof(note), id) || note.head.n_type != NT_GNU_BUILD_ID ||
	    memcmp(note.name, "GNU", 4) ||
	    note.head.n_descsz > (size_t)n - offsetof(typeof(note), id) ||
	    2 * note.head.n_descsz >= size)
		return -EBADMSG;
	for (i = 0; i < note.head.n_descsz; i++)
		snprintf(text + 2 * i, 3, "%02x", note.id[i]);
	return 0;
}

/* --- Which there are -------------------------------------------------------- */

static const struct {
	const char *key;
	const char *what;
	const char *path;
	int (*read)(const char *path, char *text, size_t size);
	/* what it means that there is no such file; NULL: that there is no such thing */
	const char *absent;
} sources[FACTS] = {
	[FACT_VERSION] = {
		"module_version", "the module's version", MODULE "/version", host_read_line,
	},
	[FACT_SRCVERSION] = {
		"module_srcversion", "the digest of the module's sources", MODULE "/srcversion",
		host_read_line,
	},
	[FACT_BUILD_ID] = {
		"module_build_id", "the module's build id", MODULE "/notes/.note.gnu.build-id",
		read_build_id,
	},
	[FACT_TAINT] = {
		"module_taint", "whether the module is signed", MODULE "/taint", host_read_line,
		"the kernel does not say what taints modules",
	},
	[FACT_KERNEL_TAINT] = {
		"kernel_taint", "what taints the kernel", "/proc/sys/kernel/tainted",
		host_read_line, "the kernel does not say",
	},
	[FACT_SIGNATURES] = {
		"module_signatures_enforced", "whether the kernel refuses unsigned modules",
		"/sys/module/module/parameters/sig_enforce", read_yes_no,
		"the kernel was built without signatures of modules, or does not say",
	},
	[FACT_LOCKDOWN] = {
		"lockdown", "the kernel's lockdown", "/sys/kernel/security/lockdown", read_chosen,
		"the kernel has no lockdown, or securityfs is not mounted",
	},
	[FACT_SECURE_BOOT] = {
		"secure_boot", "whether Secure Boot is on",
		"/sys/firmware/efi/efivars/SecureBoot-" EFI_GLOBAL_VARIABLE, read_efi_switch,
		"not started by UEFI, or efivarfs is not mounted; other verified boot is not seen from here",
	},
};

static bool is_of_module(enum fact_id id)
{
	return !strncmp(sources[id].path, MODULE "/", strlen(MODULE "/"));
}

static void tell_unknown(struct audit *audit, enum fact_id id, const char *why)
{
	audit_unknown(audit, id == FACT_TAINT ? PART_TAINT : 0, sources[id].what, "%s: %s",
		      sources[id].path, why);
}

static void gather_fact(struct audit *audit, enum fact_id id)
{
	struct fact *fact = &audit->facts[id];
	int r = sources[id].read(sources[id].path, fact->text, sizeof(fact->text));

	fact->key = sources[id].key;
	fact->is = r >= 0;
	/* that nothing of the module is known has been said */
	if (r >= 0 || (r == -ENOENT && is_of_module(id) && !(audit->parts & PARTS_OF_NETLINK)))
		return;
	if (r == -EBADMSG)
		tell_unknown(audit, id, "not understood");
	else if (r == -EACCES)
		tell_unknown(audit, id, "only root sees it");
	else if (r != -ENOENT)
		tell_unknown(audit, id, strerror(-r));
	else if (sources[id].absent)
		tell_unknown(audit, id, sources[id].absent);
}

void audit_gather_host(struct audit *audit)
{
	enum fact_id id;

	uname(&audit->uts);
	for (id = 0; id < FACTS; id++)
		gather_fact(audit, id);
	if (audit->facts[FACT_TAINT].is)
		audit->parts |= PART_TAINT;
}
