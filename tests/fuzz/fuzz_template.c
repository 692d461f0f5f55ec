/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz_template.c - a user's --format is parsed and run as template, list and inspect */
#include "coracle/base/alloc.h"
#include "coracle/format/output.h"

#include <string.h>

#define OUTPUT_MAX ((size_t) 1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char sample[] =
	"[{\"Id\":\"3f2a9c01b7de\",\"Names\":\"web\",\"Name\":\"/web\",\"Size\":12,\"Perc\":0.05,"
	"\"State\":{\"Status\":\"running\",\"Running\":true,\"ExitCode\":0},"
	"\"Config\":{\"Env\":[\"A=1\",\"B=2\"],\"Labels\":{\"b\":\"2\",\"a.x\":\"1\"},\"Cmd\":null},"
	"\"Mounts\":[{\"Source\":\"/a\",\"Destination\":\"/b\",\"RW\":true}],"
	"\"NetworkSettings\":{\"Ports\":{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"8080\"}],"
	"\"81/tcp\":null},\"Networks\":{\"n\":{\"IPAddress\":\"10.0.0.2\"}}},"
	"\"Labels\":\"a=1,b=2\"}]";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *format = xstrndup((const char *) data, size);
	AUTO_TEXT struct text list = TEXT_INIT(OUTPUT_MAX);
	AUTO_TEXT struct text object = TEXT_INIT(OUTPUT_MAX);
	struct error err = {0};
	AUTO_JSON json_t *rows = json_parse(sample, strlen(sample), &err);
	struct output_list request = {.rows = rows, .format = format, .table = "table {{.ID}}"};

	if (!rows)
		abort();
	/* refused or not is all the same: it must not crash, hang or leak */
	(void) !output_list_text(&request, &list, &err);
	(void) !output_object_text(rows, format, NULL, &object, &err);
	return 0;
}
