/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_image_tree.c - coracle image tree: layers, and the images that stand on them (coracle-image-tree(1)) */
#include "coracle/cli/command.h"

#include "coracle/base/alloc.h"
#include "coracle/base/digest.h"
#include "coracle/format/human.h"
#include "coracle/image/explore.h"

#include <string.h>

struct tree_request {
	bool what_requires;
};

static const struct opt tree_opts[] = {
	OPT_FLAG(0, "whatrequires", struct tree_request, what_requires,
	         "instead of the image's own layers those above it, with the images that stand on them"),
	OPT_END,
};

/* Whether another layer of the same depth comes before the branch ends. */
static bool has_sibling(const struct list *layers, size_t i, size_t depth)
{
	while (++i < layers->count) {
		size_t other = LIST_AT(struct image_layer, layers, i)->depth;

		if (other <= depth)
			return other == depth;
	}
	return false;
}

static void print_layer(const struct list *layers, size_t i)
{
	const struct image_layer *layer = LIST_AT(struct image_layer, layers, i);
	AUTO_FREE char *names = texts_join(&layer->names, ", ");
	AUTO_TEXTS struct texts parts = {0};
	AUTO_FREE char *lead = NULL;
	char size[HUMAN_TEXT_SIZE];

	for (size_t depth = 0; depth < layer->depth; depth++)
		texts_add(&parts, has_sibling(layers, i, depth) ? "│   " : "    ");
	lead = texts_join(&parts, "");
	print_line("%s%s ID: %.12s Size: %s%s%s%s", lead, has_sibling(layers, i, layer->depth) ? "├──" : "└──",
	           digest_hex(layer->chain_id), human_size_exact(layer->size, size),
	           *names ? " Top Layer of: [" : "", names, *names ? "]" : "");
}

static int tree_run(struct engine *engine, void *data, const struct texts *operands, struct error *err)
{
	const struct tree_request *request = data;
	AUTO(image_layers_done) struct image_layers layers = {0};
	AUTO_FREE char *names = NULL;
	char size[HUMAN_TEXT_SIZE];
	int r = image_layers(engine, operands->items[0],
	                     request->what_requires ? IMAGE_LAYERS_ABOVE : IMAGE_LAYERS_BELOW, &layers, err);

	if (r < 0)
		return r;
	names = texts_join(&layers.names, ", ");
	print_line("Image ID: %.12s", digest_hex(layers.id));
	print_line("Tags:     [%s]", names);
	print_line("Size:     %s", human_size_exact(layers.size, size));
	print_line("%s", layers.layers.count ? "Image Layers" : "No layers");
	for (size_t i = 0; i < layers.layers.count; i++)
		print_layer(&layers.layers, i);
	return 0;
}

const struct command cmd_image_tree = {
	.name = "image tree",
	.group = "Images",
	.summary = "show an image's layers and the images that stand on them",
	.operands = "IMAGE",
	.complete = "image",
	.example = "coracle image tree --whatrequires debian:12",
	.opts = tree_opts,
	.request_size = sizeof(struct tree_request),
	.min_operands = 1,
	.max_operands = 1,
	.needs = NEEDS_ENGINE,
	.run = tree_run,
};
