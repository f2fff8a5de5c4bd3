/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * layby-setup: the step of the boot after which no BPF program can reach the
 * module any more. A function that returns a status has said on stderr why, if
 * it is not SETUP_OK.
 */
#ifndef LAYBY_SETUP_H
#define LAYBY_SETUP_H

#include <layby/governor_settings.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Root's alone; only links are pinned, which hold all else. */
#define SETUP_PINS		"/sys/fs/bpf/layby"
#define SETUP_PIN_GOVERNOR	SETUP_PINS "/governor"
#define SETUP_PIN_INGRESS	SETUP_PINS "/vehicle_ingress"
#define SETUP_PIN_EGRESS	SETUP_PINS "/vehicle_egress"

/* The owner's settings, if the governor has a map of this name: the agent's, too. */
#define SETUP_SETTINGS_MAP	"settings"
#define SETUP_SETTINGS		LAYBY_SETTINGS_PIN
#define SETUP_SETTINGS_GROUP	"layby-agent"

/**
 * enum setup_status - exit status: which step failed
 *
 * Of MODULE and INTERFACE the unit tries again: both may come later in the boot.
 */
enum setup_status {
	SETUP_OK = 0,
	SETUP_SYSTEM = 1,
	SETUP_USAGE = 2,
	SETUP_CONF = 3,
	SETUP_MODULE = 4,
	SETUP_SIGNALS = 5,
	SETUP_INTERFACE = 6,
	SETUP_VEHICLE = 7,
	SETUP_GOVERNOR = 8,
	SETUP_PIN = 9,
	SETUP_SEAL = 10,
	SETUP_SEALED = 11,
};

enum setup_status fail(enum setup_status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* --- conf.c --------------------------------------------------------------- */

#define SETUP_CONF_FILE		"/etc/layby/setup.conf"
#define SETUP_PATH_MAX		256
/* in place of a path: the governor that is built in */
/* Those that are built in. */
#define SETUP_GOVERNOR_LAYBY	"layby"
#define SETUP_GOVERNOR_MINIMAL	"minimal"

struct setup_conf {
	char can_interface[IFNAMSIZ];
	char signals[SETUP_PATH_MAX];
	char governor[SETUP_PATH_MAX];
};

enum setup_status conf_read(const char *path, struct setup_conf *ret_conf);

/* --- What is attached: gone with the process unless pins_keep() succeeds --- */

struct bpf_link;
struct bpf_object;
struct layby_signals;
struct vehicle_can;

struct setup {
	struct bpf_object *governor;
	struct bpf_link *governor_link;
	struct vehicle_can *vehicle;
	struct bpf_link *ingress;
	struct bpf_link *egress;
};

/* governor.c. Opened: the file is right as far as can be told without the kernel. */
enum setup_status governor_open(const char *name, struct bpf_object **ret_object);
enum setup_status governor_attach(struct setup *setup, const char *name);

/* vehicle.c */
enum setup_status signals_load(const char *path, struct layby_signals *ret_signals);
enum setup_status vehicle_attach(struct setup *setup, const char *interface,
				 const struct layby_signals *signals);

/* pins.c */
enum setup_status pins_keep(const struct setup *setup);
/* Also what an earlier run left that did not come to its end. */
enum setup_status pins_drop(void);
bool pins_exist(void);

void setup_detach(struct setup *setup);

/* seal.c */

struct setup_gate {
	bool loaded;
	bool sealed;
};

enum setup_status gate_look(struct setup_gate *ret_gate);
enum setup_status gate_seal(void);

#endif
