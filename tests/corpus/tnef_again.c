/* tnef_again.c - every TNEF file of a folder read, written and read again:
 * tnef_again FOLDER EXCEPTIONS. EXCEPTIONS lists `name: reason` of files that
 * may differ or cannot be read. Exit code 77 without the folder.
 */
#include "tnef/tnef.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MOST ((size_t)64 << 20)

static cv_slice load(const char *folder, const char *name)
{
    char path[PATH_MAX];
    uint8_t *bytes = malloc(FILE_MOST);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = bytes ? fopen(path, "rb") : NULL;
    size_t size = file ? fread(bytes, 1, FILE_MOST, file) : 0;
    if (file)
        fclose(file);
    return cv_slice_of(bytes, size);
}

/* What is wrong with the file; NULL: nothing. */
static const char *again(cv_slice in)
{
    const cv_tnef_write_options whole = { .recipients = true };
    cv_object *first = NULL, *second = NULL;
    cv_buf out;
    cv_buf_init(&out, 0);
    cv_sink sink = cv_buf_sink(&out);
    const char *wrong = NULL;
    if (cv_tnef_read(in, &first, NULL, NULL) != CV_OK)
        wrong = "cannot be read";
    else if (cv_tnef_write(first, &whole, &sink, NULL, NULL) != CV_OK)
        wrong = "cannot be written";
    else if (cv_tnef_read(cv_buf_slice(&out), &second, NULL, NULL) != CV_OK)
        wrong = "cannot be read again";
    else if (!cv_object_eq(first, second))
        wrong = "is another object when it is read again";
    cv_object_free(&second);
    cv_object_free(&first);
    cv_buf_clear(&out);
    return wrong;
}

static bool is_excepted(const char *list, const char *name)
{
    char line[512];
    bool found = false;
    size_t len = strlen(name);
    FILE *file = fopen(list, "r");
    while (file && !found && fgets(line, sizeof line, file))
        found = strncmp(line, name, len) == 0 && line[len] == ':';
    if (file)
        fclose(file);
    return found;
}

int main(int argc, char **argv)
{
    unsigned passed = 0, failed = 0, excepted = 0;
    const struct dirent *entry;
    DIR *folder = argc == 3 ? opendir(argv[1]) : NULL;
    if (!folder)
        return 77;
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        cv_slice in = load(argv[1], entry->d_name);
        const char *wrong = again(in);
        bool listed = is_excepted(argv[2], entry->d_name);
        free((void *)in.ptr);
        if (wrong && !listed)
            printf("%s %s\n", entry->d_name, wrong);
        if (!wrong && listed)
            printf("%s is no exception any more\n", entry->d_name);
        excepted += wrong && listed;
        passed += !wrong && !listed;
        failed += !!wrong != listed;
    }
    closedir(folder);
    printf("%u exceptions\n%u passed, %u failed, 0 skipped\n", excepted, passed,
           failed);
    return passed && !failed ? 0 : 1;
}
