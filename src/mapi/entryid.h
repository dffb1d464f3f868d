/* entryid.h - entry ids, search keys and address forms.
 * Source: [MS-OXCDATA] 2.2; [MS-OXCMAIL] 2.1.3.1.8; spec property-types.md
 * 2 to 4.
 */
#ifndef CV_MAPI_ENTRYID_H
#define CV_MAPI_ENTRYID_H

#include "base/arena.h"
#include "mapi/bag.h"

typedef enum cv_entryid_kind {
    CV_ENTRYID_OTHER,
    CV_ENTRYID_ONE_OFF,
    CV_ENTRYID_EX,
    CV_ENTRYID_CONTACT
} cv_entryid_kind;

typedef struct cv_entryid {
    cv_entryid_kind kind;
    uint32_t ex_type;      /* EX: 0 user, 1 list, ... */
    bool no_rich_info;     /* one-off */
    cv_slice name;         /* one-off, UTF-8, arena */
    cv_slice address_type; /* one-off: "SMTP"; EX: "EX" */
    cv_slice address;      /* one-off: address; EX: distinguished name */
} cv_entryid;

/* Errors: CV_ERR_TRUNC, CV_ERR_SYNTAX; the arena's. */
CV_NODISCARD cv_status cv_entryid_parse(cv_arena *arena, cv_slice blob,
                                        cv_entryid *out);
/* Unicode one-off without rich info. ptr NULL when the arena is exhausted. */
cv_slice cv_entryid_one_off(cv_arena *arena, cv_slice name,
                            cv_slice address_type, cv_slice address);
/* "SMTP:A@B.EXAMPLE" with its NUL. */
cv_slice cv_search_key(cv_arena *arena, cv_slice address_type,
                       cv_slice address);

/* IMCEAEX-_o=Org...@domain and back.
 * Errors of decode: CV_ERR_SYNTAX when it is no such address. */
cv_slice cv_imcea_encode(cv_arena *arena, cv_slice address_type,
                         cv_slice address, cv_slice domain);
CV_NODISCARD cv_status cv_imcea_decode(cv_arena *arena, cv_slice smtp,
                                       cv_slice *address_type,
                                       cv_slice *address);

/* PidTagReplyRecipientEntries: entry ids of a FlatEntryList, in the arena. */
CV_NODISCARD cv_status cv_flat_entries_parse(cv_arena *arena, cv_slice blob,
                                             cv_slice **out, size_t *count);
cv_slice cv_flat_entries_build(cv_arena *arena, const cv_slice *ids,
                               size_t count);

/* Looks like local@domain: one '@' outside quotes, no blanks outside quotes,
 * no controls; UTF-8 is allowed. */
bool cv_address_is_smtp(cv_slice address);

/* Writes the properties of an SMTP person: a recipient row's
 * (PidTagDisplayName, AddressType, EmailAddress, SmtpAddress, EntryId,
 * SearchKey, RecipientDisplayName, ObjectType, DisplayType, ...). */
cv_status cv_row_set_smtp(cv_bag *row, cv_slice name, cv_slice address,
                          int32_t recipient_type);

/* The tags of one person on a message: sender, sent-representing, ... */
typedef struct cv_person_tags {
    cv_tag name, address_type, address, smtp, entryid, search_key;
} cv_person_tags;
extern const cv_person_tags cv_person_sender;
extern const cv_person_tags cv_person_sent_representing;
extern const cv_person_tags cv_person_received_by;
extern const cv_person_tags cv_person_received_representing;
extern const cv_person_tags cv_person_read_receipt;
cv_status cv_bag_set_person(cv_bag *bag, const cv_person_tags *tags,
                            cv_slice name, cv_slice smtp_address);

#endif
