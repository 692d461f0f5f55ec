/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signal_names.c - signals by name, signal(7); see names.h */
#include "coracle/base/number.h"
#include "coracle/sys/names.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/*
 * What container engines call RTMIN is the first number above the two that glibc keeps for itself,
 * whatever C library we run with.
 */
#define REALTIME_FIRST 34
#define REALTIME_LAST  64

/* The first row of a number is its name, further ones are other spellings. */
static const struct {
	int number;
	const char *name;
} signals[] = {
	{SIGHUP, "SIGHUP"},       {SIGINT, "SIGINT"},       {SIGQUIT, "SIGQUIT"},
	{SIGILL, "SIGILL"},       {SIGTRAP, "SIGTRAP"},     {SIGABRT, "SIGABRT"},
	{SIGBUS, "SIGBUS"},       {SIGFPE, "SIGFPE"},       {SIGKILL, "SIGKILL"},
	{SIGUSR1, "SIGUSR1"},     {SIGSEGV, "SIGSEGV"},     {SIGUSR2, "SIGUSR2"},
	{SIGPIPE, "SIGPIPE"},     {SIGALRM, "SIGALRM"},     {SIGTERM, "SIGTERM"},
#ifdef SIGSTKFLT
	{SIGSTKFLT, "SIGSTKFLT"},
#endif
	{SIGCHLD, "SIGCHLD"},     {SIGCONT, "SIGCONT"},     {SIGSTOP, "SIGSTOP"},
	{SIGTSTP, "SIGTSTP"},     {SIGTTIN, "SIGTTIN"},     {SIGTTOU, "SIGTTOU"},
	{SIGURG, "SIGURG"},       {SIGXCPU, "SIGXCPU"},     {SIGXFSZ, "SIGXFSZ"},
	{SIGVTALRM, "SIGVTALRM"}, {SIGPROF, "SIGPROF"},     {SIGWINCH, "SIGWINCH"},
	{SIGIO, "SIGIO"},         {SIGPWR, "SIGPWR"},       {SIGSYS, "SIGSYS"},
	{SIGABRT, "SIGIOT"},      {SIGCHLD, "SIGCLD"},      {SIGIO, "SIGPOLL"},
	{SIGSYS, "SIGUNUSED"},
};

/* "RTMIN", "RTMIN+3", "RTMAX-1"; -1 for anything else */
static int realtime_number(const char *name)
{
	bool from_first = strncasecmp(name, "RTMIN", 5) == 0;
	uint64_t offset = 0;

	if (!from_first && strncasecmp(name, "RTMAX", 5) != 0)
		return -1;
	name += 5;
	if (*name && (*name != (from_first ? '+' : '-') ||
	              number_parse_uint(name + 1, 0, REALTIME_LAST - REALTIME_FIRST, &offset) < 0))
		return -1;
	return from_first ? REALTIME_FIRST + (int) offset : REALTIME_LAST - (int) offset;
}

int signal_number(const char *name)
{
	uint64_t number;

	if (number_parse_uint(name, 1, REALTIME_LAST, &number) == 0)
		return (int) number;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (strcasecmp(name, signals[i].name + 3) == 0)
			return signals[i].number;
	return realtime_number(name);
}

const char *signal_name(int number, char into[static 16])
{
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (signals[i].number == number)
			return signals[i].name;
	if (number < REALTIME_FIRST || number > REALTIME_LAST)
		return NULL;
	if (number == REALTIME_FIRST)
		return "SIGRTMIN";
	if (number == REALTIME_LAST)
		return "SIGRTMAX";
	(void) snprintf(into, 16, "SIGRTMIN+%u", (unsigned) (number - REALTIME_FIRST) & 31);
	return into;
}
