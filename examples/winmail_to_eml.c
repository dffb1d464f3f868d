/* A winmail.dat, or any other message file, as mail:
 *     winmail_to_eml FILE >mail.eml
 * cc winmail_to_eml.c $(pkg-config --cflags --libs convoke) */
#include <convoke/convoke.h>

#include <stdio.h>

static convoke_status to_stdout(void *ctx, const void *bytes, size_t size)
{
    (void)ctx;
    return fwrite(bytes, 1, size, stdout) == size ? CONVOKE_OK : CONVOKE_IO;
}

int main(int argc, char **argv)
{
    static char bytes[64 << 20];
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    convoke_message *message = NULL;
    convoke_error err = { CONVOKE_IO, 0,
                          "usage: winmail_to_eml FILE (of less than 64 MB)" };

    if (size < sizeof bytes && file &&
        !convoke_read(bytes, size, argv[1], NULL, &message, NULL, &err) &&
        !convoke_write(message, CONVOKE_FORM_EML, NULL, to_stdout, NULL, NULL,
                       &err))
        err.code = CONVOKE_OK;
    if (err.code != CONVOKE_OK)
        fprintf(stderr, "winmail_to_eml: %s\n", err.what);
    convoke_message_free(&message);
    return err.code == CONVOKE_OK ? 0 : 1;
}
