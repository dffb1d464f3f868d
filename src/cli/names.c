#include "cli/names.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define STEM_BYTES 180      /* leaves room for a number and an extension */
#define FOLDER_NUMBERS 1000 /* folders of one name that are told apart */

/* A name that was given. */
typedef struct slot {
    uint64_t key;  /* of its path; 0: free */
    uint64_t raw;  /* of the foreign folder it stands for; 0: a file */
    uint32_t next; /* number to try first for another file of this name */
} slot;

struct cli_names {
    char *root;  /* owned */
    slot *slots; /* owned */
    size_t room, used;
    uint64_t *inputs; /* owned: keys of files, 0: free */
    size_t input_room, input_count;
};

/* -- one name -- */

cv_slice cli_name_stem(cv_slice name, bool *known)
{
    static const char *const endings[] = { ".msg",   ".oft",  ".eml", ".emlx",
                                           ".mime",  ".mbox", ".mht", ".mhtml",
                                           ".ics",   ".ical", ".vcs", ".vcf",
                                           ".vcard", ".json", ".dat", ".tnef",
                                           ".txt" };
    *known = true;
    for (size_t i = 0; i < CV_LEN(endings); i++)
        if (name.len > strlen(endings[i]) &&
            cv_slice_iends(name, cv_slice_cstr(endings[i])))
            return cv_slice_sub(name, 0, name.len - strlen(endings[i]));
    *known = false;
    return name;
}

cv_slice cli_stem(const char *path)
{
    bool known;
    if (strcmp(path, "-") == 0)
        return CV_S("stdin");
    const char *slash = strrchr(path, '/');
    return cli_name_stem(cv_slice_cstr(slash ? slash + 1 : path), &known);
}

/* What some file system or file manager does not take, or what shows a name
 * other than it is (directions, marks without width). */
static bool is_unsafe(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0, 0x1F },        { 0x7F, 0x9F },     { 0x200B, 0x200F },
        { 0x2028, 0x202E }, { 0x2060, 0x206F }, { 0xFDD0, 0xFDEF },
        { 0xFEFF, 0xFEFF }, { 0xFFF9, 0xFFFF },
    };
    if (c < 0x80 && c && strchr("/\\:*?\"<>|", (int)c))
        return true;
    for (size_t i = 0; i < CV_LEN(ranges); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* Devices of Windows, with any extension. */
static bool is_device(cv_slice name)
{
    static const char *const devices[] = { "CON",    "PRN",     "AUX",   "NUL",
                                           "CONIN$", "CONOUT$", "CLOCK$" };
    cv_slice stem = cv_slice_trim(cv_slice_cut(&name, '.'));
    for (size_t i = 0; i < CV_LEN(devices); i++)
        if (cv_slice_ieq(stem, cv_slice_cstr(devices[i])))
            return true;
    if (!cv_slice_istarts(stem, CV_S("COM")) &&
        !cv_slice_istarts(stem, CV_S("LPT")))
        return false;
    cv_slice port = cv_slice_sub(stem, 3, stem.len);
    return (port.len == 1 && port.ptr[0] >= '0' && port.ptr[0] <= '9') ||
           cv_slice_eq(port, CV_S("\xC2\xB9")) ||
           cv_slice_eq(port, CV_S("\xC2\xB2")) ||
           cv_slice_eq(port, CV_S("\xC2\xB3"));
}

static void put_safe(cv_slice text, cv_buf *out)
{
    for (size_t i = 0; i < text.len;) {
        uint32_t c = cv_utf8_next(text, &i);
        cv_utf8_put(out, is_unsafe(c) ? '_' : c);
    }
}

static size_t trimmed(const char *name, size_t len, bool as_folder)
{
    while (len && (name[len - 1] == ' ' || (as_folder && name[len - 1] == '.')))
        len--;
    return len;
}

char *cli_name_clean(cv_slice text, bool as_folder)
{
    cv_buf safe, nfc;
    char *out = NULL;
    cv_buf_init(&safe, 0);
    cv_buf_init(&nfc, 0);
    put_safe(cv_utf8_clip(cv_slice_trim(text), 4 * STEM_BYTES), &safe);
    cv_utf8_compose(cv_buf_slice(&safe), &nfc);
    cv_slice name = cv_utf8_clip(cv_buf_slice(&nfc), STEM_BYTES);
    name.len = trimmed((const char *)name.ptr, name.len, as_folder);
    if (!name.len)
        name = CV_S("untitled");
    if (safe.status == CV_OK && nfc.status == CV_OK &&
        asprintf(&out, "%s%.*s", name.len < 16 && is_device(name) ? "_" : "",
                 CV_FMT(name)) < 0)
        out = NULL;
    if (out && out[0] == '.')
        out[0] = '_';
    cv_buf_clear(&nfc);
    cv_buf_clear(&safe);
    return out;
}

/* -- which names were given -- */

cv_status cli_names_new(const char *root, cli_names **out, cv_error *err)
{
    cli_names *n = calloc(1, sizeof *n);
    if (n) {
        n->room = 1024;
        n->slots = calloc(n->room, sizeof *n->slots);
        n->root = strdup(root);
    }
    if (!n || !n->slots || !n->root) {
        cli_names_free(&n);
        return cv_fail(err, CV_ERR_NOMEM, "out of memory");
    }
    *out = n;
    return CV_OK;
}

void cli_names_free(cli_names **names)
{
    if (*names) {
        free((*names)->slots);
        free((*names)->root);
        free((*names)->inputs);
        free(*names);
    }
    *names = NULL;
}

static uint64_t hash(cv_slice s)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
    for (size_t i = 0; i < s.len; i++)
        h = (h ^ s.ptr[i]) * UINT64_C(0x100000001B3);
    h ^= h >> 29;
    return h ? h : 1;
}

/* Equal for paths that some file system takes for one. */
static uint64_t key_of(cv_slice path)
{
    cv_buf folded;
    cv_buf_init(&folded, 0);
    cv_utf8_fold(path, &folded);
    uint64_t key = hash(cv_buf_slice(&folded));
    cv_buf_clear(&folded);
    return key;
}

static slot *find(slot *slots, size_t room, uint64_t key)
{
    size_t i = (size_t)key & (room - 1);
    while (slots[i].key && slots[i].key != key)
        i = (i + 1) & (room - 1);
    return &slots[i];
}

static cv_status grow(cli_names *n, cv_error *err)
{
    size_t room = 2 * n->room;
    slot *slots = calloc(room, sizeof *slots);
    if (!slots)
        return cv_fail(err, CV_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < n->room; i++)
        if (n->slots[i].key)
            *find(slots, room, n->slots[i].key) = n->slots[i];
    free(n->slots);
    n->slots = slots;
    n->room = room;
    return CV_OK;
}

static cv_status take(cli_names *n, uint64_t key, uint64_t raw, cv_error *err)
{
    slot *s = find(n->slots, n->room, key);
    if (s->key)
        return CV_OK;
    *s = (slot){ .key = key, .raw = raw, .next = 2 };
    n->used++;
    return n->used > n->room / 4 * 3 ? grow(n, err) : CV_OK;
}

/* -- which files are inputs -- */

static uint64_t key_of_file(dev_t device, ino_t inode)
{
    uint64_t h = (uint64_t)inode * UINT64_C(0x9E3779B97F4A7C15);
    h = (h ^ (h >> 32) ^ (uint64_t)device) * UINT64_C(0xBF58476D1CE4E5B9);
    h ^= h >> 29;
    return h ? h : 1;
}

static uint64_t *find_input(uint64_t *inputs, size_t room, uint64_t key)
{
    size_t i = (size_t)key & (room - 1);
    while (inputs[i] && inputs[i] != key)
        i = (i + 1) & (room - 1);
    return &inputs[i];
}

static cv_status grow_inputs(cli_names *n, cv_error *err)
{
    size_t room = n->input_room ? 2 * n->input_room : 256;
    uint64_t *inputs = calloc(room, sizeof *inputs);
    if (!inputs)
        return cv_fail(err, CV_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < n->input_room; i++)
        if (n->inputs[i])
            *find_input(inputs, room, n->inputs[i]) = n->inputs[i];
    free(n->inputs);
    n->inputs = inputs;
    n->input_room = room;
    return CV_OK;
}

cv_status cli_names_keep(cli_names *names, cli_file_id input, cv_error *err)
{
    if (names->input_count >= names->input_room / 4 * 3)
        CV_TRY(grow_inputs(names, err));
    uint64_t key = key_of_file(input.device, input.inode);
    uint64_t *at = find_input(names->inputs, names->input_room, key);
    names->input_count += *at == 0;
    *at = key;
    return CV_OK;
}

static bool is_input(const cli_names *n, const struct stat *st)
{
    return n->input_room &&
           *find_input(n->inputs, n->input_room,
                       key_of_file(st->st_dev, st->st_ino)) != 0;
}

/* A name that is looked for. */
typedef struct wish {
    cv_slice folder, name;
    const char *extension;
    uint64_t raw; /* 0: a new file */
    bool is_folder;
} wish;

static void put_path(const wish *w, uint32_t number, cv_buf *out)
{
    if (w->folder.len)
        cv_buf_printf(out, "%.*s/", CV_FMT(w->folder));
    cv_buf_put_slice(out, w->name);
    if (number > 1)
        cv_buf_printf(out, "-%u", number);
    cv_buf_put_str(out, w->extension);
}

/* What stands there already and is no output: an input, or a file where a
 * folder is to be, or the other way round. */
static bool in_the_way(const cli_names *n, const wish *w, cv_slice path)
{
    char *full = NULL;
    struct stat st;
    bool yes = false;
    if (asprintf(&full, "%s/%.*s", n->root, CV_FMT(path)) >= 0 &&
        stat(full, &st) == 0)
        yes = S_ISDIR(st.st_mode) != w->is_folder || is_input(n, &st);
    free(full);
    return yes;
}

static cv_status assign(cli_names *n, const wish *w, cv_buf *out, cv_error *err)
{
    uint64_t first = 0;
    uint32_t number = 1;
    for (;;) {
        cv_buf path;
        cv_buf_init(&path, 0);
        put_path(w, number, &path);
        CV_TRY(cv_buf_status(&path, err));
        uint64_t key = key_of(cv_buf_slice(&path));
        const slot *s = find(n->slots, n->room, key);
        bool same =
            s->key && w->raw && (s->raw == w->raw || number == FOLDER_NUMBERS);
        bool fresh = !s->key && !in_the_way(n, w, cv_buf_slice(&path));
        if (same || fresh)
            cv_buf_put_slice(out, cv_buf_slice(&path));
        uint32_t next = s->key && !w->raw && number == 1 ? s->next : number + 1;
        cv_buf_clear(&path);
        if (same)
            return CV_OK;
        if (fresh) {
            CV_TRY(take(n, key, w->raw, err));
            if (first)
                find(n->slots, n->room, first)->next = number + 1;
            return CV_OK;
        }
        if (number == 1 && s->key)
            first = key;
        number = next;
    }
}

cv_status cli_names_folder(cli_names *names, cv_slice foreign, cv_buf *out,
                           cv_error *err)
{
    cv_buf path;
    cv_status st = CV_OK;
    cv_buf_init(&path, 0);
    size_t end = 0;
    for (cv_slice rest = foreign; rest.len && st == CV_OK;) {
        cv_slice part = cv_slice_cut(&rest, '/');
        end += part.len;
        char *clean = part.len ? cli_name_clean(part, true) : NULL;
        cv_slice raw = cv_slice_sub(foreign, 0, end++);
        cv_buf made;
        cv_buf_init(&made, 0);
        wish w = { .folder = cv_buf_slice(&path),
                   .name = cv_slice_cstr(clean ? clean : ""),
                   .extension = "",
                   .raw = hash(raw) | 1,
                   .is_folder = true };
        if (clean) {
            st = assign(names, &w, &made, err);
            cv_buf_reset(&path);
            cv_buf_put_slice(&path, cv_buf_slice(&made));
        }
        cv_buf_clear(&made);
        free(clean);
    }
    cv_buf_put_slice(out, cv_buf_slice(&path));
    if (st == CV_OK)
        st = cv_buf_status(&path, err);
    cv_buf_clear(&path);
    return st;
}

cv_status cli_names_file(cli_names *names, cv_slice folder, cv_slice name,
                         const char *extension, cv_buf *out, cv_error *err)
{
    char *clean = cli_name_clean(name, false);
    wish w = { .folder = folder,
               .name = cv_slice_cstr(clean ? clean : ""),
               .extension = extension };
    cv_status st = clean ? assign(names, &w, out, err)
                         : cv_fail(err, CV_ERR_NOMEM, "out of memory");
    free(clean);
    return st;
}

cv_status cli_names_folder_file(cli_names *names, cv_slice foreign,
                                const char *extension, cv_buf *out,
                                cv_error *err)
{
    bool known;
    size_t slash = foreign.len;
    while (slash && foreign.ptr[slash - 1] != '/')
        slash--;
    cv_slice last = cv_slice_sub(foreign, slash, foreign.len);
    char *clean = cli_name_clean(cli_name_stem(last, &known), true);
    cv_buf folder;
    cv_buf_init(&folder, 0);
    cv_status st = cli_names_folder(
        names, cv_slice_sub(foreign, 0, slash ? slash - 1 : 0), &folder, err);
    wish w = { .folder = cv_buf_slice(&folder),
               .name = cv_slice_cstr(clean ? clean : ""),
               .extension = extension,
               .raw = hash(foreign) & ~UINT64_C(1) };
    if (st == CV_OK)
        st = clean ? assign(names, &w, out, err)
                   : cv_fail(err, CV_ERR_NOMEM, "out of memory");
    cv_buf_clear(&folder);
    free(clean);
    return st;
}

cv_status cli_names_fixed_folder(cli_names *names, cv_slice foreign,
                                 cv_slice name, cv_buf *out, cv_error *err)
{
    wish w = { .name = cv_utf8_clip(name, STEM_BYTES),
               .extension = "",
               .raw = hash(foreign) | 1,
               .is_folder = true };
    return assign(names, &w, out, err);
}

cv_status cli_names_take(cli_names *names, cv_slice path, cv_error *err)
{
    return take(names, key_of(path), 0, err);
}
