/* convert.h - any input to a message object, a message object to any form.
 *
 * Conversion is total: whatever a property, a header or a calendar line
 * holds, the message converts; what was wrong is repaired by a rule of
 * base/rules.def and reported. The ladder: full rendition -> without the
 * property, part or row that fails -> a minimal message with the original
 * attached, made from a reserve. What can fail: the sink, input that is no
 * message at all, and failure class legacy-tracking-time (CV_ERR_LEGACY).
 * Pure functions of their arguments: bytes to bytes, no globals.
 * Source: DESIGN "Conversion contract"; [MS-OXCMAIL]; spec mime-mapping.md,
 * ical-mapping.md 7.3, meeting-flow.md 17.
 */
#ifndef CV_CONVERT_CONVERT_H
#define CV_CONVERT_CONVERT_H

#include "base/env.h"
#include "base/report.h"
#include "mapi/entryid.h"
#include "mapi/object.h"
#include "mapi/timezone.h"

/* 0x80004005, printed -2147467259: what conversion failed with in 2008. */
#define CV_E_FAIL INT32_C(-2147467259)

typedef enum cv_input_type {
    CV_INPUT_UNKNOWN,
    CV_INPUT_MSG,
    CV_INPUT_MIME,
    CV_INPUT_ICAL,
    CV_INPUT_JSON,
    CV_INPUT_TNEF,
    CV_INPUT_PST,
    CV_INPUT_PACKED, /* mapi/pack.h: what a minimal message has attached */
    CV_INPUT_MBOX,
    CV_INPUT_EMLX, /* Apple Mail: a mail with a length before, a list after */
    CV_INPUT_VCARD,
    CV_INPUT_ARCHIVE /* zip, tar and the like */
} cv_input_type;

typedef struct cv_convert_options cv_convert_options;

/* All defaults (profile standard).
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_convert_options_new(const cv_env *env,
                                              cv_convert_options **out,
                                              cv_error *err);
void cv_convert_options_free(cv_convert_options **options);
CV_NODISCARD cv_status cv_convert_options_dup(const cv_convert_options *src,
                                              cv_convert_options **out,
                                              cv_error *err);

/* Settings of convert/settings.def by name, such as
 * "content-conversion.fix-recipient-track-status-time" = "false", or
 * "content-conversion.profile" = "exchange2003", which sets the profile's
 * rows (those set by name keep their value).
 * Errors: CV_ERR_NOTFOUND (unknown name), CV_ERR_SYNTAX, CV_ERR_RANGE. */
CV_NODISCARD cv_status cv_convert_set(cv_convert_options *options,
                                      cv_slice name, cv_slice value,
                                      cv_error *err);
/* Value as text, in the arena. */
CV_NODISCARD cv_status cv_convert_get(const cv_convert_options *options,
                                      cv_slice name, cv_arena *arena,
                                      cv_slice *value, cv_error *err);
typedef struct cv_convert_setting {
    const char *name, *type, *fallback, *text;
} cv_convert_setting;
/* Row index of the table; NULL past the end. */
const cv_convert_setting *cv_convert_setting_at(size_t index);

/* EX distinguished name (lower-cased) -> SMTP address: a directory.
 * Text: CSV ("dn,smtp") or LDIF (legacyExchangeDN, mail / proxyAddresses).
 * Errors: CV_ERR_SYNTAX with the line. */
CV_NODISCARD cv_status cv_convert_set_address_map(cv_convert_options *options,
                                                  cv_slice text, cv_error *err);
/* A directory asked at conversion time (the store's accounts). */
typedef bool (*cv_resolve_fn)(void *ctx, cv_arena *arena, cv_slice address_type,
                              cv_slice address, cv_slice *smtp);
void cv_convert_set_resolver(cv_convert_options *options, cv_resolve_fn fn,
                             void *ctx);
/* Own domain for IMCEA and Message-ID; host name of reports. */
void cv_convert_set_domain(cv_convert_options *options, cv_slice domain);
/* Stored responses of a meeting (best estimate of meeting-flow.md 17, steps 1
 * and 2): gives the valid time of attendee `smtp`'s answer, in ticks. */
typedef bool (*cv_response_time_fn)(void *ctx, cv_slice clean_global_id,
                                    cv_slice smtp, int64_t *ticks);
void cv_convert_set_responses(cv_convert_options *options,
                              cv_response_time_fn fn, void *ctx);
/* Time zone for floating times; time of delivery for replies without any. */
void cv_convert_set_zone(cv_convert_options *options, cv_slice name);
void cv_convert_set_received(cv_convert_options *options, int64_t ticks);
/* What to call while a mail is read and while its attachments are; must hold
 * as long as objects that were read with these options. */
void cv_convert_set_relax(cv_convert_options *options, cv_relax relax);

/* What the bytes are, by content; the name only breaks ties. */
cv_input_type cv_detect(cv_slice in, cv_slice file_name);
const char *cv_input_type_name(cv_input_type type);

/* Any single message: .msg, MIME, iCalendar, JSON or packed form. `in` must
 * outlive the object. An iCalendar file of several events that is no
 * scheduling message becomes a mail with the whole file attached
 * (cv_to_ical() gives it back); one with METHOD REQUEST, REPLY, CANCEL or
 * COUNTER becomes its first event, the file attached.
 * Errors: CV_ERR_SYNTAX / CV_ERR_UNSUP when it is no message (finding
 * not-a-message says why), CV_ERR_LIMIT, CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_read(cv_slice in, cv_slice file_name,
                               const cv_convert_options *options,
                               cv_object **out, cv_report *report,
                               cv_error *err);
CV_NODISCARD cv_status cv_from_mime(cv_slice in,
                                    const cv_convert_options *options,
                                    cv_object **out, cv_report *report,
                                    cv_error *err);
/* Errors: CV_ERR_LEGACY (setting off and a row carries the value); the
 * sink's; nothing else. */
CV_NODISCARD cv_status cv_to_mime(const cv_object *obj,
                                  const cv_convert_options *options,
                                  const cv_sink *out, cv_report *report,
                                  cv_error *err);
/* Calendar text of a calendar object.
 * Errors: CV_ERR_UNSUP for an object that is none; CV_ERR_LEGACY. */
CV_NODISCARD cv_status cv_to_ical(const cv_object *obj,
                                  const cv_convert_options *options,
                                  const cv_sink *out, cv_report *report,
                                  cv_error *err);
/* The last step of the ladder, from the object's packed bytes or the original
 * input: for a caller whose converting child died. */
CV_NODISCARD cv_status cv_to_mime_minimal(cv_slice from, cv_slice to,
                                          cv_slice subject, int64_t date,
                                          cv_slice text, cv_slice original,
                                          const char *original_name,
                                          const cv_sink *out, cv_error *err);
CV_NODISCARD cv_status cv_from_mime_minimal(cv_slice in, const cv_env *env,
                                            cv_object **out, cv_report *report,
                                            cv_error *err);

/* The envelope a message object asks for: SMTP addresses of its recipient
 * rows that are to be mailed (organizer and unsendable rows left out), and
 * the sender's. Arena slices.  */
CV_NODISCARD cv_status cv_envelope(const cv_object *obj,
                                   const cv_convert_options *options,
                                   cv_arena *arena, cv_slice *from,
                                   cv_slice **to, size_t *to_count,
                                   cv_report *report, cv_error *err);

/* SMTP address (mime-mapping.md, order of property-types.md 3; IMCEA at the
 * end) and display name of a recipient row, or of a person of a message
 * (entryid.h). *address is empty when there is none. Arena slices. */
void cv_row_address(const cv_bag *row, const cv_convert_options *options,
                    cv_arena *arena, cv_slice *name, cv_slice *address,
                    cv_report *report);
void cv_person_address(const cv_bag *bag, const cv_person_tags *person,
                       const cv_convert_options *options, cv_arena *arena,
                       cv_slice *name, cv_slice *address, cv_report *report);

/* Which message a report is about; borrowed, what is unknown is empty. */
typedef struct cv_message_ids {
    cv_slice message_class, subject, message_id;
} cv_message_ids;
/* obj NULL: all empty. */
cv_message_ids cv_message_ids_of(const cv_object *obj);

/* One report line (object-json.md): status is "converted", "partial" or
 * "failed". */
void cv_report_put_line(const cv_report *report, cv_slice input,
                        cv_slice output, const char *status,
                        cv_message_ids about, cv_buf *out);

#endif
