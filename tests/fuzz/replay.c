/* Gives every file of a folder to a fuzzer's entry: the seeds and what once
 * broke it. A failure ends the process, its file's name before it. */
#include "base/fuzz.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MOST ((size_t)1 << 20)

static bool replay(const char *folder, const char *name)
{
    char path[PATH_MAX];
    uint8_t *bytes = malloc(FILE_MOST);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = bytes ? fopen(path, "rb") : NULL;
    if (!file) {
        perror(path);
        free(bytes);
        return false;
    }
    size_t size = fread(bytes, 1, FILE_MOST, file);
    fclose(file);
    /* An allocation of just this size: reading past its end is seen. */
    uint8_t *exact = realloc(bytes, size ? size : 1);
    fprintf(stderr, "%s\n", path);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return true;
}

int main(int argc, char **argv)
{
    unsigned passed = 0, failed = 0;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    const struct dirent *entry;
    while (folder && (entry = readdir(folder)))
        if (entry->d_name[0] != '.') {
            if (replay(argv[1], entry->d_name))
                passed++;
            else
                failed++;
        }
    if (folder)
        closedir(folder);
    printf("%u passed, %u failed, 0 skipped\n", passed, failed);
    return passed && !failed ? 0 : 1;
}
