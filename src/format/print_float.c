/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print_float.c - floating numbers as Go's strconv.FormatFloat writes them */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print.h"

#define FLOAT_PRECISION_MAX 400
#define FLOAT_TEXT_SIZE     800 /* 309 digits, a point and the precision */

/* The fewest digits that read back as the same number; main() leaves LC_NUMERIC at "C". */
static int shortest_digits(double number)
{
	char text[40];

	for (int digits = 1; digits < 17; digits++) {
		(void) snprintf(text, sizeof text, "%.*e", digits - 1, number);
		if (!(strtod(text, NULL) < number) && !(strtod(text, NULL) > number))
			return digits;
	}
	return 17;
}

static int exponent_of(double number, int digits)
{
	char text[40];
	const char *e;
	int exponent = 0;

	(void) snprintf(text, sizeof text, "%.*e", digits - 1, number);
	e = strchr(text, 'e');
	for (const char *c = e ? e + 2 : ""; *c; c++)
		exponent = exponent * 10 + (*c - '0');
	return e && e[1] == '-' ? -exponent : exponent;
}

int print_float(struct text *out, double number, char letter, int precision)
{
	char text[FLOAT_TEXT_SIZE];
	int digits, exponent;

	if (isnan(number))
		return text_add(out, "NaN");
	if (isinf(number))
		return text_add(out, number < 0 ? "-Inf" : "+Inf");
	precision = MIN(precision, FLOAT_PRECISION_MAX);
	if (precision >= 0) {
		if (letter == 'e')
			(void) snprintf(text, sizeof text, "%.*e", precision, number);
		else if (letter == 'f')
			(void) snprintf(text, sizeof text, "%.*f", precision, number);
		else
			(void) snprintf(text, sizeof text, "%.*g", precision, number);
		return text_add(out, text);
	}
	digits = shortest_digits(number);
	exponent = exponent_of(number, digits);
	/* strconv: with the shortest precision 'g' turns to 'e' as if the precision were 6. */
	if (letter == 'e' || (letter == 'g' && (exponent < -4 || exponent >= 6)))
		(void) snprintf(text, sizeof text, "%.*e", digits - 1, number);
	else
		(void) snprintf(text, sizeof text, "%.*f", MAX(digits - 1 - exponent, 0), number);
	return text_add(out, text);
}
