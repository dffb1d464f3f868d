/* Every calendar item of a PST, or of any other input, into a folder:
 *     pst_to_ics FILE FOLDER
 * cc pst_to_ics.c $(pkg-config --cflags --libs convoke) */
#include <convoke/convoke.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static convoke_status to_file(void *ctx, const void *bytes, size_t size)
{
    return fwrite(bytes, 1, size, ctx) == size ? CONVOKE_OK : CONVOKE_IO;
}

/* One file an item, numbered by its place, which stays the same. */
static convoke_status each(void *ctx, const convoke_item *item,
                           const convoke_message *message,
                           const convoke_report *report)
{
    char path[4096];
    convoke_text kind = { "", 0 };
    (void)report;
    if (message)
        kind = convoke_message_class(message);
    if (kind.len < 15 || memcmp(kind.ptr, "IPM.Appointment", 15) != 0)
        return CONVOKE_OK;
    snprintf(path, sizeof path, "%s/%08llu.ics", (const char *)ctx,
             (unsigned long long)item->index);
    FILE *file = fopen(path, "wb");
    if (!file)
        return CONVOKE_IO;
    convoke_status status = convoke_write(message, CONVOKE_FORM_ICS, NULL,
                                          to_file, file, NULL, NULL);
    return fclose(file) == 0 ? status : CONVOKE_IO;
}

int main(int argc, char **argv)
{
    convoke_error err = { CONVOKE_IO, 0, "usage: pst_to_ics FILE FOLDER" };
    struct stat st = { 0 };
    int fd = argc == 3 ? open(argv[1], O_RDONLY) : -1;
    void *bytes =
        fd >= 0 && fstat(fd, &st) == 0
            ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)
            : MAP_FAILED;
    convoke_walker walker = { .split = true,
                              .each = each,
                              .ctx = argc == 3 ? argv[2] : NULL };

    if (bytes != MAP_FAILED && !convoke_walk(bytes, (size_t)st.st_size, argv[1],
                                             NULL, &walker, NULL, &err))
        return 0;
    fprintf(stderr, "pst_to_ics: %s\n", err.what);
    return 1;
}
