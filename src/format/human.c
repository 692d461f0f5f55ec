/* SPDX-License-Identifier: GPL-2.0-or-later */
/* human.c - durations and sizes in words; see human.h */
#include "coracle/format/human.h"

#include "coracle/base/clock.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const decimal_units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
static const char *const binary_units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

static char *words(char into[static HUMAN_TEXT_SIZE], const char *s)
{
	(void) snprintf(into, HUMAN_TEXT_SIZE, "%s", s);
	return into;
}

static char *count_of(uint64_t count, const char *unit, char into[static HUMAN_TEXT_SIZE])
{
	(void) snprintf(into, HUMAN_TEXT_SIZE, "%" PRIu64 " %s", count, unit);
	return into;
}

char *human_duration(uint64_t ns, char into[static HUMAN_TEXT_SIZE])
{
	uint64_t seconds = ns / NS_PER_SECOND;
	uint64_t minutes = seconds / 60;
	uint64_t hours = (seconds + 30 * 60) / 3600; /* rounded */
	uint64_t days = hours / 24;

	if (seconds < 1)
		return words(into, "Less than a second");
	if (seconds == 1)
		return count_of(1, "second", into);
	if (seconds < 60)
		return count_of(seconds, "seconds", into);
	if (minutes == 1)
		return words(into, "About a minute");
	if (minutes < 60)
		return count_of(minutes, "minutes", into);
	if (hours == 1)
		return words(into, "About an hour");
	if (hours < 48)
		return count_of(hours, "hours", into);
	if (hours < 24 * 7 * 2)
		return count_of(days, "days", into);
	if (hours < 24 * 30 * 2)
		return count_of(days / 7, "weeks", into);
	if (hours < 24 * 365 * 2)
		return count_of(days / 30, "months", into);
	return count_of(seconds / 3600 / 24 / 365, "years", into);
}

char *human_ago(uint64_t then_ns, uint64_t now_ns, char into[static HUMAN_TEXT_SIZE])
{
	char age[HUMAN_TEXT_SIZE];

	(void) human_duration(now_ns > then_ns ? now_ns - then_ns : 0, age);
	(void) snprintf(into, HUMAN_TEXT_SIZE, "%.*s ago", HUMAN_TEXT_SIZE - 5, age);
	return into;
}

static char *size_in(const char *const *units, double base, int digits, const char *blank,
                     uint64_t bytes, char into[static HUMAN_TEXT_SIZE])
{
	/* 999,600 bytes: three digits of 999.6 would be 1e+03kB. */
	double limit = digits == 3 ? 999.5 : base;
	double size = (double) bytes;
	size_t unit = 0;

	while (size >= (unit > 0 ? limit : base) && unit + 1 < ARRAY_LEN(decimal_units)) {
		size /= base;
		unit++;
	}
	(void) snprintf(into, HUMAN_TEXT_SIZE, "%.*g%s%s", digits, size, blank, units[unit]);
	return into;
}

char *human_size(uint64_t bytes, char into[static HUMAN_TEXT_SIZE])
{
	return size_in(decimal_units, 1000, 3, "", bytes, into);
}

char *human_size_blank(uint64_t bytes, char into[static HUMAN_TEXT_SIZE])
{
	return size_in(decimal_units, 1000, 3, " ", bytes, into);
}

char *human_size_exact(uint64_t bytes, char into[static HUMAN_TEXT_SIZE])
{
	return size_in(decimal_units, 1000, 4, "", bytes, into);
}

char *human_size_iec(uint64_t bytes, char into[static HUMAN_TEXT_SIZE])
{
	return size_in(binary_units, 1024, 4, "", bytes, into);
}
