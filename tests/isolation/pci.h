/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The accelerator as a PCI device that comes and goes. All return 0 or -errno. */
#ifndef ISOLATION_PCI_H
#define ISOLATION_PCI_H

/* The backend anew. */
int vnpu_reload(void);
/* The driver lets go of the device, and takes it again. */
int vnpu_unbind(void);
int vnpu_bind(void);
/* The device leaves its bus, and is looked for again. */
int vnpu_remove(void);
int vnpu_rescan(void);

#endif /* ISOLATION_PCI_H */
