// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * control - the test's side entrance: org.layby.VNPU1 over varlink
 */
#include "control.h"
#include "device.h"

int control_init(struct control *control, struct device *device)
{
	return 0;
}

void control_fini(struct control *control)
{
}
