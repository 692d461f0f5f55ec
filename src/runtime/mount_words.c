/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_words.c - the options of a mount as flags and data (runtime-spec config.md#mounts); see plan_mounts.h */
#include "plan_mounts.h"

#include "coracle/sys/mount.h"

#include <string.h>
#include <sys/mount.h>

/* words that are ours and crun's, and no flags of the kernel */
static bool read_own_word(const char *word, struct words *words)
{
	static const char idmap[] = "idmap", idmap_all[] = "ridmap";
	size_t name = strcspn(word, "=");

	if (strcmp(word, "tmpcopyup") == 0)
		words->copy_up = true;
	else if (strcmp(word, "copy-symlink") == 0)
		words->copy_symlink = true;
	else if (strcmp(word, "dest-nofollow") == 0)
		words->nofollow = true;
	else if (strcmp(word, "src-nofollow") == 0)
		words->source_nofollow = true;
	else if ((name == sizeof idmap - 1 && strncmp(word, idmap, name) == 0)
	         || (name == sizeof idmap_all - 1 && strncmp(word, idmap_all, name) == 0)) {
		words->idmap = true;
		words->idmap_all = *word == 'r';
		words->map = word[name] ? word + name + 1 : NULL;
	} else {
		return false;
	}
	return true;
}

static void read_flag(const struct mount_flag *flag, struct words *words)
{
	uint64_t *set = &words->set, *clear = &words->clear;

	words->super = (words->super & ~(unsigned long) flag->super_clear) | flag->super;
	if (flag->propagation) {
		words->propagation = flag->propagation | (flag->recursive ? MS_REC : 0);
		return;
	}
	if (flag->bind) {
		words->bind = true;
		words->recursive = flag->recursive;
		return;
	}
	/* the last word wins; one for all mounts below holds for the first of them too */
	words->set &= ~(flag->clear | flag->add);
	words->clear &= ~(flag->add | flag->clear);
	if (flag->recursive) {
		set = &words->set_all;
		clear = &words->clear_all;
	}
	*set = (*set & ~flag->clear) | flag->add;
	*clear = (*clear & ~flag->add) | flag->clear;
}

int words_read(const struct oci_mount *mount, struct words *words, struct error *err)
{
	for (size_t i = 0; i < mount->options.count; i++) {
		const char *word = mount->options.items[i];
		const struct mount_flag *flag = mount_flag_find(word);

		if (!*word || read_own_word(word, words))
			continue;
		if (flag) {
			read_flag(flag, words);
			continue;
		}
		if (!words->unknown)
			words->unknown = word;
		if ((words->data.length && text_add_char(&words->data, ',') < 0)
		    || text_add(&words->data, word) < 0)
			return error_set(err, ERROR_INVALID, "mount %s: options longer than %d bytes",
			                 mount->destination, MOUNT_DATA_MAX);
	}
	return 0;
}

void words_done(struct words *words)
{
	text_done(&words->data);
}

bool is_bind(const struct oci_mount *mount, const struct words *words)
{
	return words->bind || (mount->type && strcmp(mount->type, "bind") == 0);
}
