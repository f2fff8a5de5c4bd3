/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check_model - what the checks of the pure models share; cmocka.h comes first
 */
#ifndef VNPU_CHECK_MODEL_H
#define VNPU_CHECK_MODEL_H

#include <math.h>

#include "specimen.h"

static inline void assert_near(double is, double should, double within)
{
	if (!(fabs(is - should) <= within))
		fail_msg("%.12g is not within %g of %.12g", is, within, should);
}

/* As the sheet says, with the time constants that truth 0 does without. */
static inline struct specimen typical(void)
{
	struct specimen specimen = specimen_of(0);

	specimen.seed = 1;
	specimen.leak_ppm = SPECIMEN_WHOLE_PPM;
	specimen.die_c_ppm = SPECIMEN_WHOLE_PPM;
	specimen.cooler_c_ppm = SPECIMEN_WHOLE_PPM;
	return specimen;
}

#endif
