/* SPDX-License-Identifier: GPL-2.0-or-later */
/* id.h - random identifiers */
#ifndef CORACLE_BASE_ID_H
#define CORACLE_BASE_ID_H

#include "coracle/base/base.h"

#define ID_LENGTH 64 /* hex digits of a container id */

/* id_random - 64 random lower-case hex digits from getrandom(2), NUL-terminated; never all digits in the first 12 */
void id_random(char into[static ID_LENGTH + 1]);
/* id_is_hex - text is 1..64 lower-case hex digits */
bool id_is_hex(const char *text) NONNULL(1);
/* id_random_number - uniform 0..bound-1 */
unsigned id_random_number(unsigned bound);

#endif
