/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_parse_mount.c - -v, --mount and --tmpfs are read as docker and podman read them, or refused */
#include "coracle/base/alloc.h"
#include "coracle/base/text.h"
#include "coracle/parse/parse.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "suite.h"

#define CWD "/home/me"

struct good {
	const char *text, *is;
};

struct bad {
	const char *text, *why; /* why: what the message must hold */
};

/* All members in one line: type source target [options] and the flags that are set. */
static char *describe(const struct record_mount *mount)
{
	AUTO_TEXT struct text text = TEXT_INIT(65536);
	AUTO_FREE char *options = texts_join(&mount->options, ",");

	ck_assert_int_eq(text_printf(&text, "%s '%s' %s [%s]", mount->type, mount->source,
	                             mount->target, options), 0);
	ck_assert_int_eq(text_printf(&text, "%s%s%s%s%s%s", mount->read_only ? " ro" : "",
	                             mount->chown ? " chown" : "",
	                             mount->anonymous ? " anonymous" : "",
	                             mount->copy_up ? " copy" : "",
	                             mount->from_image ? " image" : "",
	                             mount->make_source ? " make" : ""), 0);
	if (mount->subpath)
		ck_assert_int_eq(text_printf(&text, " sub=%s", mount->subpath), 0);
	return text_take(&text);
}

enum parser { VOLUME, MOUNT, TMPFS };

static int parse(enum parser parser, const char *text, struct record_mount *out, struct error *err)
{
	switch (parser) {
	case VOLUME:
		return parse_volume(text, CWD, out, err);
	case MOUNT:
		return parse_mount(text, CWD, out, err);
	case TMPFS:
		break;
	}
	return parse_tmpfs(text, out, err);
}

static void check_good(enum parser parser, const struct good *row)
{
	struct record_mount mount = {0};
	struct error err = {0};
	int r = parse(parser, row->text, &mount, &err);
	AUTO_FREE char *is = NULL;

	ck_assert_msg(r == 0, "%s: %s", row->text, err.text);
	is = describe(&mount);
	ck_assert_msg(strcmp(is, row->is) == 0, "%s: is \"%s\", not \"%s\"", row->text, is, row->is);
	fields_done(record_mount_fields, &mount);
}

static void check_bad(enum parser parser, const struct bad *row, const char *example)
{
	struct record_mount mount, before;
	struct error err = {0};
	int r;

	(void) memset(&mount, 0x5a, sizeof mount);
	before = mount;
	r = parse(parser, row->text, &mount, &err);
	ck_assert_msg(r < 0, "%s: is accepted", row->text);
	ck_assert_int_eq(memcmp(&mount, &before, sizeof mount), 0);
	ck_assert_msg(strstr(err.text, row->why) != NULL, "%s: \"%s\" lacks \"%s\"", row->text,
	              err.text, row->why);
	ck_assert_msg(strstr(err.text, example) != NULL, "%s: no example in \"%s\"", row->text,
	              err.text);
	ck_assert_ptr_null(strchr(err.text, '\n'));
}

static const struct good volumes[] = {
	{"/data", "volume '' /data [] anonymous copy"},
	{"/data/", "volume '' /data [] anonymous copy"},
	{"/a//b/../c", "volume '' /a/c [] anonymous copy"},
	{"web:/data", "volume 'web' /data [] copy"},
	{"web:/data:ro", "volume 'web' /data [] ro copy"},
	{"web:/data:nocopy", "volume 'web' /data []"},
	{"web:/data:copy,U", "volume 'web' /data [] chown copy"},
	{"0.a_b-C:/data", "volume '0.a_b-C' /data [] copy"},
	{"/src:/dst", "bind '/src' /dst [] make"},
	{"/src/:/dst/", "bind '/src' /dst [] make"},
	{"/:/host:ro", "bind '/' /host [] ro make"},
	{"/src:/dst:rw", "bind '/src' /dst [] make"},
	{"/src:/dst:z", "bind '/src' /dst [] make"},
	{"/src:/dst:Z,ro", "bind '/src' /dst [] ro make"},
	{"/src:/dst:U", "bind '/src' /dst [] chown make"},
	{"/src:/dst:rslave", "bind '/src' /dst [rslave] make"},
	{"/src:/dst:ro,rshared,nosuid,nodev,noexec",
	 "bind '/src' /dst [rshared,nosuid,nodev,noexec] ro make"},
	{"/src:/dst:suid,dev,exec", "bind '/src' /dst [suid,dev,exec] make"},
	{"/src:/dst:bind", "bind '/src' /dst [bind] make"},
	{"/src:/dst:rbind,private", "bind '/src' /dst [rbind,private] make"},
	{"/src:/dst:cached", "bind '/src' /dst [] make"},
	{"/src:/dst:delegated,ro", "bind '/src' /dst [] ro make"},
	{".:/app", "bind '/home/me' /app [] make"},
	{"./:/app", "bind '/home/me' /app [] make"},
	{"./data:/app", "bind '/home/me/data' /app [] make"},
	{"../other:/app", "bind '/home/other' /app [] make"},
	{"..:/app", "bind '/home' /app [] make"},
	{"../../../..:/app", "bind '/' /app [] make"},
	{".hidden:/app", "bind '/home/me/.hidden' /app [] make"},
	{"/with blank:/dst", "bind '/with blank' /dst [] make"},
	{"/caf\xc3\xa9:/dst", "bind '/caf\xc3\xa9' /dst [] make"},
	{"/a,b:/dst", "bind '/a,b' /dst [] make"},
	{"/a=b:/dst", "bind '/a=b' /dst [] make"},
};

static const struct bad bad_volumes[] = {
	{"", "it is empty"},
	{":", "the source is empty"},
	{"::", "the source is empty"},
	{":/data", "the source is empty"},
	{"/data:", "does not begin with \"/\""},
	{"/data:ro", "\"ro\", does not begin with \"/\""},
	{"data", "\"data\", does not begin with \"/\""},
	{"web:data", "\"data\", does not begin with \"/\""},
	{"/", "root itself"},
	{"/src:/", "root itself"},
	{"/src:/..", "root itself"},
	{"/src:/a/../", "root itself"},
	{"a/b:/data", "is not a volume's name"},
	{"~/x:/data", "is not a volume's name"},
	{"-x:/data", "is not a volume's name"},
	{"a b:/data", "is not a volume's name"},
	{"/a:/b:ro:rw", "more than two colons"},
	{"/a:/b:", "\"\" is not an option"},
	{"/a:/b:ro,", "\"\" is not an option"},
	{"/a:/b:RO", "\"RO\" is not an option"},
	{"/a:/b:readonly", "\"readonly\" is not an option"},
	{"/a:/b:ro,rw", "\"ro\" and \"rw\" exclude each other"},
	{"/a:/b:ro,ro", "\"ro\" is given twice"},
	{"/a:/b:z,Z", "\"z\" and \"Z\" exclude each other"},
	{"/a:/b:exec,noexec", "exclude each other"},
	{"/a:/b:suid,nosuid", "exclude each other"},
	{"/a:/b:dev,nodev", "exclude each other"},
	{"/a:/b:bind,rbind", "exclude each other"},
	{"/a:/b:slave,rslave", "exclude each other"},
	{"/a:/b:nocopy", "\"nocopy\" has no meaning for a bind mount"},
	{"v:/b:tmpcopyup", "\"tmpcopyup\" has no meaning for a volume mount"},
	{"/a:/b:O", "needs an overlay"},
	{"/a:/b:idmap", "privileges"},
	{"/a:/b:size=1m", "\"size=\" is not an option of a bind mount"},
	{"/a:/b:upperdir=/x", "\"upperdir=\" is not an option of a bind mount"},
	{"/a\xff:/b", "not UTF-8"},
};

static const struct good mounts[] = {
	{"type=bind,source=/a,target=/b", "bind '/a' /b []"},
	{"type=bind,src=/a,dst=/b", "bind '/a' /b []"},
	{"target=/b,source=/a,type=bind", "bind '/a' /b []"},
	{"type=bind,src=/a,destination=/b,readonly", "bind '/a' /b [] ro"},
	{"type=bind,src=/a,dst=/b,ro", "bind '/a' /b [] ro"},
	{"type=bind,src=/a,dst=/b,ro=true", "bind '/a' /b [] ro"},
	{"type=bind,src=/a,dst=/b,readonly=1", "bind '/a' /b [] ro"},
	{"type=bind,src=/a,dst=/b,ro=false", "bind '/a' /b []"},
	{"type=bind,src=/a,dst=/b,rw", "bind '/a' /b []"},
	{"type=bind,src=/a,dst=/b,rw=false", "bind '/a' /b [] ro"},
	{"type=bind,src=/a,dst=/b,readwrite", "bind '/a' /b []"},
	{"TYPE=bind,SRC=/a,DST=/b,ReadOnly", "bind '/a' /b [] ro"},
	{"type=bind,src=./a,dst=/b", "bind '/home/me/a' /b []"},
	{"type=bind,src=a,dst=/b", "bind '/home/me/a' /b []"},
	{"type=bind,src=.,dst=/b/", "bind '/home/me' /b []"},
	{"type=bind,src=/a:b,dst=/c:d", "bind '/a:b' /c:d []"},
	{"type=bind,src=/a=b,dst=/c", "bind '/a=b' /c []"},
	{"type=bind,\"src=/a,b\",dst=/c", "bind '/a,b' /c []"},
	{"type=bind,\"src=/a\"\"b\",dst=/c", "bind '/a\"b' /c []"},
	{"\"type=bind\",\"src=/a\",\"dst=/c\"", "bind '/a' /c []"},
	{"type=bind,src=/a,dst=/b,bind-propagation=rslave", "bind '/a' /b [rslave]"},
	{"type=bind,src=/a,dst=/b,bind-propagation=shared", "bind '/a' /b [shared]"},
	{"type=bind,src=/a,dst=/b,bind-nonrecursive", "bind '/a' /b [bind]"},
	{"type=bind,src=/a,dst=/b,bind-nonrecursive=false", "bind '/a' /b [rbind]"},
	{"type=bind,src=/a,dst=/b,nosuid,nodev,noexec", "bind '/a' /b [nosuid,nodev,noexec]"},
	{"type=bind,src=/a,dst=/b,U", "bind '/a' /b [] chown"},
	{"type=bind,src=/a,dst=/b,U=true", "bind '/a' /b [] chown"},
	{"type=bind,src=/a,dst=/b,chown=true", "bind '/a' /b [] chown"},
	{"type=bind,src=/a,dst=/b,chown=false", "bind '/a' /b []"},
	{"type=bind,src=/a,dst=/b,relabel=shared", "bind '/a' /b []"},
	{"type=bind,src=/a,dst=/b,relabel=private", "bind '/a' /b []"},
	{"type=bind,src=/a,dst=/b,consistency=cached", "bind '/a' /b []"},
	{"type=bind,src=/a,dst=/b,idmap=false", "bind '/a' /b []"},
	{"target=/b", "volume '' /b [] anonymous copy"},
	{"type=volume,target=/b", "volume '' /b [] anonymous copy"},
	{"type=volume,source=,target=/b", "volume '' /b [] anonymous copy"},
	{"source=web,target=/b", "volume 'web' /b [] copy"},
	{"type=volume,src=web,dst=/b,ro", "volume 'web' /b [] ro copy"},
	{"type=volume,src=web,dst=/b,volume-nocopy", "volume 'web' /b []"},
	{"type=volume,src=web,dst=/b,volume-nocopy=false", "volume 'web' /b [] copy"},
	{"type=volume,src=web,dst=/b,volume-subpath=x/y", "volume 'web' /b [] copy sub=x/y"},
	{"type=volume,src=web,dst=/b,subpath=..x", "volume 'web' /b [] copy sub=..x"},
	{"type=volume,src=web,dst=/b,volume-driver=local", "volume 'web' /b [] copy"},
	{"type=tmpfs,dst=/t", "tmpfs '' /t [] copy"},
	{"type=tmpfs,dst=/t,tmpfs-size=64m", "tmpfs '' /t [size=67108864] copy"},
	{"type=tmpfs,dst=/t,tmpfs-size=1024,tmpfs-mode=1777", "tmpfs '' /t [size=1024,mode=1777] copy"},
	{"type=tmpfs,dst=/t,tmpfs-mode=0700,ro", "tmpfs '' /t [mode=700] ro copy"},
	{"type=tmpfs,dst=/t,notmpcopyup", "tmpfs '' /t []"},
	{"type=tmpfs,dst=/t,tmpcopyup,U=true", "tmpfs '' /t [] chown copy"},
	{"type=tmpfs,dst=/t,noexec", "tmpfs '' /t [noexec] copy"},
	{"type=devpts,dst=/dev/pts", "devpts '' /dev/pts []"},
	{"type=devpts,dst=/d,uid=5,gid=6,mode=620", "devpts '' /d [uid=5,gid=6,mode=620]"},
};

static const struct bad bad_mounts[] = {
	{"", "it is empty"},
	{",", "\"\" is not a key"},
	{"type=bind", "it has no target="},
	{"type=bind,target=/b", "needs source="},
	{"type=bind,source=,target=/b", "the source is empty"},
	{"source=/a", "is not a volume's name"},
	{"type=bind,source=/a,target=b", "\"b\", does not begin with \"/\""},
	{"type=bind,source=/a,target=/", "root itself"},
	{"type=bind,source=/a,target=", "does not begin with \"/\""},
	{"type=bind,source=/a,target", "\"target\" needs a value"},
	{"type=bind,source,target=/b", "\"source\" needs a value"},
	{"type,source=/a,target=/b", "\"type\" needs a value"},
	{"type=bind,type=bind,source=/a,target=/b", "\"type\" is given twice"},
	{"type=bind,source=/a,src=/c,target=/b", "the source is given twice"},
	{"type=bind,source=/a,dst=/c,target=/b", "the target is given twice"},
	{"type=Bind,source=/a,target=/b", "the type \"Bind\" is not"},
	{"type=image,source=x,target=/b", "the type \"image\" is not"},
	{"type=npipe,source=x,target=/b", "the type \"npipe\" is not"},
	{"type=bind,source=/a,target=/b,", "\"\" is not a key"},
	{"type=bind,source=/a,target=/b, ro", "\" ro\" is not a key"},
	{"type=bind,source=/a,target=/b,nonsense=1", "\"nonsense\" is not a key"},
	{"type=bind,source=/a,target=/b,ro=yes", "ro=\"yes\" is not true or false"},
	{"type=bind,source=/a,target=/b,ro=", "ro=\"\" is not true or false"},
	{"type=bind,source=/a,target=/b,readonly=maybe", "is not true or false"},
	{"type=bind,source=/a,target=/b,ro,rw", "exclude each other"},
	{"type=bind,source=/a,target=/b,ro,readonly", "\"ro\" is given twice"},
	{"type=bind,source=/a,target=/b,bind-propagation=odd", "is none of: shared rshared"},
	{"type=bind,source=/a,target=/b,bind-propagation=", "is none of: shared rshared"},
	{"type=bind,source=/a,target=/b,bind-propagation=ro", "is none of: shared rshared"},
	{"type=bind,source=/a,target=/b,bind-propagation=shared rshared", "is none of: shared"},
	{"type=bind,source=/a,target=/b,relabel=maybe", "is none of: shared private"},
	{"type=bind,source=/a,target=/b,tmpfs-size=1m", "\"tmpfs-size\" has no meaning for a bind"},
	{"type=bind,source=/a,target=/b,volume-nocopy", "has no meaning for a bind"},
	{"type=bind,source=/a,target=/b,idmap", "privileges"},
	{"type=bind,source=/a,target=/b,idmap=uids=0-1-10", "privileges"},
	{"type=volume,source=a/b,target=/b", "is not a volume's name"},
	{"type=volume,source=/a,target=/b", "is not a volume's name"},
	{"type=volume,source=v,target=/b,bind-propagation=shared", "has no meaning for a volume"},
	{"type=volume,source=v,target=/b,volume-opt=o=ro", "coracle volume create"},
	{"type=volume,source=v,target=/b,volume-label=a=b", "--label"},
	{"type=volume,source=v,target=/b,volume-driver=nfs", "only volume driver"},
	{"type=volume,source=v,target=/b,volume-subpath=../x", "without \"..\""},
	{"type=volume,source=v,target=/b,volume-subpath=x/..", "without \"..\""},
	{"type=volume,source=v,target=/b,volume-subpath=/x", "not a relative one"},
	{"type=volume,source=v,target=/b,volume-subpath=", "not a relative one"},
	{"type=tmpfs,source=/a,target=/b", "\"source\" has no meaning for a tmpfs"},
	{"type=tmpfs,target=/b,tmpfs-size=big", "is not a size"},
	{"type=tmpfs,target=/b,tmpfs-size=-1", "is not a size"},
	{"type=tmpfs,target=/b,tmpfs-size=1m,tmpfs-size=2m", "\"size=\" is given twice"},
	{"type=tmpfs,target=/b,tmpfs-mode=9", "is not an octal mode"},
	{"type=tmpfs,target=/b,tmpfs-mode=17777", "is not an octal mode"},
	{"type=tmpfs,target=/b,size=1m", "\"size\" is not a key"},
	{"type=devpts,target=/b,uid=-1", "is not a number"},
	{"type=devpts,target=/b,gid=4294967295", "is not an id"},
	{"type=bind,\"source=/a,target=/b", "is not closed"},
	{"type=bind,\"source=/a\"x,target=/b", "not followed by a comma"},
	{"type=bind,source=\"/a\",target=/b", "enclose the whole field"},
};

static const struct good tmpfs[] = {
	{"/run", "tmpfs '' /run [] copy"},
	{"/run:", "tmpfs '' /run [] copy"},
	{"/run/", "tmpfs '' /run [] copy"},
	{"/run:rw,size=787448k,mode=1777", "tmpfs '' /run [size=806346752,mode=1777] copy"},
	{"/run:ro", "tmpfs '' /run [] ro copy"},
	{"/run:size=50%", "tmpfs '' /run [size=50%] copy"},
	{"/run:size=1.5g", "tmpfs '' /run [size=1610612736] copy"},
	{"/run:size=64MB", "tmpfs '' /run [size=67108864] copy"},
	{"/run:exec,suid,dev", "tmpfs '' /run [exec,suid,dev] copy"},
	{"/run:noexec,nosuid,nodev", "tmpfs '' /run [noexec,nosuid,nodev] copy"},
	{"/run:uid=1000,gid=1000", "tmpfs '' /run [uid=1000,gid=1000] copy"},
	{"/run:nr_inodes=10k,nr_blocks=0", "tmpfs '' /run [nr_inodes=10240,nr_blocks=0] copy"},
	{"/run:notmpcopyup", "tmpfs '' /run []"},
	{"/run:tmpcopyup,noatime,nodiratime", "tmpfs '' /run [noatime,nodiratime] copy"},
	{"/run:sync,U", "tmpfs '' /run [sync] chown copy"},
};

static const struct bad bad_tmpfs[] = {
	{"", "it is empty"},
	{"run", "does not begin with \"/\""},
	{"/", "root itself"},
	{":size=1m", "does not begin with \"/\""},
	{"/run:size=1m:ro", "more than one colon"},
	{"/run:size=", "is not a size"},
	{"/run:size=101%", "is not a size"},
	{"/run:size=%", "is not a size"},
	{"/run:size=1 m", "is not a size"},
	{"/run:size=99999999999999999999", "is not a size"},
	{"/run:mode=abc", "is not an octal mode"},
	{"/run:mode=", "is not an octal mode"},
	{"/run:uid=root", "is not a number"},
	{"/run:uid=4294967295", "is not an id from 0 to 4294967294"},
	{"/run:exec,noexec", "exclude each other"},
	{"/run:nocopy", "no meaning for a tmpfs"},
	{"/run:z", "no meaning for a tmpfs"},
	{"/run:bind", "no meaning for a tmpfs"},
	{"/run:mpol=bind", "\"mpol=\" is not an option of a tmpfs mount"},
	{"/run:remount", "\"remount\" is not an option"},
	{"/run:ro,", "\"\" is not an option"},
};

START_TEST(reads_volume)
{
	check_good(VOLUME, &volumes[_i]);
}
END_TEST

START_TEST(refuses_volume_and_leaves_output_alone)
{
	check_bad(VOLUME, &bad_volumes[_i], "./data:/data:ro");
}
END_TEST

START_TEST(reads_mount)
{
	check_good(MOUNT, &mounts[_i]);
}
END_TEST

START_TEST(refuses_mount_and_leaves_output_alone)
{
	check_bad(MOUNT, &bad_mounts[_i], "type=bind,source=./data,target=/data,readonly");
}
END_TEST

START_TEST(reads_tmpfs)
{
	check_good(TMPFS, &tmpfs[_i]);
}
END_TEST

START_TEST(refuses_tmpfs_and_leaves_output_alone)
{
	check_bad(TMPFS, &bad_tmpfs[_i], "/run:size=64m,mode=755");
}
END_TEST

START_TEST(bounds_what_it_reads)
{
	char *text = xcalloc(1 << 20, 1);
	struct bad row = {text, "longer than 16384 bytes"};

	(void) memset(text, 'a', (1 << 20) - 1);
	text[0] = '/';
	check_bad(VOLUME, &row, "./data:/data:ro");
	check_bad(MOUNT, &row, "readonly");
	check_bad(TMPFS, &row, "/run:size=64m");
	text[5000] = '\0';
	row.why = "shorten it";
	check_bad(VOLUME, &row, "./data:/data:ro");
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parse_mount");
	TCase *tcase = tcase_create("parse_mount");

	tcase_add_loop_test(tcase, reads_volume, 0, ARRAY_LEN(volumes));
	tcase_add_loop_test(tcase, refuses_volume_and_leaves_output_alone, 0,
	                    ARRAY_LEN(bad_volumes));
	tcase_add_loop_test(tcase, reads_mount, 0, ARRAY_LEN(mounts));
	tcase_add_loop_test(tcase, refuses_mount_and_leaves_output_alone, 0, ARRAY_LEN(bad_mounts));
	tcase_add_loop_test(tcase, reads_tmpfs, 0, ARRAY_LEN(tmpfs));
	tcase_add_loop_test(tcase, refuses_tmpfs_and_leaves_output_alone, 0, ARRAY_LEN(bad_tmpfs));
	tcase_add_test(tcase, bounds_what_it_reads);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
