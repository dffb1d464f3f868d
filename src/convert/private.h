/* private.h - what the files of convert/ share. */
#ifndef CV_CONVERT_PRIVATE_H
#define CV_CONVERT_PRIVATE_H

#include "convert/options.h"

/* Tags that have no canonical name in proptags.def. */
#define TAG_INTERNET_PRECEDENCE CV_TAG(0x1041, CV_T_STRING)
#define TAG_VOICE_DURATION CV_TAG(0x6801, CV_T_I32)
#define TAG_CALLING_NUMBER CV_TAG(0x6802, CV_T_STRING)

/* PidTagRecipientFlags, PidTagRecipientType, PidTagAttachMethod */
enum {
    CV_RECIP_SENDABLE = 0x01,
    CV_RECIP_ORGANIZER = 0x02,
    CV_RECIP_DELETED = 0x20,
    CV_RECIP_TO = 1,
    CV_RECIP_CC = 2,
    CV_RECIP_BCC = 3,
    CV_ATTACH_NONE = 0,
    CV_ATTACH_BY_VALUE = 1,
    CV_ATTACH_EMBEDDED = 5,
    CV_ATTACH_OLE = 6
};

/* PidTagRecipientType without its flags; 1 when missing or odd. */
int32_t cv_row_type(const cv_bag *row);

/* -- people -- */

/* The tags of a recipient row. */
extern const cv_person_tags cv_person_row;

typedef struct cv_person {
    cv_slice name;     /* one line, may be empty */
    cv_slice address;  /* SMTP, empty when there is none */
    cv_slice ex;       /* the address it was found for, lower case */
    bool encapsulated; /* address is an IMCEA one */
} cv_person;

/* A message's people, each looked up once. */
typedef struct cv_people {
    cv_person from, sender;
    cv_person *rows; /* arena; one for each recipient row */
    size_t row_count;
    cv_dn_row *index; /* other addresses -> SMTP, sorted; arena */
    size_t index_count;
    const cv_convert_options *options;
} cv_people;

CV_NODISCARD cv_status cv_people_read(const cv_object *obj,
                                      const cv_convert_options *options,
                                      cv_arena *arena, cv_people *out,
                                      cv_report *report, cv_error *err);
/* cv_ical_options.resolve over a cv_people (ctx). */
bool cv_people_resolve(void *ctx, cv_arena *arena, cv_slice address_type,
                       cv_slice address, cv_slice *smtp);
/* Whether a row is to be mailed: not the organizer's own, not deleted. */
bool cv_row_is_mailed(const cv_object *obj, const cv_bag *row);

/* -- reading -- */

/* A calendar's text in an object of its own (no mail around it). */
CV_NODISCARD cv_status cv_from_ical(cv_slice in, cv_slice file_name,
                                    const cv_convert_options *options,
                                    cv_object **out, cv_report *report,
                                    cv_error *err);
/* A calendar that is no meeting message, for people: its entries, or what the
 * sender of REFRESH and DECLINECOUNTER wants. Arena. */
struct cv_ical_item;
cv_slice cv_calendar_as_text(cv_arena *arena, const struct cv_ical_item *items,
                             size_t count);
/* The zone of the options in the arena, NULL when there is none. */
const cv_timezone *cv_opt_zone(const cv_convert_options *options,
                               cv_arena *arena);
/* What memory one conversion may use, for cv_object_new(). */
size_t cv_opt_budget(const cv_convert_options *options);

/* -- readers of single messages (read.c) -- */

/* A mailbox file of one mail; without a From_ line as cv_from_mime().
 * Errors: CV_ERR_UNSUP for several mails; cv_from_mime()'s. */
CV_NODISCARD cv_status cv_from_mbox(cv_slice in,
                                    const cv_convert_options *options,
                                    cv_object **out, cv_report *report,
                                    cv_error *err);
CV_NODISCARD cv_status cv_from_emlx(cv_slice in, cv_slice file_name,
                                    const cv_convert_options *options,
                                    cv_object **out, cv_report *report,
                                    cv_error *err);
/* Errors: CV_ERR_UNSUP for several cards; CV_ERR_SYNTAX. */
CV_NODISCARD cv_status cv_from_vcard(cv_slice in,
                                     const cv_convert_options *options,
                                     cv_object **out, cv_report *report,
                                     cv_error *err);
bool cv_vcards_are_several(cv_slice in);
/* Errors: CV_ERR_UNSUP when the object is neither contact nor list. */
CV_NODISCARD cv_status cv_to_vcard(const cv_object *obj,
                                   const cv_convert_options *options,
                                   const cv_sink *out, cv_report *report,
                                   cv_error *err);

/* A file among an object's attachments. data is borrowed.
 * Errors: the arena's. */
CV_NODISCARD cv_status cv_add_file(cv_object *obj, cv_slice name,
                                   const char *mime_type, cv_slice data,
                                   cv_error *err);

/* Language tag of a locale id, NULL when unknown; and back, 0 when unknown. */
const char *cv_language_of_lcid(int32_t lcid);
int32_t cv_lcid_of_language(cv_slice tag);

/* -- the last step of the ladder -- */

/* Everything is borrowed and may be empty. Nothing is allocated to write it
 * but a few bytes for the date. */
typedef struct cv_minimal {
    cv_slice from, to, cc; /* addresses; several with ',' */
    cv_slice subject, message_id;
    int64_t date; /* ticks; INT64_MIN: none */
    cv_slice text;
    cv_slice calendar;  /* UTF-8 */
    const char *method; /* of calendar */
    cv_slice original;
    const char *original_name;
} cv_minimal;

CV_NODISCARD cv_status cv_minimal_write(const cv_minimal *m, const cv_sink *out,
                                        cv_error *err);

/* "recipient[3]", in the arena. */
cv_slice cv_index_path(cv_arena *arena, const char *table, size_t index);

#endif
