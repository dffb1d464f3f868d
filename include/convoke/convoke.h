/* convoke.h - the library's interface for programs (docs/library.md).
 *
 * Reads .msg files, TNEF, mail, iCalendar, vCards and Convoke's JSON into a
 * message, alone or out of a PST, a mailbox or an archive, tells what is in
 * it, and writes it in any of these forms. Bad input is no error:
 * what was wrong is repaired by a rule and told in a report.
 *
 * Plain C11, usable from C++. No globals: different objects may be used in
 * different threads at once, one object by one thread at a time. The library
 * neither logs nor touches files. Bytes given to convoke_read() are borrowed:
 * they must outlive the message. On error outputs are untouched, and err,
 * which may be NULL, is filled. Within a major version names keep their
 * meaning; new enumerators may come at the end.
 */
#ifndef CONVOKE_CONVOKE_H
#define CONVOKE_CONVOKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define CONVOKE_API __attribute__((visibility("default")))
#define CONVOKE_NODISCARD __attribute__((warn_unused_result))
#else
#define CONVOKE_API
#define CONVOKE_NODISCARD
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum convoke_status {
    CONVOKE_OK = 0,
    CONVOKE_NO_MEMORY = -1,   /* the allocator failed */
    CONVOKE_LIMIT = -2,       /* a bound on what input may cost was reached */
    CONVOKE_TRUNCATED = -3,   /* input ended inside a field */
    CONVOKE_SYNTAX = -4,      /* no message, or text that cannot be read */
    CONVOKE_RANGE = -5,       /* a value outside what is allowed */
    CONVOKE_UNSUPPORTED = -6, /* valid, but not handled */
    CONVOKE_IO = -7,          /* for write callbacks */
    CONVOKE_NOT_FOUND = -8,   /* no such name */
    CONVOKE_LEGACY = -10      /* KB 938650's failure; its fix is set off */
} convoke_status;

typedef struct convoke_error {
    convoke_status code;
    uint64_t offset; /* byte in the input, UINT64_MAX when none */
    char what[160];  /* one line of UTF-8, NUL-ended */
} convoke_error;

/* UTF-8, borrowed from the object it was asked of; not NUL-ended. */
typedef struct convoke_text {
    const char *ptr;
    size_t len;
} convoke_text;

typedef struct convoke_options convoke_options;
typedef struct convoke_message convoke_message;
typedef struct convoke_report convoke_report;

/* "0.1.0". A literal. */
CONVOKE_API const char *convoke_version(void);

/* Options. */

/* The clock and the random source of a conversion, for those who need equal
 * output for equal input. now(): units of 100 ns since 1970-01-01T00:00:00Z. */
typedef struct convoke_env {
    int64_t (*now)(void *ctx);
    void (*random)(void *ctx, void *out, size_t size);
    void *ctx; /* borrowed; lives as long as the options */
} convoke_env;

/* All defaults. env NULL: the system's clock and random source.
 * Errors: CONVOKE_NO_MEMORY. */
CONVOKE_NODISCARD CONVOKE_API convoke_status convoke_options_new(
    const convoke_env *env, convoke_options **out, convoke_error *err);
/* Takes NULL; sets *options to NULL. So do all ..._free(). */
CONVOKE_API void convoke_options_free(convoke_options **options);
/* A setting of `convoke convert --set`, such as
 * "content-conversion.profile", "exchange2003".
 * Errors: CONVOKE_NOT_FOUND (name), CONVOKE_SYNTAX, CONVOKE_RANGE (value). */
CONVOKE_NODISCARD CONVOKE_API convoke_status
convoke_options_set(convoke_options *options, const char *name,
                    const char *value, convoke_error *err);
/* Exchange's distinguished names to SMTP addresses: lines "dn,smtp" or LDIF.
 * Errors: CONVOKE_SYNTAX with the line. */
CONVOKE_NODISCARD CONVOKE_API convoke_status
convoke_options_set_address_map(convoke_options *options, const void *text,
                                size_t size_bytes, convoke_error *err);
/* Own domain, for Message-ID and for addresses that are no SMTP ones. */
CONVOKE_API void convoke_options_set_domain(convoke_options *options,
                                            const char *domain);
/* Zone of times that name none: "Europe/Berlin" or a Windows zone's id. */
CONVOKE_API void convoke_options_set_zone(convoke_options *options,
                                          const char *zone);

/* The report: findings in the order they were met (docs/report.md). */

typedef enum convoke_severity {
    CONVOKE_NOTE,     /* odd, harmless */
    CONVOKE_REPAIRED, /* was wrong, is right now */
    CONVOKE_LOST,     /* something could not be kept */
    CONVOKE_ERROR     /* nothing could be written */
} convoke_severity;

typedef enum convoke_field {
    CONVOKE_FIELD_RULE,     /* "recipient-track-status-time" */
    CONVOKE_FIELD_PATH,     /* "recipient[2]"; empty for the message */
    CONVOKE_FIELD_PROPERTY, /* canonical or header name; may be empty */
    CONVOKE_FIELD_FOUND,    /* may be empty */
    CONVOKE_FIELD_DONE,     /* may be empty */
    CONVOKE_FIELD_REFERENCE /* "KB938650", "[MS-OXCDATA] 2.11.1" */
} convoke_field;

/* Errors: CONVOKE_NO_MEMORY. */
CONVOKE_NODISCARD CONVOKE_API convoke_status
convoke_report_new(convoke_report **out, convoke_error *err);
CONVOKE_API void convoke_report_free(convoke_report **report);
CONVOKE_API size_t convoke_report_count(const convoke_report *report);
/* How many findings there were beyond those that are kept. */
CONVOKE_API size_t convoke_report_dropped(const convoke_report *report);
/* The worst severity; CONVOKE_NOTE when there are no findings. */
CONVOKE_API convoke_severity convoke_report_worst(const convoke_report *report);
/* Finding `index`; past the end: empty text, CONVOKE_NOTE, 0, UINT64_MAX. */
CONVOKE_API convoke_text convoke_report_field(const convoke_report *report,
                                              size_t index,
                                              convoke_field field);
CONVOKE_API convoke_severity
convoke_report_severity(const convoke_report *report, size_t index);
/* Line of iCalendar text, 0 when none; byte in a file, UINT64_MAX when none. */
CONVOKE_API uint64_t convoke_report_line(const convoke_report *report,
                                         size_t index);
CONVOKE_API uint64_t convoke_report_offset(const convoke_report *report,
                                           size_t index);

/* Takes all the bytes or fails: any status but CONVOKE_OK ends the call it
 * was given to, which returns that status. */
typedef convoke_status (*convoke_write_fn)(void *ctx, const void *bytes,
                                           size_t size_bytes);

/* The report as a line of JSON with its line end. output NULL: none was
 * written. message NULL: the input failed.
 * Errors: the callback's; CONVOKE_NO_MEMORY. */
CONVOKE_NODISCARD CONVOKE_API convoke_status
convoke_report_write(const convoke_report *report, const char *input,
                     const char *output, const convoke_message *message,
                     convoke_write_fn write, void *ctx, convoke_error *err);

/* Reading. */

typedef enum convoke_type {
    CONVOKE_TYPE_UNKNOWN,
    CONVOKE_TYPE_MSG,
    CONVOKE_TYPE_MIME,
    CONVOKE_TYPE_ICAL,
    CONVOKE_TYPE_JSON,
    CONVOKE_TYPE_TNEF,
    CONVOKE_TYPE_PST,
    CONVOKE_TYPE_PACKED,
    CONVOKE_TYPE_MBOX,
    CONVOKE_TYPE_EMLX,
    CONVOKE_TYPE_VCARD,
    CONVOKE_TYPE_ARCHIVE
} convoke_type;

/* What the bytes are, by content; file_name (NULL: none) only breaks ties. */
CONVOKE_API convoke_type convoke_detect(const void *bytes, size_t size_bytes,
                                        const char *file_name);
/* "msg", "mime", "ical", "json", ... A literal. */
CONVOKE_API const char *convoke_type_name(convoke_type type);

/* One message of any form. options NULL: all defaults. report NULL: not
 * wanted; else findings are added to it.
 * Errors: CONVOKE_SYNTAX, CONVOKE_UNSUPPORTED when it is no message (the
 * finding not-a-message says why), CONVOKE_LIMIT, CONVOKE_NO_MEMORY. */
CONVOKE_NODISCARD CONVOKE_API convoke_status
convoke_read(const void *bytes, size_t size_bytes, const char *file_name,
             const convoke_options *options, convoke_message **out,
             convoke_report *report, convoke_error *err);
CONVOKE_API void convoke_message_free(convoke_message **message);

/* Where a message stands in its input. Borrowed: valid during the call it is
 * given to. */
typedef struct convoke_item {
    convoke_text folder; /* below the input, '/' between; may be empty */
    convoke_text name;   /* in its folder, stable for equal input: a number in
                            a mailbox, a PST's node id, an event's UID, a
                            file's name in an archive; may be empty */
    uint64_t index;      /* place in the walk, from 0 */
    bool recovered;      /* a deleted or orphaned item */
} convoke_item;

/* How to walk. Fill it with zeros first: members may come at the end. */
typedef struct convoke_walker {
    bool recover; /* deleted and orphaned items, too */
    bool split;   /* each entry of an iCalendar file by itself; otherwise such
                     a file is one message, as in convoke_read() */
    /* Asked before an item is read; NULL: all are wanted. */
    bool (*want)(void *ctx, const convoke_item *item);
    /* message NULL: the item cannot be read, the report says why. report:
     * findings of this item alone. Both live until the call returns. Any
     * status but CONVOKE_OK ends the walk, which returns it. */
    convoke_status (*each)(void *ctx, const convoke_item *item,
                           const convoke_message *message,
                           const convoke_report *report);
    void *ctx; /* borrowed */
} convoke_walker;

/* Every message of an input, one after another, one in memory at a time: of a
 * PST, a mailbox, an archive, a file of vCards or events; and the message
 * itself, where the input is one. report NULL: not wanted; else findings
 * about the container are added to it.
 * Errors: each()'s; those of convoke_read() for an input that is neither
 * message nor container. */
CONVOKE_NODISCARD CONVOKE_API convoke_status
convoke_walk(const void *bytes, size_t size_bytes, const char *file_name,
             const convoke_options *options, const convoke_walker *walker,
             convoke_report *report, convoke_error *err);

/* Looking. Properties by canonical or classic name: "PidTagSubject",
 * "PR_SUBJECT", "PidLidLocation". A getter answers false, its output
 * untouched, when there is no usable value. */

/* PidTagMessageClass, "IPM.Note" when missing or unusable. */
CONVOKE_API convoke_text convoke_message_class(const convoke_message *message);
CONVOKE_API bool convoke_message_string(const convoke_message *message,
                                        const char *name, convoke_text *out);
/* Numbers and booleans. */
CONVOKE_API bool convoke_message_integer(const convoke_message *message,
                                         const char *name, int64_t *out);
/* A moment, in units of 100 ns since 1970-01-01T00:00:00Z. */
CONVOKE_API bool convoke_message_time(const convoke_message *message,
                                      const char *name, int64_t *ticks);
CONVOKE_API size_t
convoke_message_recipient_count(const convoke_message *message);
CONVOKE_API bool
convoke_message_recipient_string(const convoke_message *message, size_t index,
                                 const char *name, convoke_text *out);
CONVOKE_API size_t
convoke_message_attachment_count(const convoke_message *message);
CONVOKE_API bool
convoke_message_attachment_string(const convoke_message *message, size_t index,
                                  const char *name, convoke_text *out);

/* Writing. */

typedef enum convoke_form {
    CONVOKE_FORM_EML,
    CONVOKE_FORM_ICS, /* calendar items and tasks only */
    CONVOKE_FORM_MSG,
    CONVOKE_FORM_JSON,
    CONVOKE_FORM_TNEF,
    CONVOKE_FORM_VCF /* contacts and distribution lists only */
} convoke_form;

/* Errors: the callback's; CONVOKE_UNSUPPORTED for a form the message does not
 * have; CONVOKE_LEGACY; CONVOKE_RANGE for an unknown form;
 * CONVOKE_NO_MEMORY. */
CONVOKE_NODISCARD CONVOKE_API convoke_status
convoke_write(const convoke_message *message, convoke_form form,
              const convoke_options *options, convoke_write_fn write, void *ctx,
              convoke_report *report, convoke_error *err);

#ifdef __cplusplus
}
#endif

#endif
