/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.c - what this machine is: uname(2), proc(5) meminfo, os-release(5) */
#include "machine.h"

#include "coracle/base/alloc.h"
#include "coracle/base/file.h"
#include "coracle/base/number.h"

#include <fcntl.h>
#include <string.h>

#define FILE_MAX_BYTES (1u << 20)

const char *machine_arch(const struct utsname *names)
{
	static const struct {
		const char *machine, *arch;
	} known[] = {
		{"x86_64", "amd64"},   {"aarch64", "arm64"},   {"armv7l", "arm"},        {"armv6l", "arm"},
		{"i386", "386"},       {"i686", "386"},        {"ppc64le", "ppc64le"},   {"s390x", "s390x"},
		{"riscv64", "riscv64"}, {"loongarch64", "loong64"}, {"mips64", "mips64le"},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(names->machine, known[i].machine) == 0)
			return known[i].arch;
	return names->machine;
}

/* "MemTotal:       24689664 kB" in bytes; files of /proc say a size of 0, so they are read by descriptor */
static uint64_t meminfo(const char *text, const char *key)
{
	const char *line = strstr(text, key);
	uint64_t number = 0;

	if (!line)
		return 0;
	line += strlen(key);
	line += strspn(line, ": \t");

	AUTO_FREE char *digits = xstrndup(line, strspn(line, "0123456789"));

	if (number_parse_uint(digits, 0, UINT64_MAX / 1024, &number) < 0)
		return 0;
	return number * 1024;
}

struct machine_memory machine_memory_read(void)
{
	AUTO_CLOSE int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *text = NULL;

	if (fd < 0 || file_read_fd(fd, FILE_MAX_BYTES, &text, NULL) < 0)
		return (struct machine_memory){0};
	return (struct machine_memory){
		.total = meminfo(text, "MemTotal"),
		.available = meminfo(text, "MemAvailable"),
		.swap_total = meminfo(text, "SwapTotal"),
		.swap_free = meminfo(text, "SwapFree"),
	};
}

char *machine_release(const char *key)
{
	static const char *const files[] = {"/etc/os-release", "/usr/lib/os-release"};
	AUTO_FREE char *text = NULL;
	size_t key_len = strlen(key);

	for (size_t i = 0; !text && i < ARRAY_LEN(files); i++)
		(void) !file_read(AT_FDCWD, files[i], FILE_MAX_BYTES, &text, NULL);
	for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *value = line + key_len + 1;

		if (strncmp(line, key, key_len) != 0 || line[key_len] != '=')
			continue;
		if (*value == '"' || *value == '\'')
			value++;
		return xstrndup(value, strcspn(value, "\"'\n"));
	}
	return NULL;
}
