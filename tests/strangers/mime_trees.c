/* mime_trees.c - prints messages that the MIME writer makes, for
 * mime_writer.py: each as a line "NAME LENGTH" and then its bytes. */
#include "base/limits.h"
#include "mime/mime.h"

#include <stdio.h>
#include <stdlib.h>

#define UMLAUT \
    "\xC3\x9C" \
    "bersicht 2024 \xE2\x80\x93 M\xC3\xA4rz.pdf"
#define EMOJI "\xF0\x9F\x98\x81"
#define LONG_NAME \
    "A name of far more than seventy letters that no single line of a header" \
    " could ever hold in full, (with comments) and a \\ backslash.doc"

static cv_arena *arena;

static cv_mime_node *node(const char *type, const char *subtype)
{
    return cv_mime_node_new(arena, type, subtype);
}

static cv_mime_node *text(const char *subtype, const char *utf8)
{
    cv_mime_node *n = node("text", subtype);
    cv_mime_node_set_text(n, cv_slice_cstr(utf8));
    return n;
}

static cv_mime_node *file(const char *name, cv_slice bytes)
{
    cv_mime_node *n = node("application", "pdf");
    cv_blob *blob = cv_arena_alloc(arena, sizeof *blob);
    if (blob)
        *blob = cv_blob_mem(bytes);
    cv_mime_node_disposition(n, "attachment");
    cv_mime_node_param(n, "filename", cv_slice_cstr(name));
    cv_mime_node_param(n, "size", CV_S("256"));
    cv_mime_node_set_blob(n, blob);
    return n;
}

static void people(cv_mime_node *n)
{
    static const cv_mime_address from = {
        .name = { (const uint8_t *)"M\xC3\xBCller, J\xC3\xB6rg", 14 },
        .address = { (const uint8_t *)"joerg@example.org", 17 }
    };
    const cv_mime_address to[] = {
        { .name = CV_S("Bee, Ann \"A.\""), .address = CV_S("ann@example.org") },
        { .name = CV_S(""), .address = CV_S("plain@example.org") },
        { .name = CV_S("Plain Name"), .address = CV_S("john doe@example.org") },
        { .name = CV_S("\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD \xD0\x98\xD0\xB2"
                       "\xD0\xB0\xD0\xBD\xD0\xBE\xD0\xB2\xD0\xB8\xD1\x87 "
                       "\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD\xD0\xBE\xD0\xB2, "
                       "\xD0\x94\xD0\xB8\xD1\x80\xD0\xB5\xD0\xBA\xD1\x82\xD0"
                       "\xBE\xD1\x80"),
          .address = CV_S("ivan@example.org") },
        { .name = CV_S("No Address, Inc."), .address = CV_S("") },
        { .name = CV_S("Literal"), .address = CV_S("x@[192.0.2.1]") },
    };
    cv_mime_node_address_field(n, "From", &from, 1);
    cv_mime_node_address_field(n, "To", to, CV_LEN(to));
    cv_mime_node_field(n, "Date", CV_S("Sun, 22 Nov 2026 13:58:53 +0000"));
    cv_mime_node_field(n, "Message-ID", CV_S("<1@example.org>"));
}

static cv_mime_node *mail(void)
{
    static uint8_t all[256];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (uint8_t)i;
    cv_mime_node *root = node("multipart", "mixed");
    cv_mime_node *related = node("multipart", "related");
    cv_mime_node *alternative = node("multipart", "alternative");
    cv_mime_node *image = file("logo.png", cv_slice_of(all, sizeof all));
    people(root);
    cv_mime_node_text_field(root, "Subject",
                            CV_S("=?not a word?= " EMOJI " and a subject that "
                                 "goes on with caf\xC3\xA9 for two lines"));
    cv_mime_node_param(related, "type", CV_S("multipart/alternative"));
    cv_mime_node_field(image, "Content-ID", CV_S("<logo@x>"));
    cv_mime_node_add(alternative, text("plain", "caf\xC3\xA9 =\nFrom me\n.\n"));
    cv_mime_node_add(alternative, text("html", "<p>caf\xC3\xA9</p>"));
    cv_mime_node_add(related, alternative);
    cv_mime_node_add(related, image);
    cv_mime_node_add(root, related);
    cv_mime_node_add(root, file(UMLAUT, cv_slice_of(all, sizeof all)));
    cv_mime_node_add(root, file(LONG_NAME, cv_slice_of(all, 0)));
    cv_mime_node_add(
        root,
        file(EMOJI EMOJI EMOJI EMOJI EMOJI EMOJI EMOJI EMOJI EMOJI EMOJI ".txt",
             cv_slice_of(all, 57)));
    return root;
}

static cv_mime_node *meeting(void)
{
    cv_mime_node *root = node("multipart", "alternative");
    cv_mime_node *calendar = text("calendar", "BEGIN:VCALENDAR\n"
                                              "METHOD:REQUEST\n"
                                              "SUMMARY:caf\xC3\xA9\n"
                                              "END:VCALENDAR\n");
    people(root);
    cv_mime_node_text_field(root, "Subject", CV_S("Budget"));
    cv_mime_node_field(root, "Content-class",
                       CV_S("urn:content-classes:calendarmessage"));
    cv_mime_node_param(calendar, "method", CV_S("REQUEST"));
    cv_mime_node_add(root, text("plain", "Budget"));
    cv_mime_node_add(root, calendar);
    return root;
}

static cv_mime_node *report(void)
{
    cv_mime_node *root = node("multipart", "report");
    cv_mime_node *status = node("message", "delivery-status");
    cv_mime_node *original = node("message", "rfc822");
    people(root);
    cv_mime_node_text_field(root, "Subject", CV_S("Undeliverable"));
    cv_mime_node_param(root, "report-type", CV_S("delivery-status"));
    cv_mime_node_set_bytes(status, CV_S("Reporting-MTA: dns; a\n\n"
                                        "Final-Recipient: rfc822; x@y\n"
                                        "Action: failed\nStatus: 4.4.7\n"));
    cv_mime_node_add(original, meeting());
    cv_mime_node_add(root, text("plain", "It did not arrive."));
    cv_mime_node_add(root, status);
    cv_mime_node_add(root, original);
    return root;
}

static cv_mime_node *signed_mail(void)
{
    cv_mime_node *root = node("multipart", "signed");
    people(root);
    cv_mime_node_text_field(root, "Subject", CV_S("signed"));
    cv_mime_node_set_entity(
        root,
        CV_S("Content-Type: multipart/signed; boundary=\"s\";\r\n"
             " protocol=\"application/pkcs7-signature\"; micalg=sha-256\r\n\r\n"
             "--s\r\nContent-Type: text/plain\r\n\r\nsigned  \r\n\r\n--s\r\n"
             "Content-Type: application/pkcs7-signature\r\n\r\nMIIB\r\n"
             "--s--\r\n"));
    return root;
}

static cv_mime_node *empty(void)
{
    cv_mime_node *root = node("multipart", "mixed");
    people(root);
    cv_mime_node_text_field(root, "Subject", CV_S(""));
    return root;
}

static void print(const char *name, const cv_mime_node *root, unsigned flags)
{
    cv_error err;
    cv_buf buf;
    cv_buf_init(&buf, 0);
    cv_sink sink = cv_buf_sink(&buf);
    if (cv_mime_write(root, cv_slice_cstr(name), flags, &sink, NULL, &err)) {
        fprintf(stderr, "%s: %s\n", name, err.what);
        exit(1);
    }
    printf("%s %zu\n", name, buf.len);
    fwrite(buf.data, 1, buf.len, stdout);
    cv_buf_clear(&buf);
}

int main(void)
{
    cv_error err;
    if (cv_arena_new(0, &arena, &err) != CV_OK)
        return 1;
    print("mail", mail(), 0);
    print("mail-2047", mail(), CV_MIME_NAME_2047);
    print("mail-8bit", mail(), CV_MIME_8BIT);
    print("meeting", meeting(), 0);
    print("report", report(), 0);
    print("signed", signed_mail(), 0);
    print("empty", empty(), 0);
    cv_arena_free(&arena);
    return 0;
}
