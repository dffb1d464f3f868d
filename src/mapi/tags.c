#include "mapi/tags.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* -- types ---------------------------------------------------------------- */

typedef struct type_row {
    uint16_t type;
    uint8_t size; /* bytes of one value, 0: variable */
    uint8_t storage;
    const char *name;
} type_row;

/* Sorted by type. Source: spec property-types.md 1. */
static const type_row type_rows[] = {
    { 0x0000, 0, CV_STORE_NONE, "PtypUnspecified" },
    { 0x0001, 0, CV_STORE_NONE, "PtypNull" },
    { 0x0002, 2, CV_STORE_INT, "PtypInteger16" },
    { 0x0003, 4, CV_STORE_INT, "PtypInteger32" },
    { 0x0004, 4, CV_STORE_REAL, "PtypFloating32" },
    { 0x0005, 8, CV_STORE_REAL, "PtypFloating64" },
    { 0x0006, 8, CV_STORE_INT, "PtypCurrency" },
    { 0x0007, 8, CV_STORE_REAL, "PtypFloatingTime" },
    { 0x000A, 4, CV_STORE_ERROR, "PtypErrorCode" },
    { 0x000B, 2, CV_STORE_INT, "PtypBoolean" },
    { 0x000D, 0, CV_STORE_BYTES, "PtypObject" },
    { 0x0014, 8, CV_STORE_INT, "PtypInteger64" },
    { 0x001E, 0, CV_STORE_TEXT, "PtypString8" },
    { 0x001F, 0, CV_STORE_TEXT, "PtypString" },
    { 0x0040, 8, CV_STORE_TIME, "PtypTime" },
    { 0x0048, 16, CV_STORE_GUID, "PtypGuid" },
    { 0x00FB, 0, CV_STORE_BYTES, "PtypServerId" },
    { 0x00FD, 0, CV_STORE_BYTES, "PtypRestriction" },
    { 0x00FE, 0, CV_STORE_BYTES, "PtypRuleAction" },
    { 0x0102, 0, CV_STORE_BYTES, "PtypBinary" },
    { 0x1002, 2, CV_STORE_INT, "PtypMultipleInteger16" },
    { 0x1003, 4, CV_STORE_INT, "PtypMultipleInteger32" },
    { 0x1004, 4, CV_STORE_REAL, "PtypMultipleFloating32" },
    { 0x1005, 8, CV_STORE_REAL, "PtypMultipleFloating64" },
    { 0x1006, 8, CV_STORE_INT, "PtypMultipleCurrency" },
    { 0x1007, 8, CV_STORE_REAL, "PtypMultipleFloatingTime" },
    { 0x1014, 8, CV_STORE_INT, "PtypMultipleInteger64" },
    { 0x101E, 0, CV_STORE_TEXT, "PtypMultipleString8" },
    { 0x101F, 0, CV_STORE_TEXT, "PtypMultipleString" },
    { 0x1040, 8, CV_STORE_TIME, "PtypMultipleTime" },
    { 0x1048, 16, CV_STORE_GUID, "PtypMultipleGuid" },
    { 0x1102, 0, CV_STORE_BYTES, "PtypMultipleBinary" },
};

static const type_row *find_type(uint16_t type)
{
    size_t low = 0;
    size_t high = CV_LEN(type_rows);
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (type_rows[mid].type < type)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == CV_LEN(type_rows) || type_rows[low].type != type)
        return NULL;
    return &type_rows[low];
}

const char *cv_type_name(uint16_t type)
{
    const type_row *row = find_type(type);
    return row ? row->name : NULL;
}

cv_status cv_type_parse(cv_slice name, uint16_t *type)
{
    for (size_t i = 0; i < CV_LEN(type_rows); i++) {
        if (cv_slice_eq(cv_slice_cstr(type_rows[i].name), name)) {
            *type = type_rows[i].type;
            return CV_OK;
        }
    }
    return CV_ERR_SYNTAX;
}

bool cv_type_is_known(uint16_t type)
{
    return find_type(type) != NULL;
}

size_t cv_type_size(uint16_t type)
{
    const type_row *row = find_type(type);
    return row ? row->size : 0;
}

cv_storage cv_type_storage(uint16_t type)
{
    const type_row *row = find_type(type);
    return row ? (cv_storage)row->storage : CV_STORE_BYTES;
}

bool cv_type_is_multi(uint16_t type)
{
    return (type & CV_T_MULTI) && find_type(type);
}

/* -- sets and names known at compile time --------------------------------- */

static const char *const set_names[CV_SET_COUNT] = {
#define SET(name, guid) #name,
#include "mapi/namedprops.def"
#undef SET
};

static const char *const set_texts[CV_SET_COUNT] = {
#define SET(name, guid) guid,
#include "mapi/namedprops.def"
#undef SET
};

typedef struct named_row {
    uint16_t set;
    uint16_t type;
    uint32_t lid;
    const char *string; /* NULL when lid is the name */
    const char *name;   /* canonical */
} named_row;

static const named_row named_rows[CV_NAMED_KNOWN] = {
#define LID(set, lid, type, name) { CV_SET_##set, type, lid, NULL, #name },
#define NAME(set, string, type, name) { CV_SET_##set, type, 0, string, #name },
#include "mapi/namedprops.def"
#undef LID
#undef NAME
};

/* Slots of the table of known names: a power of two, at most half full. */
#define SLOTS 2048
_Static_assert(CV_NAMED_KNOWN <= SLOTS / 2, "raise SLOTS");

/* Built once, then only read. */
static pthread_once_t names_once = PTHREAD_ONCE_INIT;
static cv_guid set_guids[CV_SET_COUNT];
static cv_name known_names[CV_NAMED_KNOWN];
static uint16_t known_slots[SLOTS]; /* hash table: index + 1, 0 is free */

static uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* Equal names have equal hashes. Only known names are in the table, so input
 * cannot make its chains longer. */
static size_t hash_name(const cv_name *name)
{
    uint32_t hash = name->set.b[0] * 31U + name->set.b[15];
    if (!name->is_string)
        hash ^= name->lid;
    for (size_t i = 0; name->is_string && i < name->string.len; i++)
        hash = (hash ^ ascii_lower(name->string.ptr[i])) * 16777619U;
    hash *= 2654435761U;
    return hash >> 16;
}

static void build_names(void)
{
    for (size_t i = 0; i < CV_SET_COUNT; i++) {
        cv_status status =
            cv_guid_parse(cv_slice_cstr(set_texts[i]), &set_guids[i]);
        cv_assert(status == CV_OK);
    }
    for (size_t i = 0; i < CV_NAMED_KNOWN; i++) {
        const named_row *row = &named_rows[i];
        known_names[i] = (cv_name){ .set = set_guids[row->set],
                                    .is_string = row->string != NULL,
                                    .lid = row->lid,
                                    .string = cv_slice_cstr(row->string) };
        size_t slot = hash_name(&known_names[i]) % SLOTS;
        while (known_slots[slot] != 0)
            slot = (slot + 1) % SLOTS;
        known_slots[slot] = (uint16_t)(i + 1);
    }
}

const cv_guid *cv_set_guid(cv_set set)
{
    cv_assert((unsigned)set < CV_SET_COUNT);
    pthread_once(&names_once, build_names);
    return &set_guids[set];
}

const char *cv_set_name(const cv_guid *guid)
{
    pthread_once(&names_once, build_names);
    for (size_t i = 0; i < CV_SET_COUNT; i++) {
        if (cv_guid_eq(&set_guids[i], guid))
            return set_names[i];
    }
    return NULL;
}

static int compare_folded(cv_slice a, cv_slice b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < shorter; i++) {
        int diff = ascii_lower(a.ptr[i]) - ascii_lower(b.ptr[i]);
        if (diff != 0)
            return diff;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static bool is_internet_headers(const cv_guid *set)
{
    static const cv_guid headers = { { 0x86, 0x03, 0x02, 0, 0, 0, 0, 0, 0xC0, 0,
                                       0, 0, 0, 0, 0, 0x46 } };
    return cv_guid_eq(set, &headers);
}

int cv_name_cmp(const cv_name *a, const cv_name *b)
{
    if (a->is_string != b->is_string)
        return a->is_string ? 1 : -1;
    if (!a->is_string && a->lid != b->lid)
        return a->lid < b->lid ? -1 : 1;
    int diff = a->is_string ? compare_folded(a->string, b->string) : 0;
    if (diff == 0)
        diff = memcmp(a->set.b, b->set.b, sizeof(a->set.b));
    if (diff == 0 && a->is_string && !is_internet_headers(&a->set))
        diff = cv_slice_cmp(a->string, b->string);
    return diff;
}

cv_tag cv_tag_of_name(const cv_name *name)
{
    pthread_once(&names_once, build_names);
    size_t slot = hash_name(name) % SLOTS;
    for (; known_slots[slot] != 0; slot = (slot + 1) % SLOTS) {
        size_t index = known_slots[slot] - 1U;
        if (cv_name_cmp(&known_names[index], name) == 0)
            return CV_TAG(CV_NAMED_FIRST + index, named_rows[index].type);
    }
    return 0;
}

const cv_name *cv_name_of_tag(cv_tag tag)
{
    pthread_once(&names_once, build_names);
    size_t id = CV_TAG_ID(tag);
    if (id < CV_NAMED_FIRST || id - CV_NAMED_FIRST >= CV_NAMED_KNOWN)
        return NULL;
    return &known_names[id - CV_NAMED_FIRST];
}

/* -- canonical and classic names ------------------------------------------ */

typedef struct tag_row {
    uint16_t id, type;
    const char *name;    /* canonical, NULL for an alias */
    const char *classic; /* may be empty */
} tag_row;

/* Sorted by id. */
static const tag_row tag_rows[] = {
#define TAG(id, type, name, classic) { id, type, #name, classic },
#define ALIAS(id, type, classic) { id, type, NULL, classic },
#include "mapi/proptags.def"
#undef TAG
#undef ALIAS
};

static size_t first_row_of_id(uint16_t id)
{
    size_t low = 0;
    size_t high = CV_LEN(tag_rows);
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (tag_rows[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static uint16_t without_string8(uint16_t type)
{
    return (type & ~CV_T_MULTI) == CV_T_STRING8 ? (uint16_t)(type + 1) : type;
}

const char *cv_tag_name(cv_tag tag)
{
    uint16_t id = CV_TAG_ID(tag);
    uint16_t type = without_string8(CV_TAG_TYPE(tag));
    const char *name = NULL;
    if (id >= CV_NAMED_FIRST)
        return id - CV_NAMED_FIRST < CV_NAMED_KNOWN
                   ? named_rows[id - CV_NAMED_FIRST].name
                   : NULL;
    for (size_t i = first_row_of_id(id);
         i < CV_LEN(tag_rows) && tag_rows[i].id == id; i++) {
        if (!tag_rows[i].name)
            continue;
        if (tag_rows[i].type == type)
            return tag_rows[i].name;
        if (!name)
            name = tag_rows[i].name;
    }
    return name;
}

uint16_t cv_tag_known_type(cv_tag tag)
{
    uint16_t id = CV_TAG_ID(tag);
    uint16_t type = without_string8(CV_TAG_TYPE(tag));
    uint16_t first = 0;
    if (id >= CV_NAMED_FIRST)
        return id - CV_NAMED_FIRST < CV_NAMED_KNOWN
                   ? named_rows[id - CV_NAMED_FIRST].type
                   : 0;
    for (size_t i = first_row_of_id(id);
         i < CV_LEN(tag_rows) && tag_rows[i].id == id; i++) {
        if (tag_rows[i].type == type)
            return type;
        if (!first && tag_rows[i].name)
            first = tag_rows[i].type;
    }
    return first;
}

typedef struct name_entry {
    const char *name;
    cv_tag tag;
    bool classic;
} name_entry;

/* Built once, then only read; sorted by name, canonical ones first. */
static pthread_once_t index_once = PTHREAD_ONCE_INIT;
static name_entry name_index[2 * CV_LEN(tag_rows) + CV_NAMED_KNOWN];
static size_t name_index_count;

static int compare_entries(const void *a, const void *b)
{
    const name_entry *x = a;
    const name_entry *y = b;
    int diff = strcmp(x->name, y->name);
    if (diff != 0)
        return diff;
    if (x->classic != y->classic)
        return x->classic - y->classic;
    return (x->tag > y->tag) - (x->tag < y->tag);
}

static void index_name(const char *name, cv_tag tag, bool classic)
{
    if (name && *name)
        name_index[name_index_count++] = (name_entry){ name, tag, classic };
}

static void build_index(void)
{
    for (size_t i = 0; i < CV_LEN(tag_rows); i++) {
        cv_tag tag = CV_TAG(tag_rows[i].id, tag_rows[i].type);
        index_name(tag_rows[i].name, tag, false);
        index_name(tag_rows[i].classic, tag, true);
    }
    for (size_t i = 0; i < CV_NAMED_KNOWN; i++)
        index_name(named_rows[i].name,
                   CV_TAG(CV_NAMED_FIRST + i, named_rows[i].type), false);
    qsort(name_index, name_index_count, sizeof(name_index[0]), compare_entries);
}

cv_tag cv_tag_by_name(cv_slice name)
{
    pthread_once(&index_once, build_index);
    size_t low = 0;
    size_t high = name_index_count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (cv_slice_cmp(cv_slice_cstr(name_index[mid].name), name) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == name_index_count ||
        !cv_slice_eq(cv_slice_cstr(name_index[low].name), name))
        return 0;
    return name_index[low].tag;
}
