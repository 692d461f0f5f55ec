/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_template.c - templates print what Go's text/template prints, and fail where it fails */
#include "coracle/format/template.h"

#include <check.h>
#include <string.h>

#include "suite.h"

static const char sample[] =
	"{\"Id\":\"3f2a\",\"Name\":\"web\",\"Size\":1234,\"Perc\":0.1,\"Big\":1234567.0,"
	"\"State\":{\"Status\":\"running\",\"Running\":true,\"ExitCode\":0,\"Error\":\"\"},"
	"\"Config\":{\"Env\":[\"A=1\",\"B=2\"],\"Labels\":{\"b\":\"2\",\"a.x\":\"1\"},\"Cmd\":null,"
	"\"Tty\":false},"
	"\"Mounts\":[{\"Source\":\"/a\",\"Destination\":\"/b\",\"RW\":true},"
	"{\"Source\":\"/c\",\"Destination\":\"/d\",\"RW\":false}],"
	"\"HostConfig\":{\"LogConfig\":{\"Type\":\"x\",\"Config\":{\"k\":\"v\"}},\"Tmpfs\":null},"
	"\"NetworkSettings\":{\"Ports\":{\"80/tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"8080\"}],"
	"\"443/tcp\":null},\"Networks\":{\"n\":{\"IPAddress\":\"10.0.0.2\"},"
	"\"a\":{\"IPAddress\":\"10.0.1.2\"}}},"
	"\"IPAM\":{\"Config\":[{\"Subnet\":\"172.18.0.0/16\",\"Gateway\":\"172.18.0.1\"}]},"
	"\"host\":{\"graphRoot\":\"/r\",\"ociRuntime\":{\"name\":\"crun\"},\"dns_enabled\":true},"
	"\"Image\":\"img\",\"Nothing\":null,\"Text\":\"a\\\"b\\u00e9\"}";

static const struct {
	const char *template, *expected;
} good[] = {
	{"", ""},
	{"plain } }} text", "plain } }} text"},
	{"{{.Name}}-{{ .Size }}", "web-1234"},
	{"{{.ID}} {{.Id}} {{.ImageID}}", "3f2a 3f2a img"},
	{"{{(index .Mounts 0).Src}} {{(index .Mounts 1).Dst}}", "/a /d"},
	{"{{.State.Status}} {{.State.Running}} {{.State.ExitCode}}", "running true 0"},
	{"{{.Host.GraphRoot}} {{.Host.OCIRuntime.Name}} {{.Host.DNSEnabled}}", "/r crun true"},
	/* Go's %v */
	{"{{.Perc}} {{.Big}} {{.Config.Tty}} {{.Nothing}}", "0.1 1.234567e+06 false <no value>"},
	{"{{.Config.Env}} {{.Config.Labels}}", "[A=1 B=2] map[a.x:1 b:2]"},
	{"{{.Mounts}} {{.State}}", "[{/a /b true} {/c /d false}] {running true 0 }"},
	{"{{.IPAM.Config}}", "[{172.18.0.0/16 172.18.0.1}]"},
	{"{{.HostConfig.LogConfig.Config}}", "map[k:v]"},
	{"{{.NetworkSettings.Ports}}", "map[443/tcp:[] 80/tcp:[{0.0.0.0 8080}]]"},
	{"{{.Config.Cmd}} {{.HostConfig.Tmpfs}}", "[] map[]"},
	{"{{1e20}} {{1e21}} {{0.00001}} {{100000.0}} {{1000000.0}} {{5.0}}",
	 "1e+20 1e+21 1e-05 100000 1e+06 5"},
	/* what is missing */
	{"{{.Config.Labels.zz}}|{{index .Config.Labels \"zz\"}}|", "<no value>||"},
	{"{{.NetworkSettings.Networks.zz.IPAddress}}", "<no value>"},
	{"{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "none"},
	{"{{.State.Health}} {{with .State.Health}}y{{else}}n{{end}}", "<nil> n"},
	{"{{index .NetworkSettings.Ports \"443/tcp\"}} {{index .NetworkSettings.Ports \"1/tcp\"}}",
	 "[] []"},
	{"{{json .Config.Labels.zz}} {{print .Config.Labels.zz}}", "null <nil>"},
	/* index, len, slice */
	{"{{index .Config.Labels \"a.x\"}} {{index .Config.Env 1}}", "1 B=2"},
	{"{{(index (index .NetworkSettings.Ports \"80/tcp\") 0).HostPort}}", "8080"},
	{"{{index .NetworkSettings.Ports \"80/tcp\" 0 \"HostPort\"}}", "8080"},
	{"{{len .Name}} {{len .Config.Env}} {{len .Config.Labels}} {{len .Config.Cmd}}", "3 2 2 0"},
	{"{{slice .Name 1}} {{slice .Name 0 2}} {{slice .Config.Env 1}}", "eb we [B=2]"},
	/* range */
	{"{{range .Mounts}}{{.Source}}:{{.Destination}}{{println}}{{end}}", "/a:/b\n/c:/d\n"},
	{"{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}} {{end}}",
	 "a=10.0.1.2 n=10.0.0.2 "},
	{"{{range $i, $e := .Config.Env}}{{$i}}{{$e}}{{end}}{{range $e := .Config.Env}}{{$e}}{{end}}",
	 "0A=11B=2A=1B=2"},
	{"{{range .Config.Cmd}}x{{else}}none{{end}}", "none"},
	{"{{range .Config.Env}}{{if eq . \"A=1\"}}{{continue}}{{end}}{{.}}{{$.Name}}{{end}}",
	 "B=2web"},
	{"{{range .Config.Env}}{{.}}{{break}}{{end}}", "A=1"},
	{"{{range .Mounts}}{{range $.Config.Env}}{{break}}{{end}}{{.Source}}{{end}}", "/a/c"},
	/* if, with, variables */
	{"{{if 0}}a{{else if \"\"}}b{{else if .Name}}c{{else}}d{{end}}", "c"},
	{"{{if .Config}}struct{{end}}{{if .Config.Cmd}}list{{end}}", "struct"},
	{"{{with .Config}}{{index .Env 0}}{{end}}{{with $x := .Name}}{{$x}}{{.}}{{end}}", "A=1webweb"},
	{"{{with \"\"}}a{{else with .Name}}{{.}}{{end}}", "web"},
	{"{{$x := 1}}{{if true}}{{$x := 2}}{{$x}}{{end}}{{$x}}{{$x = 3}}{{$x}}", "213"},
	{"{{$x := .Name}}{{$x := print $x $x}}{{$x}}", "webweb"},
	{"{{$.State.Status}}{{$s := .State}}{{$s.Status}}", "runningrunning"},
	/* logic */
	{"{{eq .Name \"a\" \"web\"}} {{eq 1 1}} {{ne .Size 5}} {{eq .Config.Tty false}}",
	 "true true true true"},
	{"{{lt 1 2}} {{le 2 2}} {{gt 1 2}} {{ge \"b\" \"a\"}} {{eq nil 1}} {{eq .Nothing nil}}",
	 "true true false true false true"},
	{"{{and 1 0 2}} {{or 0 \"\" \"x\"}} {{not 0}} {{or 0 \"\"}}|", "0 x true |"},
	{"{{or 1 (index .Config.Env 9)}} {{and 0 (index .Config.Env 9)}}", "1 0"},
	{"{{1 | or 0}} {{0 | and 1}}", "1 0"},
	/* printing */
	{"{{printf \"%s %q %d %v %+v %t %x\" .Name .Text .Size .Config.Env .State .Config.Tty \"hi\"}}",
	 "web \"a\\\"bé\" 1234 [A=1 B=2] {Status:running Running:true ExitCode:0 Error:} false 6869"},
	{"{{printf \"%-6s|%6s|%5.2f|%06d|%+d|%X|%%|%.2s\" \"ab\" \"cd\" 3.14159 -42 5 255 \"xyz\"}}",
	 "ab    |    cd| 3.14|-00042|+5|FF|%|xy"},
	{"{{printf \"%d %s\" 1}}|{{printf \"%d\" 1 2}}|{{printf \"%d\" \"x\"}}|{{printf \"%z\" 1}}|"
	 "{{printf \"%\"}}",
	 "1 %!s(MISSING)|1%!(EXTRA int=2)|%!d(string=x)|%!z(int=1)|%!(NOVERB)"},
	{"{{printf \"%08.3f|%6d|%-6d|%c|%U|%o|%b|%q|%T|%*d\" 3.14159 42 42 65 65 8 5 65 5 4 7}}",
	 "0003.142|    42|42    |A|U+0041|10|101|'A'|int|   7"},
	{"{{printf \"%v %g %f %e %.3g %G\" 1e6 1e6 1e6 1e6 1234.5 1e-7}}",
	 "1e+06 1e+06 1000000.000000 1.000000e+06 1.23e+03 1E-07"},
	{"{{printf \"%6v|%q|%s|%d\" .Config.Env .Config.Env nil .Config.Env}}",
	 "[   A=1    B=2]|[\"A=1\" \"B=2\"]|%!s(<nil>)|[%!d(string=A=1) %!d(string=B=2)]"},
	{"{{print 1 2 \"a\" \"b\" 3}} {{print true false nil}} {{println 1 \"a\"}}",
	 "1 2ab3 true false <nil> 1 a\n"},
	{"{{1 | printf \"%d-%d\" 2}} {{.Name | printf \"%s\" | len}}", "2-1 3"},
	{"{{json .Config}} {{.Perc | json}} {{json .Mounts}}",
	 "{\"Env\":[\"A=1\",\"B=2\"],\"Labels\":{\"a.x\":\"1\",\"b\":\"2\"},\"Cmd\":null,\"Tty\":false}"
	 " 0.1 [{\"Source\":\"/a\",\"Destination\":\"/b\",\"RW\":true},"
	 "{\"Source\":\"/c\",\"Destination\":\"/d\",\"RW\":false}]"},
	{"{{json \"a<b>&\\u2028\\x01\\n\"}} {{json 1e21}} {{json 1e20}} {{json nil}} {{json 0.0000001}}",
	 "\"a<b>&\\u2028\\u0001\\n\" 1e+21 100000000000000000000 null 1e-7"},
	/* docker's functions */
	{"{{split \"a,b\" \",\"}} {{join .Config.Env \"+\"}} {{join .Config.Labels \"-\"}}",
	 "[a b] A=1+B=2 1-2"},
	{"{{lower \"aB\"}} {{upper \"aB\"}} {{title \"hello wor_ld x\"}}", "ab AB Hello Wor_ld X"},
	{"{{pad \"a\" 1 2}}|{{pad \"\" 1 2}}|{{truncate \"abcdef\" 3}} {{truncate \"ab\" 3}}",
	 " a  ||abc ab"},
	{"{{.Config.Label \"b\"}}|{{.Config.Label \"none\"}}|{{printf \"%s\" (.Config.Label \"a.x\")}}",
	 "2||1"},
	/* syntax */
	{"a {{- .Name -}} \n b {{/* c */}}x{{- /* c */ -}} y", "awebb xy"},
	{"{{- 3}}{{-3}} {{\"\\t\\x41\\u00e9\\101\"}} {{`raw \\n`}}", "3-3 \tAéA raw \\n"},
	{"{{'a'}} {{0x10}} {{1_000}} {{.5}} {{+3}} {{07}} {{1e3}} {{0b11}} {{true}}",
	 "97 16 1000 0.5 3 7 1000 3 true"},
	{"{{ \n .Name \n }}{{(((.Name)))}}{{\"}}\"}}", "webweb}}"},
	{"{{((.State).Status)}} {{len (print .Name \"x\")}}", "running 4"},
};

START_TEST(prints_as_go_does)
{
	struct error err = {0};
	AUTO_TEXT struct text out = TEXT_INIT(10000);
	AUTO_JSON json_t *data = json_parse(sample, strlen(sample), &err);
	AUTO_TEMPLATE struct template *template = template_parse(good[_i].template, &err);

	ck_assert_ptr_nonnull(data);
	ck_assert_msg(template != NULL, "%s: %s", good[_i].template, err.text);
	ck_assert_msg(template_run(template, data, NULL, &out, &err) == 0, "%s: %s",
	              good[_i].template, err.text);
	ck_assert_str_eq(text_string(&out), good[_i].expected);
}
END_TEST

static const struct {
	const char *template, *message;
} unparsable[] = {
	{"{{.Name", ":1:7: unclosed action"},
	{"{{", ":1:2: unclosed action"},
	{"a\n{{.Networks.my-net}}", ":2:14: bad character U+002D '-'"},
	{"{{.Name-}}", ":1:7: bad character U+002D '-'"},
	{"{{nosuch}}", ":1:2: function \"nosuch\" not defined"},
	{"{{$x}}", ":1:2: undefined variable \"$x\""},
	{"{{range $k, $v := .A}}{{end}}{{$k}}", ":1:31: undefined variable \"$k\""},
	{"{{\"abc}}", ":1:2: unterminated quoted string"},
	{"{{`abc}}", ":1:2: unterminated raw quoted string"},
	{"{{end}}", ":1:5: unexpected {{end}}"},
	{"{{else}}", ":1:2: unexpected {{else}}"},
	{"{{if true}}", ":1:11: unexpected EOF"},
	{"{{if}}{{end}}", ":1:4: missing value for if"},
	{"{{}}", ":1:2: missing value for command"},
	{"{{.Name | }}", ":1:10: missing value for command"},
	{"{{break}}", ":1:2: {{break}} outside {{range}}"},
	{"{{nil}}", ":1:2: nil is not a command"},
	{"{{1 | 2}}", ":1:6: non executable command in pipeline"},
	{"{{true.X}}", ":1:6: unexpected . after term \"true\""},
	{"{{.A..B}}", ":1:4: unexpected <.> in operand"},
	{"{{(.A}}", ":1:5: unexpected end of the action in operand"},
	{"{{.A)}}", ":1:4: unexpected <)> in operand"},
	{"{{template \"x\"}}", ":1:2: {{template}} is not supported"},
	{"{{9223372036854775808}}", ":1:2: bad number syntax: \"9223372036854775808\""},
	{"{{1.2.3}}", ":1:2: bad number syntax: \"1.2.3\""},
	{"{{\"\\z\"}}", ":1:2: invalid escape in a string"},
	{"{{if 1}}a{{else}}b{{else}}c{{end}}", ":1:20: expected end; found {{else}}"},
	{"{{/* x", ":1:2: unclosed comment"},
	{"{{/* x */ }}", ":1:2: comment ends before closing delimiter"},
};

START_TEST(refuses_what_is_no_template)
{
	struct error err = {0};
	AUTO_TEMPLATE struct template *template = template_parse(unparsable[_i].template, &err);
	static const char prefix[] = "template parsing error: template: ";

	ck_assert_msg(template == NULL, "%s", unparsable[_i].template);
	ck_assert_int_eq(err.kind, ERROR_INVALID);
	ck_assert_int_eq(strncmp(err.text, prefix, strlen(prefix)), 0);
	ck_assert_str_eq(err.text + strlen(prefix), unparsable[_i].message);
}
END_TEST

static const struct {
	const char *template, *message;
} failing[] = {
	{"{{.Bad}}",
	 ":1:2: executing \"\" at <.Bad>: can't evaluate field Bad in type struct"},
	{"{{.State.Bad}}",
	 ":1:8: executing \"\" at <.State.Bad>: can't evaluate field Bad in type struct"},
	{"{{.state.status}}",
	 ":1:2: executing \"\" at <.state.status>: can't evaluate field state in type struct"},
	{"{{.Name.X}}",
	 ":1:7: executing \"\" at <.Name.X>: can't evaluate field X in type string"},
	{"{{.State.Health.Status}}",
	 ":1:15: executing \"\" at <.State.Health.Status>: nil pointer evaluating interface {}.Status"},
	{"{{index .Config.Env 2}}",
	 ":1:2: executing \"\" at <index .Config.Env 2>: error calling index: index out of range: 2"},
	{"{{index .Config.Env \"a\"}}",
	 ":1:2: executing \"\" at <index .Config.Env \"a\">: error calling index: "
	 "cannot index slice/array with type string"},
	{"{{(index (index .NetworkSettings.Ports \"1/tcp\") 0).HostPort}}",
	 ":1:3: executing \"\" at <index (index .NetworkSettings.Ports \"1/tcp\") 0>: error calling "
	 "index: index out of range: 0"},
	{"{{(index .NetworkSettings.Networks \"zz\").IPAddress}}",
	 ":1:40: executing \"\" at <(index .NetworkSettings.Networks \"zz\").IPAddress>: nil pointer "
	 "evaluating interface {}.IPAddress"},
	{"{{index nil 0}}",
	 ":1:2: executing \"\" at <index nil 0>: error calling index: index of untyped nil"},
	{"{{len 3}}", ":1:2: executing \"\" at <len 3>: error calling len: len of type int"},
	{"{{eq 1 \"a\"}}",
	 ":1:2: executing \"\" at <eq 1 \"a\">: error calling eq: incompatible types for comparison"},
	{"{{\"a\" \"b\"}}",
	 ":1:2: executing \"\" at <\"a\">: can't give argument to non-function \"a\""},
	{"{{range .Size}}{{end}}",
	 ":1:8: executing \"\" at <.Size>: range can't iterate over a int"},
	{"{{slice \"abc\" 5}}",
	 ":1:2: executing \"\" at <slice \"abc\" 5>: error calling slice: index out of range: 5"},
	{"{{len}}",
	 ":1:2: executing \"\" at <len>: wrong number of args for len: want 1 got 0"},
	{"{{$x := print \"aaaaaaaaaaaaaaaa\"}}{{range .Config.Env}}{{range $.Config.Env}}"
	 "{{$x = print $x $x $x $x $x $x $x $x}}{{$x = print $x $x $x $x $x $x $x $x}}"
	 "{{end}}{{end}}",
	 NULL},
};

START_TEST(fails_where_go_fails)
{
	struct error err = {0};
	AUTO_TEXT struct text out = TEXT_INIT(10000);
	AUTO_JSON json_t *data = json_parse(sample, strlen(sample), &err);
	AUTO_TEMPLATE struct template *template = template_parse(failing[_i].template, &err);
	static const char prefix[] = "template parsing error: template: ";

	ck_assert_msg(template != NULL, "%s", err.text);
	ck_assert_int_eq(template_run(template, data, NULL, &out, &err), -EINVAL);
	ck_assert_int_eq(strncmp(err.text, prefix, strlen(prefix)), 0);
	if (failing[_i].message)
		ck_assert_str_eq(err.text + strlen(prefix), failing[_i].message);
}
END_TEST

START_TEST(label_reads_dockers_string_too)
{
	struct error err = {0};
	AUTO_TEXT struct text out = TEXT_INIT(100);
	AUTO_JSON json_t *data = json_pack("{s:s}", "Labels", "ab=0,a=1,b=x=y");
	AUTO_TEMPLATE struct template *template =
		template_parse("{{.Label \"a\"}} {{.Label \"b\"}} {{.Label \"c\"}}|", &err);

	ck_assert_int_eq(template_run(template, data, NULL, &out, &err), 0);
	ck_assert_str_eq(text_string(&out), "1 x=y |");
}
END_TEST

START_TEST(kinds_of_the_caller_decide_what_is_a_map)
{
	static const struct template_kind rows[] = {
		{.name = "Extra", .type = TEMPLATE_MAP, .items = TEMPLATE_TEXT}};
	static const struct template_kinds kinds = {rows, ARRAY_LEN(rows)};
	struct error err = {0};
	AUTO_TEXT struct text out = TEXT_INIT(100);
	AUTO_JSON json_t *data = json_pack("{s:{s:s}}", "Extra", "k", "v");
	AUTO_TEMPLATE struct template *template = template_parse("{{.Extra}}{{.Extra.no}}", &err);

	ck_assert_int_eq(template_run(template, data, &kinds, &out, &err), 0);
	ck_assert_str_eq(text_string(&out), "map[k:v]<no value>");
	ck_assert_int_eq(template_run(template, data, NULL, &out, &err), -EINVAL);
}
END_TEST

static const struct {
	const char *piece, *middle, *end;
	int count;
	bool parses;
} deep[] = {
	{"{{if 1}}", "x", "{{end}}", TEMPLATE_DEPTH_MAX, true},
	{"{{if 1}}", "x", "{{end}}", TEMPLATE_DEPTH_MAX + 1, false},
	{"{{if 1}}", "x", "{{end}}", 10000, false},
};

START_TEST(bounds_nesting)
{
	struct error err = {0};
	AUTO_TEXT struct text text = TEXT_INIT(1 << 20);
	AUTO_TEXT struct text out = TEXT_INIT(100);
	AUTO_TEMPLATE struct template *template = NULL;
	AUTO_JSON json_t *data = json_null();

	for (int i = 0; i < deep[_i].count; i++)
		(void) text_add(&text, deep[_i].piece);
	(void) text_add(&text, deep[_i].middle);
	for (int i = 0; i < deep[_i].count; i++)
		(void) text_add(&text, deep[_i].end);
	template = template_parse(text_string(&text), &err);
	ck_assert_int_eq(template != NULL, deep[_i].parses);
	if (template) {
		ck_assert_int_eq(template_run(template, data, NULL, &out, &err), 0);
		ck_assert_str_eq(text_string(&out), "x");
	}
}
END_TEST

START_TEST(bounds_parentheses)
{
	struct error err = {0};
	AUTO_TEXT struct text text = TEXT_INIT(1 << 20);

	(void) text_add(&text, "{{");
	for (int i = 0; i < 5000; i++)
		(void) text_add_char(&text, '(');
	ck_assert_ptr_null(template_parse(text_string(&text), &err));
}
END_TEST

START_TEST(bounds_steps_and_output)
{
	static const char *const templates[] = {
		/* 10 to the 9th turns that print nothing */
		"{{range .L}}{{range $.L}}{{range $.L}}{{range $.L}}{{range $.L}}{{range $.L}}"
		"{{range $.L}}{{range $.L}}{{range $.L}}{{end}}{{end}}{{end}}{{end}}{{end}}{{end}}"
		"{{end}}{{end}}{{end}}",
		"{{range .L}}{{range $.L}}0123456789{{end}}{{end}}",
		"{{printf \"%10000s\" \"x\"}}",
	};
	struct error err = {0};
	AUTO_TEXT struct text out = TEXT_INIT(100);
	AUTO_JSON json_t *data = json_pack("{s:[i,i,i,i,i,i,i,i,i,i]}", "L", 0, 1, 2, 3, 4, 5, 6, 7,
	                                   8, 9);
	AUTO_TEMPLATE struct template *template = template_parse(templates[_i], &err);

	ck_assert_ptr_nonnull(template);
	ck_assert_int_eq(template_run(template, data, NULL, &out, &err), -EINVAL);
	ck_assert_uint_le(out.length, 100);
}
END_TEST

START_TEST(values_too_deep_are_an_error)
{
	struct error err = {0};
	AUTO_TEXT struct text out = TEXT_INIT(100000);
	AUTO_JSON json_t *data = json_array();
	AUTO_TEMPLATE struct template *template = template_parse("{{.}}", &err);

	for (int i = 0; i < 2 * TEMPLATE_DEPTH_MAX; i++)
		data = json_pack("[o]", data);
	ck_assert_int_eq(template_run(template, data, NULL, &out, &err), -EINVAL);
	ck_assert_int_eq(template_json(data, NULL, 4, &out), -E2BIG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("template");
	TCase *tcase = tcase_create("template");

	tcase_add_loop_test(tcase, prints_as_go_does, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, refuses_what_is_no_template, 0, ARRAY_LEN(unparsable));
	tcase_add_loop_test(tcase, fails_where_go_fails, 0, ARRAY_LEN(failing));
	tcase_add_test(tcase, label_reads_dockers_string_too);
	tcase_add_test(tcase, kinds_of_the_caller_decide_what_is_a_map);
	tcase_add_loop_test(tcase, bounds_nesting, 0, ARRAY_LEN(deep));
	tcase_add_test(tcase, bounds_parentheses);
	tcase_add_loop_test(tcase, bounds_steps_and_output, 0, 3);
	tcase_add_test(tcase, values_too_deep_are_an_error);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
