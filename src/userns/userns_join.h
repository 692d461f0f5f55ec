/* SPDX-License-Identifier: GPL-2.0-or-later */
/* userns_join.h - user namespaces of living monitors, for others to join */
#ifndef CORACLE_USERNS_JOIN_H
#define CORACLE_USERNS_JOIN_H

#include "coracle/userns/userns.h"

/* userns_join - descriptor of a published namespace that has the maps of wanted, or a negative errno */
int userns_join(const struct paths *paths, const struct userns *wanted);

#endif
