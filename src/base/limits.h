/* limits.h - every bound on what input may cost, by name.
 *
 * A limit that is hit is a finding (report.h), not a failure of the message.
 * Each has a test that hits it.
 */
#ifndef CV_BASE_LIMITS_H
#define CV_BASE_LIMITS_H

#define CV_LIMIT_ARENA_BYTES ((size_t)512 << 20) /* one message object */
#define CV_LIMIT_BUF_BYTES ((size_t)256 << 20)   /* one output buffer */
#define CV_LIMIT_INPUT_BYTES ((size_t)4 << 30)   /* one input file */
#define CV_LIMIT_FINDINGS 1000                   /* in one report */
#define CV_LIMIT_FINDING_BYTES 1024              /* one text of a finding */
#define CV_LIMIT_REPORT_BYTES ((size_t)8 << 20)  /* one report */

#define CV_LIMIT_CHILD_BYTES \
    ((size_t)1 << 30)                 /* memory of a converting child */
#define CV_LIMIT_CHILD_CPU_SECONDS 60 /* of it, for one item */

#define CV_LIMIT_PROPS 8192         /* properties in one bag */
#define CV_LIMIT_NAMES 16384        /* named properties in one object tree */
#define CV_LIMIT_RECIPIENTS 20000   /* rows in one object */
#define CV_LIMIT_ATTACHMENTS 8192   /* rows in one object */
#define CV_LIMIT_EMBED_DEPTH 32     /* messages within messages */
#define CV_LIMIT_MULTI_VALUES 65536 /* values in one property */

#define CV_LIMIT_CFB_ENTRIES 200000 /* directory entries */

#define CV_LIMIT_PST_DEPTH 64       /* folders within folders */
#define CV_LIMIT_PST_ITEMS 20000000 /* in one walk */

#define CV_LIMIT_MIME_DEPTH 100    /* parts within parts */
#define CV_LIMIT_MIME_PARTS 10000  /* in one message */
#define CV_LIMIT_MIME_HEADERS 2000 /* fields in one header block */
#define CV_LIMIT_MIME_HEADER_BYTES ((size_t)256 << 10) /* one field */
#define CV_LIMIT_MIME_UNKNOWN_FIELDS 400               /* kept by name */
#define CV_LIMIT_MIME_GROUPS 100       /* address groups in one field */
#define CV_LIMIT_MIME_PARAMS 200       /* parameters of one field */
#define CV_LIMIT_ADDRESSES 20000       /* addresses in one field */
#define CV_LIMIT_REFERENCES_BYTES 8192 /* References we write (KB 951558) */

/* lines of iCalendar and vCard text */
#define CV_LIMIT_LINE_BYTES ((size_t)16 << 20) /* one unfolded line */
#define CV_LIMIT_LINE_PARAMS 100               /* parameters of one line */

#define CV_LIMIT_ICAL_LINES 200000 /* content lines in one calendar */
#define CV_LIMIT_ICAL_DEPTH 16     /* components within components */
#define CV_LIMIT_ICAL_EVENTS 5000  /* events in one calendar */
#define CV_LIMIT_ICAL_KEPT_BYTES \
    ((size_t)256 << 10) /* lines kept as they came */

#define CV_LIMIT_VCARD_CARDS 200000 /* in one file */
#define CV_LIMIT_VCARD_LINES 10000  /* content lines in one card */
#define CV_LIMIT_VCARD_KEPT_BYTES \
    ((size_t)256 << 10) /* lines kept as they came */

/* what the archives in one input may unpack to, archives in them included */
#define CV_LIMIT_ARCHIVE_ENTRIES UINT64_C(1000000)
#define CV_LIMIT_ARCHIVE_ENTRY_BYTES ((size_t)1 << 30)  /* one entry */
#define CV_LIMIT_ARCHIVE_FREE_BYTES ((uint64_t)1 << 30) /* always, and */
#define CV_LIMIT_ARCHIVE_RATIO 200 /* bytes for each byte of the input */

#define CV_LIMIT_RECUR_DATES 10000 /* deleted or modified instances */
#define CV_LIMIT_RRULE_STEPS 20000 /* days and times looked at for one rule */
#define CV_LIMIT_RRULE_ALL_STEPS 10000000 /* for all rules of a calendar */
#define CV_LIMIT_RRULE_INSTANCES 1000     /* of a rule that no pattern holds */
#define CV_LIMIT_TZ_RULES 1024 /* rules in one time zone definition */

#define CV_LIMIT_RTF_BYTES ((size_t)64 << 20) /* one RTF body */
#define CV_LIMIT_RTF_FILES 1000 /* pictures and objects within one */

#define CV_LIMIT_JSON_DEPTH 128
#define CV_LIMIT_JSON_VALUES 4000000 /* values in one document */
#define CV_LIMIT_JSON_BYTES ((size_t)256 << 20)

#endif
