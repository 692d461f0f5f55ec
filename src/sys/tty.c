/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tty.c - terminals: raw mode and sizes, termios(3), ioctl_tty(2); see tty.h */
#include "coracle/sys/tty.h"

#include <sys/ioctl.h>

int tty_raw(int fd, struct tty_state *state)
{
	struct termios raw;

	if (tcgetattr(fd, &raw) < 0)
		return -errno;
	*state = (struct tty_state){.fd = fd, .saved = raw};
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSADRAIN, &raw) < 0)
		return -errno;
	state->changed = true;
	return 0;
}

void tty_restore(struct tty_state *state)
{
	if (!state->changed)
		return;
	state->changed = false;
	/* on the way out: a terminal that is gone needs no restoring */
	(void) tcsetattr(state->fd, TCSADRAIN, &state->saved);
}

int tty_get_size(int fd, struct tty_size *out)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return -errno;
	*out = (struct tty_size){.rows = size.ws_row, .columns = size.ws_col};
	return 0;
}

int tty_set_size(int fd, struct tty_size size)
{
	struct winsize set = {.ws_row = size.rows, .ws_col = size.columns};

	return ioctl(fd, TIOCSWINSZ, &set) < 0 ? -errno : 0;
}
