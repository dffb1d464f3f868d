#include "cli/sources.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

/* In the order they are made; folders end in '/'. */
static const char *const tree[] = {
    "in/",
    "in/b.eml",
    "in/a.eml",
    "in/.hidden",
    "in/sub/",
    "in/sub/c.eml",
    "in/out/",
    "in/out/x.eml",
    "in/Mail/",
    "in/Mail/cur/",
    "in/Mail/cur/1.x:2,S",
    "in/Mail/new/",
    "in/Mail/new/2.x",
    "in/Mail/tmp/",
    "in/Mail/tmp/3.x",
    "in/Mail/dovecot-uidlist",
    "in/Mail/.Sent.Entw&APw-rfe/",
    "in/Mail/.Sent.Entw&APw-rfe/cur/",
    "in/Mail/.Sent.Entw&APw-rfe/cur/4.x:2,FS",
    "in/Mail/.Sent.Entw&APw-rfe/new/",
    "in/Mail/.Sent.Entw&APw-rfe/tmp/",
};

static int begin(void **state)
{
    char path[200];
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/convoke-sources-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    for (size_t i = 0; i < CV_LEN(tree); i++) {
        snprintf(path, sizeof path, "%s/%s", dir, tree[i]);
        if (path[strlen(path) - 1] == '/')
            mkdir(path, 0700);
        else
            fclose(fopen(path, "w"));
    }
    return 0;
}

static int end(void **state)
{
    char path[200];
    (void)state;
    for (size_t i = CV_LEN(tree); i-- > 0;) {
        snprintf(path, sizeof path, "%s/%s", dir, tree[i]);
        remove(path);
    }
    return rmdir(dir);
}

/* Each source as "folder|name|M", M for one of a Maildir. */
static void assert_sources(const char *const *operands, size_t count,
                           const char *const *expected, size_t expected_count)
{
    char out[128];
    struct stat st;
    cli_sources *s = NULL;
    cli_source source;
    bool found = true;
    snprintf(out, sizeof out, "%s/in/out", dir);
    assert_int_equal(stat(out, &st), 0);
    cli_file_id not_here = { st.st_dev, st.st_ino };
    assert_int_equal(
        cli_sources_open(operands, count, count > 1, not_here, &s, NULL),
        CV_OK);
    for (size_t i = 0; found; i++) {
        char text[256];
        assert_int_equal(cli_sources_next(s, &source, &found, NULL), CV_OK);
        assert_true(found == (i < expected_count));
        if (!found)
            break;
        snprintf(text, sizeof text, "%s|%s%s", source.folder, source.name,
                 source.in_maildir ? "|M" : "");
        assert_string_equal(text, expected[i]);
    }
    cli_sources_close(&s);
}

static void a_folder_is_walked_in_order_of_name(void **state)
{
    static const char *const expected[] = {
        "Mail/Sent/Entw\xC3\xBCrfe|4.x:2,FS|M",
        "Mail|1.x:2,S|M",
        "Mail|2.x|M",
        "|a.eml",
        "|b.eml",
        "sub|c.eml",
    };
    char in[80];
    const char *const operands[] = { in };
    (void)state;
    snprintf(in, sizeof in, "%s/in", dir);
    assert_sources(operands, 1, expected, CV_LEN(expected));
    strncat(in, "/", 2);
    assert_sources(operands, 1, expected, CV_LEN(expected));
}

static void several_folders_keep_their_names(void **state)
{
    static const char *const expected[] = { "sub|c.eml", "|nowhere", "|b.eml",
                                            "sub|c.eml" };
    char sub[80], file[80], slash[80];
    const char *const operands[] = { sub, "nowhere", file, slash };
    (void)state;
    snprintf(sub, sizeof sub, "%s/in/sub", dir);
    snprintf(file, sizeof file, "%s/in/b.eml", dir);
    snprintf(slash, sizeof slash, "%s/in/sub//", dir);
    assert_sources(operands, 4, expected, CV_LEN(expected));
}

static void a_maildir_itself_can_be_given(void **state)
{
    static const char *const expected[] = { "Sent/Entw\xC3\xBCrfe|4.x:2,FS|M",
                                            "|1.x:2,S|M", "|2.x|M" };
    char mail[80];
    const char *const operands[] = { mail };
    (void)state;
    snprintf(mail, sizeof mail, "%s/in/Mail", dir);
    assert_sources(operands, 1, expected, CV_LEN(expected));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_folder_is_walked_in_order_of_name),
        TEST(several_folders_keep_their_names),
        TEST(a_maildir_itself_can_be_given),
    };
    return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
