/* SPDX-License-Identifier: GPL-2.0-or-later */
/* names.c - names of containers: which are valid, and one for who gives none */
#include "coracle/state/state.h"

#include "coracle/base/alloc.h"
#include "coracle/base/id.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_LENGTH_MAX 200 /* a file name, with room for what is put around it */
#define PLAIN_TRIES     20
#define DIGIT_TRIES     10000 /* far beyond what one user runs */

/* Words about boats, water and weather; each row in alphabetical order. */
static const char *const adjectives[] = {
	"airy", "amber", "ample", "azure", "balmy", "beaming", "billowy", "blithe",
	"blustery", "braided", "breezy", "bright", "briny", "brisk", "bronze", "buoyant",
	"calm", "carved", "cedar", "cheery", "choppy", "clear", "cloudless", "cobalt",
	"coiled", "coppery", "coral", "crested", "crisp", "crystal", "dappled", "dawning",
	"deep", "dewy", "drifting", "dusky", "eastern", "ebbing", "evening", "fair",
	"fleecy", "fleet", "floating", "flowing", "foaming", "foggy", "fresh", "frosty",
	"gentle", "gilded", "gleaming", "gliding", "glinting", "golden", "gusty", "halcyon",
	"hardy", "hazel", "hazy", "homeward", "humming", "icy", "indigo", "inland", "ivory",
	"jaunty", "jolly", "keen", "lapping", "leeward", "light", "lilting", "limpid",
	"lively", "lofty", "lucid", "lunar", "mellow", "mild", "mirrored", "misty",
	"moonlit", "moored", "mossy", "nimble", "northern", "oaken", "opal", "open",
	"painted", "pale", "patient", "pearly", "placid", "plashing", "polished", "quiet",
	"radiant", "rainy", "rapid", "rippling", "rolling", "rosy", "rushing", "sandy",
	"sapphire", "scudding", "serene", "sheltered", "shimmering", "silken", "silver",
	"sleek", "slender", "smooth", "snowy", "southern", "sparkling", "spry", "starry",
	"steady", "still", "sunlit", "sunny", "supple", "swaying", "swift", "tarred",
	"temperate", "tidal", "tranquil", "trim", "turquoise", "twilit", "upstream",
	"varnished", "velvet", "vernal", "wandering", "warm", "western", "windward",
	"windy", "woven",
};

static const char *const nouns[] = {
	"albatross", "anchor", "anchorage", "archipelago", "atoll", "aurora", "backwater",
	"ballast", "barge", "bark", "bay", "bayou", "beacon", "beam", "bell", "bight",
	"boathouse", "bollard", "boom", "bosun", "bowline", "bowsprit", "breaker",
	"breakwater", "breeze", "bridge", "brine", "brook", "buoy", "cabin", "canal",
	"canoe", "cape", "capstan", "caravel", "catamaran", "causeway", "channel", "chart",
	"cirrus", "cleat", "clipper", "cloudbank", "coast", "cockle", "coracle",
	"cormorant", "cove", "coxswain", "creek", "crosswind", "cumulus", "current",
	"cutter", "dawn", "deck", "delta", "dinghy", "dock", "dolphin", "dory", "drizzle",
	"dune", "eddy", "estuary", "felucca", "ferry", "fjord", "flagship", "flotilla",
	"fogbank", "ford", "gale", "galley", "gangway", "gannet", "glacier", "gondola",
	"gull", "gunwale", "halyard", "hamlet", "harbour", "hatch", "haven", "headland",
	"helm", "heron", "horizon", "hull", "iceberg", "inlet", "island", "isthmus",
	"jetty", "jib", "kayak", "kedge", "keel", "ketch", "kingfisher", "knot", "lagoon",
	"lake", "landfall", "lantern", "launch", "lee", "lighthouse", "lock", "lugger",
	"mainsail", "marina", "mariner", "marlin", "mast", "meander", "mist", "monsoon",
	"moorhen", "mooring", "narrows", "navigator", "oar", "osprey", "otter", "outrigger",
	"oyster", "paddle", "peninsula", "petrel", "pier", "pilot", "pinnace", "plover",
	"pond", "pontoon", "porpoise", "port", "prow", "punt", "quay", "raft", "rainbow",
	"rapids", "reef", "regatta", "ripple", "river", "rowboat", "rudder", "sail",
	"sampan", "sandbar", "schoolship", "schooner", "scull", "seafarer", "sextant",
	"shallop", "shallows", "shoal", "shore", "skerry", "skiff", "skipper", "sloop",
	"snowdrift", "sound", "spinnaker", "spray", "spring", "squall", "starfish",
	"steamer", "stern", "strait", "stream", "surf", "swan", "swell", "tarn", "tender",
	"tern", "thaw", "tide", "tiller", "topsail", "trawler", "tributary", "tug",
	"undertow", "vessel", "voyage", "wake", "warbler", "waterfall", "wave", "weir",
	"wharf", "wherry", "whirlpool", "windlass", "yacht", "yawl", "zephyr",
};

bool name_is_valid(const char *name)
{
	static const char first[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	size_t length = strlen(name);

	if (length == 0 || length > NAME_LENGTH_MAX || !strchr(first, name[0]))
		return false;
	for (size_t i = 1; i < length; i++)
		if (!strchr(first, name[i]) && !strchr("_.-", name[i]))
			return false;
	return true;
}

/* A name is claimed by a symlink; one that can't be asked for counts as free: the claim will tell. */
static bool is_taken(const struct paths *paths, const char *name)
{
	AUTO_FREE char *path = xprintf("names/%s", name);
	struct stat st;

	return fstatat(paths->data_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static char *random_name(void)
{
	return xprintf("%s_%s", adjectives[id_random_number(ARRAY_LEN(adjectives))],
	               nouns[id_random_number(ARRAY_LEN(nouns))]);
}

char *name_generate(const struct paths *paths)
{
	for (unsigned i = 0; i < PLAIN_TRIES + DIGIT_TRIES; i++) {
		AUTO_FREE char *name = random_name();

		if (i >= PLAIN_TRIES) {
			char *longer = xprintf("%s%u", name, id_random_number(10));

			free(name);
			name = longer;
		}
		if (!is_taken(paths, name))
			return TAKE_PTR(name);
	}
	/* more names than there are: the last resort can't collide */
	char id[ID_LENGTH + 1];

	id_random(id);
	return xprintf("%s_%.12s", nouns[0], id);
}
