/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nearest.c - "did you mean": the word of a list that a mistyped one is closest to */
#include "coracle/cli/opts.h"

#include <string.h>

#define NEAREST_LENGTH_MAX 40

/*
 * Edit distance where two swapped neighbours count as one mistake ("rnu" for "run"); rows are kept
 * for the last three positions of a. Both words are at most NEAREST_LENGTH_MAX long.
 */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NEAREST_LENGTH_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *second = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

			best = MIN(best, above[j] + 1);
			best = MIN(best, row[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, second[j - 2] + 1);
			row[j] = best;
		}
	}
	return rows[a_len % 3][b_len];
}

/* One mistake in a word of two or three letters ("rn" for "run"), two in a longer one. */
static size_t limit_of(size_t len)
{
	if (len < 2)
		return 0;
	return len <= 3 ? 1 : 2;
}

const char *nearest(const char *text, const char *const *words, size_t count)
{
	size_t len = strlen(text);
	size_t limit = limit_of(len);
	const char *best = NULL;

	if (len > NEAREST_LENGTH_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t word_len = strlen(words[i]);
		size_t steps;

		if (word_len > NEAREST_LENGTH_MAX)
			continue;
		steps = distance(text, len, words[i], word_len);
		if (steps > limit || (best && steps == limit))
			continue;
		best = words[i];
		limit = steps;
		if (steps == 0)
			break;
	}
	return best;
}
