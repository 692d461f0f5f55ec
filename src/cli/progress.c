/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.c - what is seen of a pull or push; see progress.h */
#include "progress.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/base/text.h"
#include "coracle/cli/command.h"
#include "coracle/format/human.h"
#include "coracle/sys/tty.h"

#include <string.h>

#define BAR_WIDTH      50
#define LINE_MAX_BYTES 400
#define DRAW_MAX_BYTES (1 << 20)
#define COLUMNS_USUAL  80

static void line(struct progress *progress, const char *text)
{
	/* what stands above stays there */
	progress->drawn = 0;
	if (progress->is_docker)
		(void) fflush(stdout);
	(void) fprintf(progress->file, "%s\n", text);
	(void) fflush(progress->file);
}

static char *docker_pulling(const char *full)
{
	AUTO_REFERENCE struct reference reference = {0};
	struct error ignored = {0};

	if (reference_parse(full, &reference, &ignored) < 0)
		return xstrdup(full);
	if (reference.registry && strcmp(reference.registry, "docker.io") == 0)
		text_replace(&reference.registry, NULL);
	return xprintf("%s: Pulling from %s%s%s", reference.digest ? reference.digest : reference.tag,
	               reference.registry ? reference.registry : "", reference.registry ? "/" : "", reference.path);
}

static char *docker_pushing(const char *full)
{
	AUTO_REFERENCE struct reference reference = {0};
	struct error ignored = {0};

	if (reference_parse(full, &reference, &ignored) < 0)
		return xstrdup(full);
	return xprintf("The push refers to repository [%s%s%s]", reference.registry ? reference.registry : "",
	               reference.registry ? "/" : "", reference.path);
}

static char *docker_words(const struct progress *progress, enum image_pull_event event, const char *text)
{
	AUTO_FREE char *familiar = NULL;

	switch (event) {
	case IMAGE_PULL_TRYING:
		if (!progress->is_missing)
			break;
		familiar = reference_familiar(text);
		return xprintf("Unable to find image '%s' locally", familiar);
	case IMAGE_PULL_DIGEST:
		return xprintf("Digest: %s", text);
	case IMAGE_PULL_NEWER:
	case IMAGE_PULL_SAME:
		familiar = reference_familiar(text);
		return xprintf("Status: %s for %s",
		               event == IMAGE_PULL_NEWER ? "Downloaded newer image" : "Image is up to date", familiar);
	case IMAGE_PULL_FOUND:
		return docker_pulling(text);
	case IMAGE_PULL_EXISTS:
		return xprintf("%.12s: Already exists", digest_hex(text));
	case IMAGE_PULL_LAYER:
		return xprintf("%.12s: Pulling fs layer", digest_hex(text));
	case IMAGE_PUSH_TO:
		return docker_pushing(text);
	case IMAGE_PUSH_LAYER:
		return xprintf("%.12s: Preparing", digest_hex(text));
	case IMAGE_PUSH_EXISTS:
		return xprintf("%.12s: Layer already exists", digest_hex(text));
	case IMAGE_PUSH_MOUNTED:
		return xprintf("%.12s: Mounted from %s", digest_hex(text), text + strcspn(text, " ") + 1);
	case IMAGE_PUSH_SENT:
		return xprintf("%.12s: Pushed", digest_hex(text));
	case IMAGE_PULL_CONFIG:
	case IMAGE_PULL_WRITING:
	case IMAGE_PULL_NOTICE:
	case IMAGE_PUSH_INSTANCE:
		break;
	}
	return NULL;
}

static char *podman_words(enum image_pull_event event, const char *text)
{
	switch (event) {
	case IMAGE_PULL_TRYING:
		return xprintf("Trying to pull %s...", text);
	case IMAGE_PULL_EXISTS:
	case IMAGE_PUSH_EXISTS:
	case IMAGE_PUSH_MOUNTED:
		return xprintf("Copying blob %.*s skipped: already exists", (int) strcspn(text, " "), text);
	case IMAGE_PULL_LAYER:
	case IMAGE_PUSH_LAYER:
		return xprintf("Copying blob %s", text);
	case IMAGE_PULL_CONFIG:
		return xprintf("Copying config %s", text);
	case IMAGE_PULL_WRITING:
		return xstrdup("Writing manifest to image destination");
	case IMAGE_PUSH_INSTANCE:
		return xprintf("Copying image %s", text);
	case IMAGE_PULL_FOUND:
	case IMAGE_PULL_DIGEST:
	case IMAGE_PULL_NEWER:
	case IMAGE_PULL_SAME:
	case IMAGE_PUSH_TO:
	case IMAGE_PUSH_SENT:
	case IMAGE_PULL_NOTICE:
		break;
	}
	return NULL;
}

static bool is_of_layer(enum image_pull_event event)
{
	return event == IMAGE_PULL_EXISTS || event == IMAGE_PULL_LAYER || event == IMAGE_PUSH_EXISTS
	       || event == IMAGE_PUSH_LAYER || event == IMAGE_PUSH_MOUNTED || event == IMAGE_PUSH_SENT;
}

static void take_event(void *data, enum image_pull_event event, const char *text)
{
	struct progress *progress = data;
	AUTO_FREE char *words = NULL;

	if (event == IMAGE_PULL_NOTICE) {
		progress->drawn = 0;
		print_warning("%s", text);
		return;
	}
	/* a terminal has lines of its own for the layers */
	if (progress->is_terminal && is_of_layer(event))
		return;
	words = progress->is_docker ? docker_words(progress, event, text) : podman_words(event, text);
	if (words)
		line(progress, words);
}

static void add_bar(struct text *into, const char *what, uint64_t done, uint64_t size, size_t columns)
{
	char done_text[HUMAN_TEXT_SIZE], size_text[HUMAN_TEXT_SIZE];
	size_t width = columns < 60 ? 0 : MIN((size_t) BAR_WIDTH, columns - 50);
	size_t filled = size > 0 ? (size_t) ((double) MIN(done, size) / (double) size * (double) width) : width;

	/* what doesn't fit is cut off by the text's maximum; it is only for the eye */
	(void) !text_printf(into, "%s ", what);
	if (width > 0) {
		(void) !text_add_char(into, '[');
		for (size_t i = 0; i < width; i++)
			(void) !text_add_char(into, i < filled ? '=' : i == filled ? '>' : ' ');
		(void) !text_add(into, "] ");
	}
	(void) !text_printf(into, "%s/%s", human_size(done, done_text), human_size(size, size_text));
}

static void add_layer(struct text *into, const struct image_pull_layer *layer, size_t columns)
{
	AUTO_TEXT struct text text = TEXT_INIT(LINE_MAX_BYTES);

	(void) !text_printf(&text, "%.12s: ", digest_hex(layer->digest));
	switch (layer->state) {
	case IMAGE_PULL_WAITING:
		(void) !text_add(&text, "Waiting");
		break;
	case IMAGE_PULL_ELSEWHERE:
		add_bar(&text, "Another pull", layer->received, layer->size, columns);
		break;
	case IMAGE_PULL_DOWNLOADING:
		add_bar(&text, "Downloading", layer->received, layer->size, columns);
		break;
	case IMAGE_PULL_DOWNLOADED:
		(void) !text_add(&text, "Download complete");
		break;
	case IMAGE_PULL_UNPACKING:
		if (layer->received < layer->size)
			add_bar(&text, "Downloading", layer->received, layer->size, columns);
		else
			add_bar(&text, "Extracting", layer->unpacked, layer->size, columns);
		break;
	case IMAGE_PULL_DONE:
		(void) !text_add(&text, "Pull complete");
		break;
	case IMAGE_PULL_EXISTED:
		(void) !text_add(&text, "Already exists");
		break;
	case IMAGE_PUSH_SENDING:
		add_bar(&text, "Pushing", layer->received, layer->size, columns);
		break;
	case IMAGE_PUSH_DONE:
		(void) !text_add(&text, "Pushed");
		break;
	case IMAGE_PUSH_EXISTED:
		(void) !text_add(&text, "Layer already exists");
		break;
	}
	(void) !text_printf(into, "\r%.*s\033[K\n", (int) MIN(columns - 1, (size_t) LINE_MAX_BYTES), text_string(&text));
}

static void add_summary(struct text *into, const struct image_pull_layer *layers, size_t count, size_t columns)
{
	AUTO_TEXT struct text text = TEXT_INIT(LINE_MAX_BYTES);
	AUTO_FREE char *what = NULL;
	uint64_t done = 0, size = 0;
	size_t complete = 0;

	for (size_t i = 0; i < count; i++) {
		enum image_pull_state state = layers[i].state;
		bool is_over = state == IMAGE_PULL_DONE || state == IMAGE_PULL_EXISTED || state == IMAGE_PUSH_DONE
		               || state == IMAGE_PUSH_EXISTED;

		size += layers[i].size;
		done += is_over ? layers[i].size : MIN(layers[i].received, layers[i].size);
		complete += is_over;
	}
	what = xprintf("%zu of %zu layers", complete, count);
	add_bar(&text, what, done, size, columns);
	(void) !text_printf(into, "\r%.*s\033[K\n", (int) MIN(columns - 1, (size_t) LINE_MAX_BYTES), text_string(&text));
}

static void take_layers(void *data, const struct image_pull_layer *layers, size_t count)
{
	struct progress *progress = data;
	AUTO_TEXT struct text text = TEXT_INIT(DRAW_MAX_BYTES);
	struct tty_size size = {0};
	size_t columns = COLUMNS_USUAL, rows = 24;

	/* a line that wraps would not be found again by going up one */
	if (tty_get_size(fileno(progress->file), &size) >= 0 && size.rows > 0 && size.columns > 0) {
		rows = size.rows;
		columns = size.columns;
	}
	if (progress->drawn > 0)
		(void) !text_printf(&text, "\033[%zuA", progress->drawn);
	if (count < rows) {
		for (size_t i = 0; i < count; i++)
			add_layer(&text, &layers[i], columns);
		progress->drawn = count;
	} else {
		add_summary(&text, layers, count, columns);
		progress->drawn = 1;
	}
	(void) fputs(text_string(&text), progress->file);
	(void) fflush(progress->file);
}

static void init(struct progress *progress, FILE *file, bool quiet)
{
	*progress = (struct progress) {.file = file, .is_docker = print_is_docker()};
	progress->is_terminal = isatty(fileno(file));
	progress->callbacks.data = progress;
	progress->callbacks.event = quiet ? NULL : take_event;
	progress->callbacks.layers = !quiet && progress->is_terminal ? take_layers : NULL;
}

void progress_init(struct progress *progress, bool quiet)
{
	init(progress, print_is_docker() ? stdout : stderr, quiet);
}

void progress_init_run(struct progress *progress, bool quiet, const char *policy)
{
	init(progress, stderr, quiet);
	progress->is_missing = !policy || strcmp(policy, "missing") == 0;
}
