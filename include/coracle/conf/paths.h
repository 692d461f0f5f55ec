/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paths.h - where a user's state lives */
#ifndef CORACLE_CONF_PATHS_H
#define CORACLE_CONF_PATHS_H

#include "coracle/base/error.h"

/*
 * data     $CORACLE_ROOT, else $XDG_DATA_HOME/coracle, else ~/.local/share/coracle: survives a reboot; a symlink of the
 *          caller's in that place is followed
 * runtime  $CORACLE_RUNROOT, else $XDG_RUNTIME_DIR/coracle, else /run/user/UID/coracle when that is the
 *          caller's, else /tmp/coracle-run-UID (0700, owner checked): gone after a reboot, and keyed by
 *          the boot id so that a /tmp that survives does no harm
 * home     $HOME, else from passwd
 *
 * The same directories are found whatever the environment (env -i, su, cron): two shells see the same
 * containers as long as HOME and XDG_DATA_HOME agree; a runtime directory in use is remembered in
 * data/runtime (a symlink) for shells that would choose another.
 */
struct paths {
	char *home;
	char *data;
	char *runtime;
	int data_fd;    /* O_DIRECTORY; -1 until opened */
	int runtime_fd;
};

/* paths_open - find, make (0700) and open both directories; the error says which and what mends it */
int paths_open(struct paths *out, struct error *err) NONNULL(1, 2) MUST_USE;
/* paths_guess - the names alone, for telling about them: nothing is made or opened, nothing fails */
void paths_guess(struct paths *out) NONNULL(1);
void paths_done(struct paths *paths) NONNULL(1);
#define AUTO_PATHS AUTO(paths_done)

#endif
