/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.c - times in nanoseconds, RFC 3339, durations; see clock.h */
#include "coracle/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* What a calendar time's end says about its zone. */
enum zone { ZONE_NONE, ZONE_GIVEN };

struct calendar {
	struct tm tm;
	uint64_t ns;         /* below a second */
	enum zone zone;
	long offset_seconds; /* east of UTC */
};

static const struct {
	const char *name;
	uint64_t ns;
} units[] = {
	{"ns", 1},
	{"us", 1000},
	{"\xc2\xb5s", 1000}, /* U+00B5 micro sign */
	{"\xce\xbcs", 1000}, /* U+03BC Greek mu */
	{"ms", 1000000},
	{"s", NS_PER_SECOND},
	{"m", 60 * NS_PER_SECOND},
	{"h", 3600 * NS_PER_SECOND},
};

static uint64_t read_clock(clockid_t which)
{
	struct timespec now = {0};

	/* can't fail for these two clocks */
	(void) clock_gettime(which, &now);
	return (uint64_t) now.tv_sec * NS_PER_SECOND + (uint64_t) now.tv_nsec;
}

uint64_t clock_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static char *format_time(uint64_t ns, char between, const char *zone,
                         char into[static CLOCK_TEXT_SIZE])
{
	time_t seconds = (time_t) (ns / NS_PER_SECOND);
	char fraction[12] = "";
	struct tm tm;

	(void) gmtime_r(&seconds, &tm);
	if (ns % NS_PER_SECOND) {
		int used = snprintf(fraction, sizeof fraction, ".%09u",
		                    (unsigned) (ns % NS_PER_SECOND));

		while (used > 0 && fraction[used - 1] == '0')
			fraction[--used] = '\0';
	}
	(void) snprintf(into, CLOCK_TEXT_SIZE, "%04d-%02d-%02d%c%02d:%02d:%02d%s%s",
	                tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, between, tm.tm_hour,
	                tm.tm_min, tm.tm_sec, fraction, zone);
	return into;
}

char *clock_rfc3339(uint64_t ns, char into[static CLOCK_TEXT_SIZE])
{
	return format_time(ns, 'T', "Z", into);
}

char *clock_go(uint64_t ns, char into[static CLOCK_TEXT_SIZE])
{
	return format_time(ns, ' ', " +0000 UTC", into);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly count digits and then, unless it is NUL, the character after. */
static bool take_number(const char **at, int count, char after, int min, int max, int *out)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		if (!is_digit(**at))
			return false;
		value = value * 10 + (*(*at)++ - '0');
	}
	if (value < min || value > max || (after && *(*at)++ != after))
		return false;
	*out = value;
	return true;
}

static bool take_fraction(const char **at, uint64_t *ns)
{
	uint64_t unit = NS_PER_SECOND / 10;

	*ns = 0;
	if (**at != '.')
		return true;
	if (!is_digit(*++*at))
		return false;
	/* digits beyond the ninth are cut off, as Go does */
	for (; is_digit(**at); unit /= 10)
		*ns += (uint64_t) (*(*at)++ - '0') * unit;
	return true;
}

static bool take_zone(const char **at, struct calendar *calendar)
{
	char sign = **at;
	int hours, minutes;

	calendar->zone = sign ? ZONE_GIVEN : ZONE_NONE;
	if (!sign)
		return true;
	++*at;
	if (sign == 'Z' || sign == 'z')
		return **at == '\0';
	if ((sign != '+' && sign != '-') || !take_number(at, 2, ':', 0, 23, &hours) ||
	    !take_number(at, 2, '\0', 0, 59, &minutes) || **at)
		return false;
	calendar->offset_seconds = (hours * 60L + minutes) * 60L * (sign == '-' ? -1 : 1);
	return true;
}

static bool take_date(const char **at, struct tm *tm)
{
	int year, month;

	if (!take_number(at, 4, '-', 0, 9999, &year) || !take_number(at, 2, '-', 1, 12, &month) ||
	    !take_number(at, 2, '\0', 1, 31, &tm->tm_mday))
		return false;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	return true;
}

static bool to_ns(const struct calendar *calendar, uint64_t *out)
{
	struct tm tm = calendar->tm;
	int day = tm.tm_mday;
	time_t seconds;

	tm.tm_isdst = -1; /* let the zone's rules decide */
	seconds = calendar->zone == ZONE_GIVEN ? timegm(&tm) : mktime(&tm);
	/* timegm(3) turns 30 February into March */
	if (calendar->tm.tm_sec < 60 && tm.tm_mday != day)
		return false;
	seconds -= calendar->offset_seconds;
	/* Images carry Go's zero time, year 1: nothing before 1970 means more than "unknown". */
	if (seconds < 0) {
		*out = 0;
		return true;
	}
	if ((uint64_t) seconds > UINT64_MAX / NS_PER_SECOND - 1)
		return false;
	*out = (uint64_t) seconds * NS_PER_SECOND + calendar->ns;
	return true;
}

int clock_parse_rfc3339(const char *text, uint64_t *out)
{
	struct calendar calendar = {0};
	const char *at = text;

	if (!take_date(&at, &calendar.tm) || (*at != 'T' && *at != 't' && *at != ' '))
		return -EINVAL;
	at++;
	if (!take_number(&at, 2, ':', 0, 23, &calendar.tm.tm_hour) ||
	    !take_number(&at, 2, ':', 0, 59, &calendar.tm.tm_min) ||
	    !take_number(&at, 2, '\0', 0, 60, &calendar.tm.tm_sec) ||
	    !take_fraction(&at, &calendar.ns) || !take_zone(&at, &calendar) ||
	    calendar.zone == ZONE_NONE || !to_ns(&calendar, out))
		return -EINVAL;
	return 0;
}

/* A date, alone or with hours and minutes, with seconds, with a fraction; with a zone or local. */
static int parse_loose(const char *text, uint64_t *out)
{
	struct calendar calendar = {0};
	const char *at = text;

	if (!take_date(&at, &calendar.tm))
		return -EINVAL;
	if (*at == 'T' || *at == ' ') {
		at++;
		if (!take_number(&at, 2, ':', 0, 23, &calendar.tm.tm_hour) ||
		    !take_number(&at, 2, '\0', 0, 59, &calendar.tm.tm_min))
			return -EINVAL;
		if (*at == ':') {
			at++;
			if (!take_number(&at, 2, '\0', 0, 60, &calendar.tm.tm_sec) ||
			    !take_fraction(&at, &calendar.ns))
				return -EINVAL;
		}
	}
	if (!take_zone(&at, &calendar) || !to_ns(&calendar, out))
		return -EINVAL;
	return 0;
}

static bool take_unit(const char **at, uint64_t *ns)
{
	size_t length = 0;

	while ((*at)[length] && (*at)[length] != '.' && !is_digit((*at)[length]))
		length++;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strlen(units[i].name) == length && memcmp(*at, units[i].name, length) == 0) {
			*at += length;
			*ns = units[i].ns;
			return true;
		}
	}
	return false;
}

/* One "1.5h" of a duration, added to *sum. */
static bool take_piece(const char **at, uint64_t *sum)
{
	uint64_t whole = 0, unit;
	long double fraction = 0, place = 1;
	bool digits = false;

	for (; is_digit(**at); ++*at, digits = true)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t) (**at - '0'), &whole))
			return false;
	if (**at == '.') {
		++*at;
		for (; is_digit(**at); ++*at, digits = true) {
			place *= 10;
			fraction = fraction * 10 + (long double) (**at - '0');
		}
	}
	if (!digits || !take_unit(at, &unit) || __builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(*sum, whole, sum))
		return false;
	*sum += (uint64_t) (fraction * (long double) unit / place);
	return *sum <= INT64_MAX;
}

int clock_parse_duration(const char *text, uint64_t *out)
{
	uint64_t sum = 0;

	if (*text == '+')
		text++;
	if (strcmp(text, "0") == 0) {
		*out = 0;
		return 0;
	}
	if (!*text)
		return -EINVAL;
	while (*text)
		if (!take_piece(&text, &sum))
			return -EINVAL;
	*out = sum;
	return 0;
}

static int parse_unix(const char *text, uint64_t *out)
{
	uint64_t seconds = 0, ns;

	if (!is_digit(*text))
		return -EINVAL;
	for (; is_digit(*text); text++)
		if (__builtin_mul_overflow(seconds, 10, &seconds) ||
		    __builtin_add_overflow(seconds, (uint64_t) (*text - '0'), &seconds))
			return -EINVAL;
	if (!take_fraction(&text, &ns) || *text || seconds > UINT64_MAX / NS_PER_SECOND - 1)
		return -EINVAL;
	*out = seconds * NS_PER_SECOND + ns;
	return 0;
}

int clock_parse_point(const char *text, uint64_t now, uint64_t *out)
{
	uint64_t before;

	if (parse_loose(text, out) == 0 || parse_unix(text, out) == 0)
		return 0;
	if (clock_parse_duration(text, &before) < 0)
		return -EINVAL;
	*out = before < now ? now - before : 0;
	return 0;
}
