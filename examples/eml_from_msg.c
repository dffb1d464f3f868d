/* Any message file as mail: eml_from_msg FILE >mail.eml
 * cc eml_from_msg.c $(pkg-config --cflags --libs convoke) */
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
    convoke_message *message = NULL;
    convoke_error err = { CONVOKE_IO, 0, "usage: eml_from_msg FILE" };
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;

    convoke_status status = CONVOKE_IO;
    if (size == sizeof bytes)
        fputs("eml_from_msg: only files below 64 MB\n", stderr);
    else if (file)
        status = convoke_read(bytes, size, argv[1], NULL, &message, NULL, &err);
    if (status == CONVOKE_OK)
        status = convoke_write(message, CONVOKE_FORM_EML, NULL, to_stdout, NULL,
                               NULL, &err);
    if (status != CONVOKE_OK && size < sizeof bytes)
        fprintf(stderr, "eml_from_msg: %s\n", err.what);
    convoke_message_free(&message);
    if (file)
        fclose(file);
    return status == CONVOKE_OK ? 0 : 1;
}
