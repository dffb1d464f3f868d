/* Every message of standard input, whatever it is, as JSON:
 *     any_to_json <FILE
 * cc any_to_json.c $(pkg-config --cflags --libs convoke) */
#include <convoke/convoke.h>

#include <stdio.h>

static convoke_status to_stdout(void *ctx, const void *bytes, size_t size)
{
    (void)ctx;
    return fwrite(bytes, 1, size, stdout) == size ? CONVOKE_OK : CONVOKE_IO;
}

static convoke_status each(void *ctx, const convoke_item *item,
                           const convoke_message *message,
                           const convoke_report *report)
{
    convoke_text why = convoke_report_field(report, 0, CONVOKE_FIELD_DONE);
    (void)ctx;
    if (message)
        return convoke_write(message, CONVOKE_FORM_JSON, NULL, to_stdout, NULL,
                             NULL, NULL);
    fprintf(stderr, "%.*s/%.*s: %.*s\n", (int)item->folder.len,
            item->folder.ptr, (int)item->name.len, item->name.ptr, (int)why.len,
            why.ptr);
    return CONVOKE_OK;
}

int main(void)
{
    static char bytes[64 << 20];
    size_t size = fread(bytes, 1, sizeof bytes, stdin);
    convoke_walker walker = { .recover = true, .split = true, .each = each };
    convoke_error err;

    if (!convoke_walk(bytes, size, NULL, NULL, &walker, NULL, &err))
        return 0;
    fprintf(stderr, "any_to_json: %s\n", err.what);
    return 1;
}
