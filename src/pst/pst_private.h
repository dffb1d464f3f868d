/* pst_private.h - what the files of this folder share. */
#ifndef CV_PST_PRIVATE_H
#define CV_PST_PRIVATE_H

#include "base/lazy.h"
#include "pst/pst.h"

#include <libbfio.h>
#include <libpff.h>

/* libpff and libbfio are opened at the first PST. */
#define PST_PFF(F) \
    F(libpff_folder_get_sub_message) \
    F(libpff_folder_get_sub_folder) \
    F(libpff_folder_get_number_of_sub_messages) \
    F(libpff_folder_get_number_of_sub_folders) \
    F(libpff_file_get_recovered_item_by_index) \
    F(libpff_file_get_number_of_recovered_items) \
    F(libpff_attachment_data_read_buffer) \
    F(libpff_attachment_data_seek_offset) \
    F(libpff_attachment_get_data_size) \
    F(libpff_attachment_get_item) \
    F(libpff_attachment_get_type) \
    F(libpff_error_backtrace_sprint) \
    F(libpff_error_free) \
    F(libpff_file_free) \
    F(libpff_file_get_number_of_orphan_items) \
    F(libpff_file_get_orphan_item_by_index) \
    F(libpff_file_get_root_folder) \
    F(libpff_file_get_root_item) \
    F(libpff_file_initialize) \
    F(libpff_file_is_corrupted) \
    F(libpff_file_open_file_io_handle) \
    F(libpff_file_recover_items) \
    F(libpff_item_free) \
    F(libpff_item_get_identifier) \
    F(libpff_item_get_number_of_record_sets) \
    F(libpff_item_get_number_of_sub_items) \
    F(libpff_item_get_record_set_by_index) \
    F(libpff_item_get_sub_item) \
    F(libpff_message_get_attachment) \
    F(libpff_message_get_number_of_attachments) \
    F(libpff_message_get_recipients) \
    F(libpff_name_to_id_map_entry_get_guid) \
    F(libpff_name_to_id_map_entry_get_number) \
    F(libpff_name_to_id_map_entry_get_type) \
    F(libpff_name_to_id_map_entry_get_utf8_string) \
    F(libpff_name_to_id_map_entry_get_utf8_string_size) \
    F(libpff_record_entry_free) \
    F(libpff_record_entry_get_data) \
    F(libpff_record_entry_get_data_as_32bit_integer) \
    F(libpff_record_entry_get_data_size) \
    F(libpff_record_entry_get_entry_type) \
    F(libpff_record_entry_get_name_to_id_map_entry) \
    F(libpff_record_entry_get_value_type) \
    F(libpff_record_set_free) \
    F(libpff_record_set_get_entry_by_index) \
    F(libpff_record_set_get_entry_by_type) \
    F(libpff_record_set_get_number_of_entries)
#define PST_BFIO(F) \
    F(libbfio_error_free) \
    F(libbfio_handle_free) \
    F(libbfio_handle_initialize)
CV_LAZY_TYPE(pst_pff_library, PST_PFF);
CV_LAZY_TYPE(pst_bfio_library, PST_BFIO);
/* NULL when the library is not there: cv_pst_open() says so. */
const pst_pff_library *cv_pst_pff(void);
const pst_bfio_library *cv_pst_bfio(void);

/* -- pst_io.c -- */

typedef struct pst_patch {
    struct pst_patch *next; /* owned; a later patch wins */
    uint64_t offset;
    size_t len;
    uint8_t bytes[];
} pst_patch;

/* A file with repaired bytes laid over it. */
typedef struct pst_view {
    cv_slice in;
    pst_patch *patches; /* owned */
    uint64_t at;        /* where libbfio reads next */
} pst_view;

/* Copies the bytes, which lie inside the file.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_pst_view_patch(pst_view *view, uint64_t offset,
                                         cv_slice bytes, cv_error *err);
void cv_pst_view_clear(pst_view *view);
/* Bytes of the file as repaired; from + len lies inside it. */
void cv_pst_view_read(const pst_view *view, uint64_t from, size_t len,
                      uint8_t *out);
/* A handle that reads the view, which must outlive it.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_pst_view_open(pst_view *view, libbfio_handle_t **out,
                                        cv_error *err);

struct cv_pst {
    pst_view view;
    libbfio_handle_t *io;
    libpff_file_t *file;
    uint32_t codepage; /* of the store's 8-bit text, 0 unknown */
};

/* Source: [MS-PST] 2.2.2.1 */
#define PST_NODE_TYPE(id) ((id)&0x1F)
#define PST_NODE_FOLDER 0x02
#define PST_NODE_MESSAGE 0x04

/* libpff's innermost reason as an error; frees it. */
cv_status cv_pst_fail(libpff_error_t **why, cv_error *err, const char *what);

/* -- pst_seen.c -- */

typedef struct pst_seen {
    uint32_t *nodes; /* owned; 0 free */
    size_t room, count;
} pst_seen;

/* *is_new: the node was not there; node 0, of no item, is always new.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_pst_seen_add(pst_seen *seen, uint32_t node,
                                       bool *is_new, cv_error *err);
bool cv_pst_seen_has(const pst_seen *seen, uint32_t node);
void cv_pst_seen_clear(pst_seen *seen);

/* -- pst_header.c -- */

/* Sizes in bytes that the forms of files differ in. */
typedef struct cv_pst_layout {
    size_t word;    /* block ids and offsets */
    size_t root;    /* where the header's ROOT stands */
    size_t page;    /* of an index */
    size_t entries; /* room for them in a page */
    size_t page_trailer;
} cv_pst_layout;

/* Checks signature, version and encryption.
 * Errors: CV_ERR_SYNTAX, CV_ERR_UNSUP. */
CV_NODISCARD cv_status cv_pst_check_header(cv_slice in,
                                           const cv_pst_layout **layout,
                                           cv_error *err);
/* Lays right checksums over wrong ones.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_pst_mend_header(pst_view *view, cv_report *report,
                                          cv_error *err);
/* Polynomial 0xEDB88320, start 0, no inversion. Source: [MS-PST] 5.3. */
uint32_t cv_pst_sum(cv_slice bytes);

/* -- pst_index.c -- */

/* Lays repaired pages over damaged ones.
 * Errors: CV_ERR_NOMEM. */
CV_NODISCARD cv_status cv_pst_mend_index(pst_view *view,
                                         const cv_pst_layout *layout,
                                         cv_report *report, cv_error *err);

/* -- pst_bag.c -- */

/* Whether the blocks of a file, whose header is sound, are not encrypted. */
bool cv_pst_is_plain(cv_slice in);

/* Where properties go. */
typedef struct pst_target {
    cv_object *obj;
    cv_report *report;
    uint32_t codepage; /* of 8-bit text; 0: not known (yet) */
    cv_slice path;     /* for findings: "recipient[2]" */
    bool plain;        /* the file is not encrypted */
} pst_target;

/* All properties of row `index` of an item. A message's own code page goes
 * to target->codepage when is_message.
 * Errors: CV_ERR_SYNTAX when libpff cannot read them; the arena's. */
CV_NODISCARD cv_status cv_pst_read_bag(libpff_item_t *item, int index,
                                       bool is_message, pst_target *target,
                                       cv_bag *bag, cv_error *err);

/* -- pst_value.c -- */

/* A value as a property context holds it. False when type and size make no
 * sense; also when the arena is exhausted: its status tells.
 * Source: [MS-PST] 2.3.3.3, 2.3.4.4. */
bool cv_pst_value(uint16_t type, cv_slice bytes, uint32_t codepage,
                  cv_arena *arena, cv_value *out);

#endif
